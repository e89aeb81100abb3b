"""Where a status comes from: index.txt and CRLs, made into tables by `ocspctl table`."""

import os
import struct
import subprocess
import time

import asn1
import lab
import ocsp
from lab import DAY, GOOD, REVOKED, REVOKED_AT, UNKNOWN

from cryptography import x509
from cryptography.x509 import ReasonFlags


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Index(lab.LabTest):
    def assert_status(self, flag, revoked, expected):
        serial = 0x2000
        self.lab.index("one.txt", [(flag, serial, revoked)])
        self.lab.table("ca", "--index", "one.txt")
        self.addCleanup(self.index_table, "ca")
        single = self.answer(self.request(serial)).singles[0]
        self.assertEqual((single.status, single.revocation_time, single.reason), expected)

    def test_valid_and_expired_are_good(self):
        """S3b"""
        self.assert_status("V", "", ("good", None, None))
        self.assert_status("E", "", ("good", None, None))

    def test_every_reason_that_openssl_writes(self):
        """S3b, S5: unspecified(0) is not encoded"""
        for text, reason in (
            ("", None),
            (",unspecified", None),
            (",keyCompromise", 1),
            (",CACompromise", 2),
            (",affiliationChanged", 3),
            (",superseded", 4),
            (",cessationOfOperation", 5),
            (",certificateHold", 6),
            (",holdInstruction,holdInstructionReject", 6),
            (",keyTime,20241201000000Z", 1),
            (",CAkeyTime,20241201000000Z", 2),
        ):
            with self.subTest(text=text):
                self.assert_status("R", "250101000000Z" + text, ("revoked", REVOKED_AT, reason))

    def test_absent_is_unknown(self):
        """S2"""
        single = self.answer(self.request(UNKNOWN)).singles[0]
        self.assertEqual((single.status, single.revocation_time, single.reason), ("unknown", None, None))

    def test_valid_from_now_for_the_configured_hours(self):
        """S3b, R3"""
        before = lab.now()
        self.index_table("ca")
        single = self.answer(self.request(GOOD)).singles[0]
        self.assertIn(single.this_update - before, range(-1, 30))
        self.assertEqual(single.next_update - single.this_update, 168 * 3600)

    def test_a_broken_line_refuses_the_file_and_keeps_the_old_table(self):
        before = self.answer(self.request(GOOD, REVOKED)).statuses
        with open(self.lab.path("ca.table"), "rb") as file:
            table = file.read()
        for line in ("V\t491231235959Z\t\t20", "X\t491231235959Z\t\t2000\tunknown\t/CN=x", "\x00"):
            with self.subTest(line=line):
                self.lab.write("broken.txt", f"V\t491231235959Z\t\t1001\tunknown\t/CN=x\n{line}\n")
                done = self.lab.ctl("table", "--index", "broken.txt", "--ca", "ca", "-c", "config.yaml", "-o", "ca.table")
                self.assertEqual(done.returncode, 1)
                self.assertIn("broken.txt:2", done.stderr)
        with open(self.lab.path("ca.table"), "rb") as file:
            self.assertEqual(file.read(), table)
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, before)

    def test_a_contradiction_is_refused(self):
        self.lab.index("twice.txt", [("V", GOOD, ""), ("R", GOOD, "250101000000Z")])
        done = self.lab.ctl("table", "--index", "twice.txt", "--ca", "ca", "-c", "config.yaml", "-o", "ca.table")
        self.assertEqual(done.returncode, 1)
        self.assertIn("twice.txt", done.stderr)

    def test_the_ca_by_its_certificate_alone(self):
        """design: a job that may not read the configuration"""
        os.rename(self.lab.path("ca.key"), self.lab.path("hidden.key"))
        self.addCleanup(os.rename, self.lab.path("hidden.key"), self.lab.path("ca.key"))
        self.lab.must("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", "ca.table")
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["good", "revoked"])

    def test_many_serials(self):
        """Each of 20,000 is found, and none beside them"""
        entries = [("R" if n % 3 == 0 else "V", n * 7919, "250101000000Z" if n % 3 == 0 else "") for n in range(1, 20001)]
        self.lab.index("many.txt", entries)
        self.lab.table("ca", "--index", "many.txt")
        self.addCleanup(self.index_table, "ca")
        for start in range(1, 19980, 1999):
            numbers = range(start, start + 20)
            response = self.answer(self.request(*(n * 7919 for n in numbers), *(n * 7919 + 1 for n in numbers)))
            expected = ["revoked" if n % 3 == 0 else "good" for n in numbers] + ["unknown"] * len(numbers)
            self.assertEqual(response.statuses, expected)


class TableFiles(lab.LabTest):
    """S7, S4: what stands where the table should be."""

    def setUp(self):
        self.addCleanup(self.restore)

    def restore(self):
        if os.path.lexists(self.lab.path("ca.table")):
            os.unlink(self.lab.path("ca.table"))
        self.index_table("ca")

    def patch_times(self, this_update, next_update):
        path = self.lab.path("ca.table")
        with open(path, "rb") as file:
            table = bytearray(file.read())
        table[64:80] = struct.pack("<qq", this_update, next_update)
        crc = struct.pack("<I", crc32c(table[16:176]))
        table[12:16] = crc
        (buckets,), (entries,), (size,) = (struct.unpack_from("<I", table, at) for at in (48, 40, 60))
        for number in range(buckets):
            at = 176 + 12 * number
            first, count = struct.unpack_from("<II", table, at + 4)
            octets = table[entries + first * size : entries + (first + count) * size]
            covered = crc + struct.pack("<III", number, first, count) + octets
            table[at : at + 4] = struct.pack("<I", crc32c(covered))
        os.unlink(path)
        self.lab.write("ca.table", table)

    def test_stale(self):
        self.patch_times(lab.now() - 2 * DAY, lab.now() - 1)
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertIn("stale", reply.log["message"])

    def test_from_the_future(self):
        self.patch_times(lab.now() + 600, lab.now() + DAY)
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertIn("future", reply.log["message"])

    def test_just_valid(self):
        self.patch_times(lab.now() - 5, lab.now() + 60)
        single = self.answer(self.request(GOOD)).singles[0]
        self.assertEqual((single.status, single.next_update - single.this_update), ("good", 65))

    def test_stale_when_a_slow_body_has_come(self):
        self.patch_times(lab.now() - 100, lab.now() + 2)
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot}
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        with subprocess.Popen([lab.program("ocsp-cgi")], env=environment, **pipes) as slow:
            time.sleep(2.5)
            out, _ = slow.communicate(self.request(GOOD))
        self.assertEqual(ocsp.Response(out.partition(b"\r\n\r\n")[2]).status, "tryLater")

    def test_missing(self):
        os.unlink(self.lab.path("ca.table"))
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual((reply.http, reply.ocsp.status), (200, "tryLater"))
        self.assertIn(self.lab.path("ca.table"), reply.log["message"])

    def test_another_cas(self):
        other = self.lab.authority("other")
        self.lab.must("table", "--index", "index.txt", "--ca-cert", other.cert_file, "-o", "ca.table", "--force")
        self.assertIn(self.answer(self.request(GOOD)).status, ("internalError", "tryLater"))

    def test_a_symbolic_link_is_not_followed(self):
        os.rename(self.lab.path("ca.table"), self.lab.path("elsewhere"))
        os.symlink(self.lab.path("elsewhere"), self.lab.path("ca.table"))
        self.assertIn(self.answer(self.request(GOOD)).status, ("internalError", "tryLater"))

    def test_the_next_request_sees_the_new_table(self):
        for revoked in (True, False, True):
            entry = ("R", GOOD, "250101000000Z") if revoked else ("V", GOOD, "")
            self.lab.index("index2.txt", [entry])
            self.lab.table("ca", "--index", "index2.txt")
            self.assertEqual(self.answer(self.request(GOOD)).statuses, ["revoked" if revoked else "good"])


class Crl(lab.LabTest):
    @classmethod
    def index_table(cls, ca):
        revoked = [(REVOKED, REVOKED_AT, ReasonFlags.key_compromise), (0x2002, REVOKED_AT, None)]
        cls.lab.crl("crl.pem", cls.ca, revoked, number=5)
        cls.lab.table(ca, "--crl", "crl.pem")

    def restore(self):
        os.unlink(self.lab.path("ca.table"))
        self.index_table("ca")

    def refused(self, crl):
        done = self.lab.ctl("table", "--crl", crl, "--ca", "ca", "-c", "config.yaml", "-o", "fresh.table")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertFalse(os.path.exists(self.lab.path("fresh.table")))
        return done.stderr

    def test_listed_is_revoked_and_absent_is_good(self):
        """S3, S5"""
        response = self.answer(self.request(REVOKED, 0x2002, GOOD, UNKNOWN))
        self.assertEqual(response.statuses, ["revoked", "revoked", "good", "good"])
        self.assertEqual([single.reason for single in response.singles], [1, None, None, None])
        self.assertEqual(response.singles[0].revocation_time, REVOKED_AT)

    def test_its_times_are_the_crls(self):
        """R3, R4: nextUpdate is the CRL's where that comes first"""
        crl = x509.load_pem_x509_crl(open(self.lab.path("crl.pem"), "rb").read())
        epoch = lambda moment: int((moment - lab.utc(0)).total_seconds())
        single = self.answer(self.request(GOOD)).singles[0]
        self.assertEqual(single.this_update, epoch(crl.last_update))
        self.assertEqual(single.next_update, epoch(crl.next_update))

    def test_der_and_pem_give_the_same_table(self):
        crl = x509.load_pem_x509_crl(open(self.lab.path("crl.pem"), "rb").read())
        self.lab.write("crl.der", crl.public_bytes(lab.ENCODING.DER))
        for name in ("crl.pem", "crl.der"):
            self.lab.table("ca", "--crl", name, output=name + ".table")
        with open(self.lab.path("crl.pem.table"), "rb") as pem, open(self.lab.path("crl.der.table"), "rb") as der:
            self.assertEqual(pem.read(), der.read())

    def test_refused_extensions(self):
        """S3a"""
        point = lambda **fields: x509.IssuingDistributionPoint(
            **{
                "full_name": None,
                "relative_name": None,
                "only_contains_user_certs": False,
                "only_contains_ca_certs": False,
                "only_some_reasons": None,
                "indirect_crl": False,
                "only_contains_attribute_certs": False,
                **fields,
            }
        )
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), asn1.NULL)
        for name, extension in (
            ("delta", x509.DeltaCRLIndicator(1)),
            ("indirect", point(indirect_crl=True)),
            ("onlySomeReasons", point(only_some_reasons=frozenset([ReasonFlags.key_compromise]))),
            ("onlyContainsAttributeCerts", point(only_contains_attribute_certs=True)),
            ("1.2.3.4", unknown),
        ):
            with self.subTest(name):
                self.lab.crl("bad.pem", self.ca, extensions=[(extension, True)])
                self.assertIn(name, self.refused("bad.pem"))
        self.lab.crl("fine.pem", self.ca, extensions=[(unknown, False)])
        self.lab.table("ca", "--crl", "fine.pem", output="fine.table")

    def test_remove_from_crl_is_refused(self):
        """S3a"""
        self.lab.crl("bad.pem", self.ca, [(GOOD, REVOKED_AT, ReasonFlags.remove_from_crl)])
        self.assertIn("removeFromCRL", self.refused("bad.pem"))

    def test_another_key_or_issuer_is_refused(self):
        """C8"""
        other = self.lab.authority("other")
        self.lab.crl("bad.pem", other)
        self.refused("bad.pem")
        self.lab.crl("bad.pem", self.ca, signer=other)
        self.refused("bad.pem")

    def test_an_issuer_without_crl_sign_is_refused(self):
        """S3a"""
        weak = self.lab.authority("weak", usage=("key_cert_sign",))
        self.lab.crl("bad.pem", weak)
        done = self.lab.ctl("table", "--crl", "bad.pem", "--ca-cert", "weak.pem", "-o", "weak.table")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cRLSign", done.stderr)

    def test_damaged_crls_are_refused(self):
        crl = x509.load_pem_x509_crl(open(self.lab.path("crl.pem"), "rb").read()).public_bytes(lab.ENCODING.DER)
        self.lab.write("bad.der", crl[:-1])
        self.refused("bad.der")
        self.lab.write("bad.der", crl + b"\x00")
        self.refused("bad.der")
        for octet in range(0, len(crl), 17):
            with self.subTest(octet=octet):
                flipped = bytearray(crl)
                flipped[octet] ^= 4
                self.lab.write("bad.der", flipped)
                self.refused("bad.der")

    def test_an_older_one_needs_force(self):
        """S3a: by CRLNumber, by thisUpdate, by kind"""
        arguments = ("--ca", "ca", "-c", "config.yaml", "-o", "ca.table")
        self.addCleanup(self.restore)
        self.lab.crl("older.pem", self.ca, number=4)
        self.lab.crl("earlier.pem", self.ca, number=5, days=(-2, 6))
        self.lab.index("kind.txt", [("V", GOOD, "")])
        for source in (("--crl", "older.pem"), ("--crl", "earlier.pem"), ("--index", "kind.txt")):
            with self.subTest(source=source):
                done = self.lab.ctl("table", *source, *arguments)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("--force", done.stderr)
                self.assertEqual(self.answer(self.request(REVOKED)).statuses, ["revoked"])
        for source in (("--crl", "older.pem"), ("--index", "kind.txt")):
            self.lab.must("table", *source, *arguments, "--force")

    def test_one_part_of_a_partitioned_crl(self):
        """S3a: what is absent from it may be in another part"""
        fields = dict(relative_name=None, only_some_reasons=None, indirect_crl=False, only_contains_attribute_certs=False)
        url = [x509.UniformResourceIdentifier("http://crl.example.org/part1.crl")]
        part = x509.IssuingDistributionPoint(full_name=url, only_contains_user_certs=True, only_contains_ca_certs=False, **fields)
        self.lab.crl("part.pem", self.ca, [(REVOKED, REVOKED_AT, None)], extensions=[(part, True)], number=9)
        os.unlink(self.lab.path("ca.table"))
        self.addCleanup(self.restore)
        self.lab.table("ca", "--crl", "part.pem")
        self.assertEqual(self.answer(self.request(REVOKED)).statuses, ["revoked"])
        self.assert_error(self.request(GOOD), "unauthorized")
