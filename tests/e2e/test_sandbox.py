"""The sandbox: with it, every algorithm answers from every source in every form; and it is entered in its place."""

import re
import shutil
import subprocess
import unittest

import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED, UNKNOWN, base64_of
from test_signers import ALGORITHMS

OPENING = re.compile(r"open|socket|connect|execve|fork|clone|accept|bind")


class Sandboxed(lab_redis.RedisTest):
    """One CA, a delegate for each algorithm; `ca` of a configuration is signed for by one of them."""

    @classmethod
    def compile_site(cls):
        cls.delegates = {name: cls.lab.delegate(f"ocsp-{name}", cls.ca, key=how[0]) for name, how in ALGORITHMS.items()}
        cls.others = {}
        for number in range(8):
            other = cls.lab.authority(f"other{number}")
            cls.others[other.name] = cls.lab.delegate(f"other{number}-ocsp", other)
        cls.socket = cls.lab.path("redis/redis.sock")
        lab_redis.fill(cls.start_redis())
        cls.compile_with("ecdsa-p256", "table")
        cls.index_table("ca")

    @classmethod
    def compile_with(cls, algorithm, source):
        ca = lab.table_ca("ca", cls.delegates[algorithm])
        ca["ocsp_cert"].update(ALGORITHMS[algorithm][1])
        authorities = {"ca": ca}
        if source == "redis":
            ca["status"] = "redis"
        if source == "tables":  # more than are mapped beforehand
            authorities |= {name: lab.table_ca(name, delegate) for name, delegate in cls.others.items()}
        cls.lab.compile(authorities, redis={"address": f"unix:{cls.socket}"}, cache_headers=True, max_cache_age=60)

    def assert_answered(self, reply, *statuses):
        """Nothing is noted: neither a refused sandbox nor anything else."""
        self.assertEqual((reply.exit_status, reply.http, reply.log["level"]), (0, 200, "info"), reply.log_text)
        self.assertIn(reply.log.get("message"), (None, "status: OK"))
        if statuses:
            self.assertEqual(reply.ocsp.statuses, list(statuses))
        return reply

    def ask_in_every_form(self):
        known, target = self.request(GOOD, REVOKED), "/ocsp/" + base64_of(self.request(REVOKED))
        self.assert_answered(self.lab.ask(known), "good", "revoked")
        self.assert_answered(self.lab.ask(self.request(UNKNOWN, extensions=[ocsp.nonce(b"n" * 32)])), "unknown")
        self.assert_answered(self.lab.ask(self.request(*range(1 << 120, (1 << 120) + 64))), *["unknown"] * 64)
        etag = self.assert_answered(self.lab.get(target), "revoked").header("ETag")
        self.assert_answered(self.lab.ask(REQUEST_METHOD="HEAD", REQUEST_URI=target))
        self.assertIn(self.lab.get(target, HTTP_IF_NONE_MATCH=etag).http, (200, 304))  # ECDSA's differs each time
        self.assert_answered(self.lab.get("/ocsp/status"))
        malformed = self.lab.ask(b"0")
        self.assertEqual((malformed.exit_status, malformed.ocsp.status), (0, "malformedRequest"), malformed.log_text)

    def test_every_algorithm_source_and_form(self):
        for source in ("table", "tables", "redis"):
            for algorithm in ALGORITHMS:
                with self.subTest(source=source, algorithm=algorithm):
                    self.compile_with(algorithm, source)
                    self.ask_in_every_form()

    # ---- its place ----

    def calls(self, body, **environment):
        """(before, after): the system calls around the filter's, by name and arguments."""
        trace = self.lab.path("trace")
        done = subprocess.run(
            ["strace", "-f", "-o", trace, lab.program("ocsp-cgi")], input=body, capture_output=True, timeout=60,
            env={"OCSP_CGI_SNAPSHOT": self.lab.snapshot, **environment},
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(trace, encoding="utf-8") as file:
            lines = [line.split(None, 1)[1] for line in file if not line.split(None, 1)[1].startswith(("+++", "---"))]
        (entry,) = (number for number, line in enumerate(lines) if line.startswith("prctl(PR_SET_SECCOMP"))
        self.assertTrue(lines[entry].rstrip().endswith("= 0"), lines[entry])
        return lines[:entry], lines[entry + 1 :]

    @staticmethod
    def names(lines):
        return [line.split("(", 1)[0] for line in lines]

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    @unittest.skipIf("asan" in lab.BUILD, "the sanitizers' build has no sandbox")
    def test_the_order_of_steps(self):
        """the snapshot, the body, the sources, randomness; then the door; then nothing is opened"""
        for source in ("table", "redis"):
            with self.subTest(source):
                self.compile_with("ecdsa-p256", source)
                before, after = self.calls(self.request(GOOD))
                text = "".join(before)
                steps = [f'"{self.lab.snapshot}"', "read(0, ", "ca.table" if source == "table" else "connect(", "getrandom("]
                steps = [text.rindex(step) for step in steps] + [text.index("PR_SET_NO_NEW_PRIVS"), text.index("RLIMIT_NOFILE")]
                self.assertEqual(steps, sorted(steps), text)
                self.assertEqual([line for line in after if OPENING.match(line)], [])
                self.assertNotIn("read", self.names(after))
                allowed = {"clock_gettime", "write", "exit_group", "poll", "ppoll", "sendto", "recvfrom", "getsockopt"}
                with open(lab.program("ocsp-cgi"), "rb") as file:
                    if b"libcrypto.so" in file.read():
                        allowed |= {"brk", "futex"}
                self.assertLessEqual(set(self.names(after)), allowed)

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    @unittest.skipIf("asan" in lab.BUILD, "the sanitizers' build has no sandbox")
    def test_nothing_is_decoded_before(self):
        """whatever the request is, what is done before is the same: octets of a body are only counted"""
        self.compile_with("ecdsa-p256", "redis")
        valid = self.request(GOOD)
        expected = self.names(self.calls(valid)[0])
        stranger = ocsp.request(ocsp.certid(self.delegates["ed25519"], GOOD))
        for name, body in (("junk", b"\xff" * len(valid)), ("another CA", stranger), ("one octet", b"0")):
            with self.subTest(name):
                self.assertEqual(self.names(self.calls(body)[0]), expected)
        by_get = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/ocsp/" + base64_of(valid)}
        expected = self.names(self.calls(b"", **by_get)[0])
        for target in ("/ocsp/" + "%2F" * 40, "/status", "/"):
            with self.subTest(target):
                self.assertEqual(self.names(self.calls(b"", **{**by_get, "REQUEST_URI": target})[0]), expected)

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    @unittest.skipIf("asan" in lab.BUILD, "the sanitizers' build has no sandbox")
    def test_many_tables_are_opened_late_and_beneath_their_folder(self):
        self.compile_with("ecdsa-p256", "tables")
        before, after = self.calls(self.request(GOOD))
        opened = [line for line in after if OPENING.match(line)]
        self.assertEqual(len(opened), 1, opened)
        self.assertRegex(opened[0], r'^openat\(\d+, "ca\.table", O_RDONLY\|[A-Z_|]*\) = \d+')
        if any(line.startswith("landlock_create_ruleset(NULL") and not line.rstrip().endswith("EOPNOTSUPP") for line in before):
            self.assertIn("landlock_add_rule", self.names(before))
            self.assertIn("landlock_restrict_self", self.names(before))
