"""The status of certificates in a real Redis: how it is reached, what its hashes mean, under which keys."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time

import asn1
import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED, REVOKED_AT, UNKNOWN
from lab_redis import RedisTest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

KEY_COMPROMISE = 1


def fill(redis):
    redis.put(GOOD, 0)
    redis.put(REVOKED, 1, REVOKED_AT, KEY_COMPROMISE)


class Asking(RedisTest):
    def assert_answers(self):
        response = self.answer(self.request(GOOD, REVOKED, UNKNOWN))
        self.assertEqual(response.statuses, ["good", "revoked", "unknown"])
        revoked = response.singles[1]
        self.assertEqual((revoked.revocation_time, revoked.reason), (REVOKED_AT, KEY_COMPROMISE))

    def assert_answers_from(self, address, **redis):
        self.compile_redis(address, **redis)
        self.assert_answers()


class Address(Asking):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis(port=True)
        fill(cls.server)

    def test_unix_socket(self):
        self.assert_answers_from(f"unix:{self.socket}")

    def test_ipv4(self):
        self.assert_answers_from(f"127.0.0.1:{self.server.port}")

    def test_ipv6(self):
        if not os.path.exists("/proc/net/if_inet6") or not open("/proc/net/if_inet6").read():
            self.skipTest("no IPv6 here")
        self.assert_answers_from(f"[::1]:{self.server.port}")

    def test_host_name_resolved_when_compiled(self):
        self.assert_answers_from(f"localhost:{self.server.port}")
        shown = self.lab.must("show", "snapshot").stdout
        self.assertIn(f"127.0.0.1:{self.server.port}", shown)
        self.assertNotIn("localhost", shown)

    def test_host_name_that_is_none(self):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": "no-such-host.invalid:6379"})
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "refused")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*no-such-host\.invalid cannot be resolved")

    def test_url(self):
        self.assert_answers_from(f"redis://127.0.0.1:{self.server.port}")

    def test_url_with_a_database(self):
        client = self.server.client()
        client("SELECT", 3)
        client("HMSET", f"cert:/CN=ca:{GOOD}", "status", 1)
        client.close()
        self.compile_redis(f"redis://127.0.0.1:{self.server.port}/3")
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["revoked", "unknown"])

    def test_list_whose_first_refuses(self):
        self.assert_answers_from([f"127.0.0.1:{lab_redis.free_port()}", "unix:/no/such/socket", f"unix:{self.socket}"])

    def test_list_whose_first_hangs_while_it_connects(self):
        """a queue that is full: the kernel drops what else knocks"""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        for _ in range(4):
            knocking = socket.socket()
            self.addCleanup(knocking.close)
            knocking.setblocking(False)
            knocking.connect_ex(listener.getsockname())
        full = "127.0.0.1:%d" % listener.getsockname()[1]
        self.assert_answers_from([full, f"127.0.0.1:{self.server.port}"], timeout_ms=1000)

    def test_list_is_not_searched_for_another_answer(self):
        """connect failures only: whoever can be connected to is asked"""
        first = lab_redis.Scripted(self.lab.path("scripted.sock"), ["hear", b"-LOADING busy\r\n"])
        self.addCleanup(first.close)
        self.compile_redis([f"unix:{self.lab.path('scripted.sock')}", f"unix:{self.socket}"])
        self.assert_error(self.request(GOOD), "tryLater")

    def test_tls_is_refused(self):
        for redis in ({"address": "rediss://redis.example:6380"}, {"address": "127.0.0.1:6380", "tls": {"ca": "ca.pem"}}):
            with self.subTest(redis):
                self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis=redis)
                done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "refused")
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*no TLS.*stunnel.*replica")
                self.assertFalse(os.path.exists(self.lab.path("refused")))

    def test_key_prefix_beyond_all_measure_is_refused(self):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate, redis_subject="/CN=" + "x" * 4096)})
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "refused")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*shorter redis_subject")


class Authentication(Asking):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()
        fill(cls.server)

    def test_password_only(self):
        self.server.do("CONFIG", "SET", "requirepass", "pass word\\")
        try:
            self.assert_answers_from(f"unix:{self.socket}", password="pass word\\")
            self.lab.write("redis.password", "pass word\\\n")
            self.assert_answers_from(f"unix:{self.socket}", password_file="redis.password")
        finally:
            client = self.server.client()
            client("AUTH", "pass word\\")
            client("CONFIG", "SET", "requirepass", "")
            client.close()

    def test_user_and_password(self):
        """the ACL that the README's reader needs, and no more"""
        self.server.do("ACL", "SETUSER", "ocsp", "on", ">secret", "~cert:*", "+hmget", "+select")
        self.assert_answers_from(f"unix:{self.socket}", username="ocsp", password="secret")

    def test_user_password_and_database(self):
        self.server.do("ACL", "SETUSER", "ocsp", "on", ">secret", "~cert:*", "+hmget", "+select")
        client = self.server.client()
        client("SELECT", 5)
        client("HMSET", f"cert:/CN=ca:{GOOD}", "status", 1)
        client.close()
        self.compile_redis(f"unix:{self.socket}", username="ocsp", password="secret", database=5)
        self.assertEqual(self.answer(self.request(GOOD)).statuses, ["revoked"])


class Replicas(Asking):
    def wait_for_sync(self, replica):
        deadline = time.monotonic() + 20
        while "master_link_status:up" not in replica.do("INFO", "replication").decode():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_replica(self):
        primary = lab_redis.Server(self.lab.path("primary"), "--repl-diskless-sync-delay", "0", port=True)
        self.addCleanup(primary.close)
        fill(primary)
        replica = lab_redis.Server(self.lab.path("redis"), "--replicaof", f"127.0.0.1 {primary.port}")
        self.addCleanup(replica.close)
        self.wait_for_sync(replica)
        self.assert_answers_from(f"unix:{self.socket}")

    def test_replica_of_a_cluster(self):
        """which answers after READONLY only"""
        primary = lab_redis.Server(self.lab.path("primary"), *lab_redis.cluster(), "--repl-diskless-sync-delay", "0", port=True)
        self.addCleanup(primary.close)
        self.assertEqual(primary.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383), "OK")
        self.until(lambda: "cluster_state:ok" in primary.do("CLUSTER", "INFO").decode())
        fill(primary)
        replica = lab_redis.Server(self.lab.path("redis"), *lab_redis.cluster(), port=True)
        self.addCleanup(replica.close)
        bus = primary.options[primary.options.index("--cluster-port") + 1]
        replica.do("CLUSTER", "MEET", "127.0.0.1", primary.port, bus)
        name = primary.do("CLUSTER", "MYID")
        self.until(lambda: replica.do("CLUSTER", "REPLICATE", name.decode()) == "OK")
        self.wait_for_sync(replica)
        self.until(lambda: "cluster_state:ok" in replica.do("CLUSTER", "INFO").decode())
        self.assert_answers_from(f"unix:{self.socket}", cluster=True)
        self.compile_redis(f"unix:{self.socket}")
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertIn("MOVED", reply.log["message"])

    def until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


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
            (("status", "01"), ("revoked", 0, None)),
        ]
        for fields, expected in cases:
            with self.subTest(fields):
                self.assertEqual(self.one(*fields), expected)

    def test_undecodable_records(self):
        """internalError, with the key in the log line; the Ruby program read "abc" as good"""
        words = ["", " ", "abc", "0x0", "0 ", " 0", "+0", "-0", "-1", "0.0", "1e0", "0\n", "0\0", "٠", "9" * 30, "3" * 5000]
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


class Together(RedisTest):
    """A CA in Redis and one with a table in one snapshot."""

    @classmethod
    def compile_site(cls):
        cls.socket = cls.lab.path("redis/redis.sock")
        os.makedirs(os.path.dirname(cls.socket))
        cls.other = cls.lab.authority("other")
        cls.other_delegate = cls.lab.delegate("other-ocsp", cls.other)
        cls.compile_both(f"unix:{cls.socket}")
        cls.index_table("other")

    @classmethod
    def compile_both(cls, address):
        authorities = {"ca": lab_redis.redis_ca("ca", cls.delegate), "other": lab.table_ca("other", cls.other_delegate)}
        cls.lab.compile(authorities, redis={"address": address, "timeout_ms": 10000})

    def assert_table_answers(self):
        """… at once, which is far below the timeout_ms of Redis."""
        started = time.monotonic()
        response = self.answer(ocsp.request(ocsp.certid(self.other, GOOD), ocsp.certid(self.other, REVOKED)))
        self.assertLess(time.monotonic() - started, 8)
        self.assertEqual(response.statuses, ["good", "revoked"])

    def test_both_answer(self):
        server = lab_redis.Server(self.lab.path("redis"))
        self.addCleanup(server.close)
        server.put(GOOD, 1, REVOKED_AT)
        self.assertEqual(self.answer(self.request(GOOD)).statuses, ["revoked"])
        self.assert_table_answers()

    def test_no_octet_goes_to_redis(self):
        server = lab_redis.Scripted(self.socket, ["hang"])
        try:
            self.assert_table_answers()
            self.assert_error(ocsp.request(ocsp.certid(self.other, GOOD), self.certid(GOOD)), "unauthorized")
            self.assert_error(b"\x30\x00", "malformedRequest")
        finally:
            server.close()
        self.assertEqual(server.heard, b"")

    def test_redis_down(self):
        self.assert_table_answers()
        self.compile_both(f"127.0.0.1:{lab_redis.free_port()}")
        self.assert_table_answers()
        self.compile_both(f"unix:{self.socket}")

    def test_redis_stopped(self):
        server = lab_redis.Server(self.lab.path("redis"), port=True)
        self.addCleanup(server.close)
        server.pause()
        self.assert_table_answers()
        self.compile_both(f"127.0.0.1:{server.port}")
        self.assert_table_answers()
        self.compile_both(f"unix:{self.socket}")


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


def words_of(line):
    """A line of MONITOR: TIME [DATABASE CLIENT] "word" "word" …, with Redis' own escapes undone."""
    escapes = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}

    def undo(match):
        text = match.group(1)
        return bytes([int(text[1:], 16)]) if text[0] == "x" and len(text) == 3 else escapes.get(text, text.encode())

    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    pieces = (re.split(r"\\(x[0-9a-f]{2}|.)", word) for word in quoted)
    out = []
    for piece in pieces:
        word = b""
        for i, text in enumerate(piece):
            word += undo(re.match("(?s)(.*)", text)) if i % 2 else text.encode()
        out.append(word)
    return out


class OneRoundTrip(RedisTest):
    settings = {"limits": {"certids": 64}}
    redis = {"username": "ocsp", "password": "secret", "database": 2}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()
        cls.server.do("ACL", "SETUSER", "ocsp", "on", ">secret", "~cert:*", "+hmget", "+select")

    def test_one_write_and_one_read_for_64_serials(self):
        """the system calls that touch the connection, counted by strace"""
        if not can_trace():
            self.skipTest("strace cannot trace here")
        serials = [2**150 + number for number in range(64)]
        trace = self.lab.path("trace")
        command = ["strace", "-o", trace, "-e", "trace=network,read,write,writev,readv,close,poll", lab.program("ocsp-cgi")]
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "ASAN_OPTIONS": "detect_leaks=0"}
        der = self.request(*serials)
        done = subprocess.run(command, input=der, capture_output=True, env=environment, timeout=60)
        self.assertEqual(lab.Reply(done).ocsp.statuses, ["unknown"] * 64)
        with open(trace, encoding="utf-8") as file:
            calls = connection_calls(file.read())
        transfers = [call for call in calls if call not in ("connect", "poll", "getsockopt", "close")]
        self.assertEqual(transfers, ["sendto", "recvfrom"])
        self.assertEqual(calls.count("connect"), 1)

    def test_order_of_the_commands(self):
        monitor = self.server.client()
        monitor("MONITOR")
        self.answer(self.request(GOOD, REVOKED))
        seen = []
        while len(seen) < 4:
            seen.append(words_of(monitor.reply()))
        monitor.close()
        self.assertEqual([words[0] for words in seen], [b"AUTH", b"SELECT", b"HMGET", b"HMGET"])
        self.assertEqual(seen[1], [b"SELECT", b"2"])


def can_trace():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


def connection_calls(trace):
    """The names of the calls on the descriptor that was connected, in order, from its making on."""
    made = re.search(r"^socket\(.*= (\d+)$", trace, re.MULTILINE)
    fd, trace = made.group(1), trace[made.end() :]
    pattern = rf"^(?:(\w+)\({fd}[,)]|(poll)\(\[\{{fd={fd},)"
    return [call or poll for call, poll in re.findall(pattern, trace, re.MULTILINE)]


class Restart(RedisTest):
    """Redis killed and started again under requests that do not stop."""

    CLIENTS = 2

    def test_only_right_verdicts_and_try_later(self):
        server = lab_redis.Server(self.lab.path("redis"))
        self.addCleanup(server.close)
        fill(server)
        seen, stop, wrong = [], threading.Event(), []

        def ask_steadily():
            while not stop.is_set():
                response = self.lab.ask(self.request(GOOD, REVOKED)).ocsp
                verdict = response.statuses or response.status
                seen.append(verdict)
                if verdict not in (["good", "revoked"], "tryLater"):
                    wrong.append(verdict)

        threads = [threading.Thread(target=ask_steadily) for _ in range(self.CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                self.until(seen, ["good", "revoked"])
                server.kill()
                self.until(seen, "tryLater")
                self.start_filled(server)
                # the very next request is answered
                self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["good", "revoked"])
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])

    def start_filled(self, server):
        """Its data are there before it listens where it is asked, as after a restart with a dump."""
        asked = server.path
        server.path = asked + ".new"
        try:
            server.start()
            fill(server)
            os.replace(server.path, asked)
        finally:
            server.path = asked

    def until(self, seen, verdict):
        """Until it is the verdict of a request that begins from now on."""
        deadline, start = time.monotonic() + 20, len(seen) + self.CLIENTS
        while verdict not in seen[start:]:
            self.assertLess(time.monotonic(), deadline, f"no {verdict}")
            time.sleep(0.005)
