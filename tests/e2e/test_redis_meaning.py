"""What the hashes of Redis mean, and under which keys they are looked up."""

import os

import asn1
import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED_AT, UNKNOWN
from lab_redis import RedisTest, fill, words_of

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


class Meaning(RedisTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()

    def one(self, *fields):
        """The SingleResponse for a hash of these fields."""
        self.server.do("DEL", f"cert:/CN=ca:{GOOD}")
        if fields:
            self.server.do("HSET", f"cert:/CN=ca:{GOOD}", *fields)
        (single,) = self.answer(self.request(GOOD)).singles
        return single.status, single.revocation_time, single.reason

    def test_statuses(self):
        good, unknown = ("good", None, None), ("unknown", None, None)
        cases = [
            ((), unknown),
            (("status", 0), good),
            (("status", 0, "revocation_time", REVOKED_AT, "revocation_reason", 1), good),  # taken back
            (("status", 0, "revocation_time", REVOKED_AT, "revocation_reason", 8), good),
            (("status", 0, "somebody", "else's"), good),
            (("status", 2), unknown),
            (("status", 1, "revocation_time", REVOKED_AT, "revocation_reason", 1), ("revoked", REVOKED_AT, 1)),
            (("status", 1, "revocation_time", REVOKED_AT, "revocation_reason", 0), ("revoked", REVOKED_AT, None)),
            (("status", 1, "revocation_time", REVOKED_AT, "revocation_reason", 10), ("revoked", REVOKED_AT, 10)),
            (("status", 1, "revocation_time", REVOKED_AT), ("revoked", REVOKED_AT, None)),
            (("status", 1, "revocation_reason", 3), ("revoked", 0, 3)),
            (("status", 1), ("revoked", 0, None)),
            (("status", 1, "revocation_time", 253402300799), ("revoked", 253402300799, None)),
        ]
        for fields, expected in cases:
            with self.subTest(fields):
                self.assertEqual(self.one(*fields), expected)

    def test_undecodable_records(self):
        """internalError, with the key in the log line; the Ruby program read "abc" as good"""
        words = ["", " ", "abc", "0x0", "0 ", " 0", "+0", "-0", "-1", "0.0", "1e0", "0\n", "0\0", "٠", "9" * 30, "3" * 5000]
        words += ["00", "01", "010"]  # decimal, but not as a number is written
        cases = [("status", word) for word in (*words, "3", "256", "4294967296", "18446744073709551616")]
        for status in (0, 1):
            cases += [("status", status, "revocation_time", word) for word in (*words, "253402300800", "2025-01-01")]
            cases += [("status", status, "revocation_reason", word) for word in (*words, "11", "keyCompromise")]
        cases += [("status", 1, "revocation_reason", reason) for reason in ("7", "8")]
        cases += [("revocation_time", REVOKED_AT), ("revocation_reason", 1)]  # of no status at all
        # the words that are numbers in one field, but not in another
        cases = [case for case in cases if not (case[-2] != "status" and case[-1] in ("3", "256"))]
        for fields in cases:
            with self.subTest(str(fields)[:80]):
                self.server.do("DEL", f"cert:/CN=ca:{GOOD}")
                self.server.do("HSET", f"cert:/CN=ca:{GOOD}", *fields)
                reply = self.lab.ask(self.request(GOOD))
                self.assertEqual(reply.ocsp.status, "internalError")
                self.assertEqual(reply.header("Cache-Control"), "no-store")
                self.assertIn(f"key cert:/CN=ca:{GOOD}: ", reply.log["message"])

    def test_keys_that_hold_no_hash(self):
        for command in (("SET", "0"), ("RPUSH", "0", "1"), ("SADD", "0"), ("ZADD", "0", "0")):
            with self.subTest(command):
                self.server.do("DEL", f"cert:/CN=ca:{GOOD}")
                self.server.do(command[0], f"cert:/CN=ca:{GOOD}", *command[1:])
                reply = self.lab.ask(self.request(GOOD))
                self.assertEqual(reply.ocsp.status, "internalError")
                self.assertIn(f"key cert:/CN=ca:{GOOD}: WRONGTYPE", reply.log["message"])

    def test_one_bad_record_among_good_ones(self):
        """the whole request fails, and the key that is named is the bad one"""
        for serial in range(1, 20):
            self.server.put(serial, "good" if serial == 13 else 0)
        reply = self.lab.ask(self.request(*range(1, 20)))
        self.assertEqual(reply.ocsp.status, "internalError")
        self.assertIn("key cert:/CN=ca:13: ", reply.log["message"])

    def test_serials_in_decimal(self):
        """Q10: of any size up to 64 octets; a negative one is asked of nobody"""
        serials = [0, 1, 127, 128, 255, 256, 10**9 - 1, 10**9, 10**18, 2**63, 2**64, 2**159 + 7, 2**511 - 1]
        for serial in serials:
            self.server.put(serial, 1, serial % 1000)
        response = self.answer(self.request(*serials))
        self.assertEqual([single.revocation_time for single in response.singles], [serial % 1000 for serial in serials])
        self.server.put(-5, 0)
        self.server.put(5, 0)
        self.assertEqual(self.answer(self.request(-5)).statuses, ["unknown"])
        self.assertEqual(self.answer(self.request(5, -5, 1)).statuses, ["good", "unknown", "revoked"])

    def test_what_the_ruby_writer_does(self):
        """issue, revoke, unrevoke"""
        key = f"cert:/CN=ca:{GOOD}"
        self.assertEqual(self.one("status", 0)[0], "good")
        self.server.do("HMSET", key, "status", 1, "revocation_time", REVOKED_AT, "revocation_reason", 4)
        (single,) = self.answer(self.request(GOOD)).singles
        self.assertEqual((single.status, single.revocation_time, single.reason), ("revoked", REVOKED_AT, 4))
        self.server.do("HMSET", key, "status", 0)
        self.assertEqual(self.answer(self.request(GOOD)).statuses, ["good"])


class UnknownSerial(RedisTest):
    """S2 of a live source"""

    @classmethod
    def prepare(cls):
        super().prepare()
        fill(cls.start_redis())

    def compile_policy(self, policy):
        authorities = {"ca": lab_redis.redis_ca("ca", self.delegate, unknown_serial=policy)}
        self.lab.compile(authorities, redis={"address": f"unix:{self.socket}"})

    def test_unauthorized(self):
        self.compile_policy("unauthorized")
        self.assert_error(self.request(GOOD, UNKNOWN), "unauthorized")

    def test_revoked(self):
        self.compile_policy("revoked")
        response = self.answer(self.request(UNKNOWN))
        self.assertEqual((response.singles[0].revocation_time, response.singles[0].reason), (0, 6))
        self.assertEqual(response.extension(ocsp.EXTENDED_REVOKE), asn1.NULL)

    def test_this_update_is_now_less_the_skew(self):
        """R3"""
        self.compile_policy("unknown")
        response = self.answer(self.request(GOOD))
        self.assertEqual(response.produced_at - response.singles[0].this_update, 3600)


def verified_pairs():
    """(case, subject Name's DER, <subject>) of tests/redis-keys.tsv, without the names that OpenSSL refuses."""
    with open(os.path.join(lab.ROOT, "tests/redis-keys.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line[0] != "#"]
    return [(case, bytes.fromhex(name), subject) for case, name, subject in rows if not subject.startswith("!!")]


ISSUER, SUBJECT = 3, 5  # fields of a TBSCertificate


def renamed(certificate, issuer_key, names):
    """The certificate with other octets in these fields, signed anew: no library writes such names."""
    tbs, algorithm, _ = asn1.parse(certificate).children()
    parts = [node.raw for node in tbs.children()]
    for field, name in names.items():
        parts[field] = name
    new = asn1.sequence(*parts)
    octets = issuer_key.sign(new, ec.ECDSA(hashes.SHA256()))
    return asn1.sequence(new, algorithm.raw, asn1.tlv(0x03, b"\0" + octets))


class RawIssuer:
    """What ocsp.certid() wants of a CA."""

    def __init__(self, name, key_der):
        self.name_der = lambda: name
        self.public_key_der = lambda: key_der


class Keys(RedisTest):
    """Subjects whose keys were measured with the Ruby writer's library."""

    @classmethod
    def compile_site(cls):
        cls.server = cls.start_redis()
        cls.pairs = verified_pairs()
        cls.issuers, authorities = {}, {}
        for number, (case, name, _) in enumerate(cls.pairs):
            ca = cls.lab.authority(f"ca{number}")
            delegate = cls.lab.delegate(f"ocsp{number}", ca)
            cls.lab.write(ca.cert_file, renamed(ca.der(), ca.key, {ISSUER: name, SUBJECT: name}))
            cls.lab.write(delegate.cert_file, renamed(delegate.der(), ca.key, {ISSUER: name}))
            cls.issuers[case] = RawIssuer(name, ca.public_key_der())
            authorities[case] = lab_redis.redis_ca(f"ca{number}", delegate)
        cls.lab.compile(authorities, redis={"address": f"unix:{cls.server.path}"})

    def test_looked_up_under_exactly_these_keys(self):
        """seen with MONITOR, which shows each word as Redis understood it; and found there"""
        self.assertGreater(len(self.pairs), 25)
        keys = {case: f"cert:{subject}:{GOOD}" for case, _, subject in self.pairs}
        for key in keys.values():
            self.server.put(GOOD, 1, REVOKED_AT, key=key)
        monitor = self.server.client()
        self.assertEqual(monitor("MONITOR"), "OK")
        for case, key in keys.items():
            with self.subTest(case):
                response = self.answer(ocsp.request(ocsp.certid(self.issuers[case], GOOD)))
                self.assertEqual((response.statuses, response.singles[0].revocation_time), (["revoked"], REVOKED_AT))
                expected = [b"HMGET", key.encode(), b"status", b"revocation_time", b"revocation_reason"]
                self.assertEqual(words_of(monitor.reply()), expected)
        monitor.close()
