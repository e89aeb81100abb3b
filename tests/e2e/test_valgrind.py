"""Each kind of request under valgrind's memcheck, without the sandbox: no error, nothing lost. The static program as it is
installed, whose heap is the arena, and the same linked dynamically, where memcheck sees each block of libcrypto and hiredis."""

import os
import re
import shutil
import subprocess
import unittest

import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED, UNKNOWN, base64_of

SUPPRESSIONS = os.path.join(lab.ROOT, "tests", "valgrind.supp")


def why_not():
    if "asan" in lab.BUILD:
        return "the sanitizers do not run under valgrind"
    return None if shutil.which("valgrind") else "no valgrind"


WHY_NOT = why_not()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Static(lab_redis.RedisTest):
    program = "valgrind/ocsp-cgi"
    settings = {"nonce": "copy", "deadline_ms": 60000}
    redis = {"timeout_ms": 20000}

    @classmethod
    def compile_site(cls):
        """Two CAs, one of each source, one signed for by EC, one by RSA."""
        cls.other = cls.lab.authority("other")
        cls.live = cls.lab.delegate("live", cls.other, key="rsa2048")
        cls.server = cls.start_redis()
        for serial, fields in ((GOOD, (0,)), (REVOKED, (1, lab.REVOKED_AT, 1))):
            cls.server.put(serial, *fields, subject="/CN=other")
        authorities = {"ca": lab.table_ca("ca", cls.delegate), "other": lab_redis.redis_ca("other", cls.live)}
        cls.lab.compile(authorities, redis={"address": f"unix:{cls.server.path}", **cls.redis}, **cls.settings)
        cls.index_table("ca")

    def checked(self, der=b"", **environment):
        log = self.lab.path("memcheck")
        # "Possibly" lost is what is held by a pointer to its middle, as hiredis holds its strings.
        kinds = "definite,indirect"
        how = ["--leak-check=full", f"--errors-for-leak-kinds={kinds}", f"--show-leak-kinds={kinds}"]
        how += [f"--suppressions={SUPPRESSIONS}", f"--log-file={log}"]
        done = subprocess.run(
            ["valgrind", *how, lab.program(self.program)], input=der, capture_output=True, timeout=120,
            env={"PATH": os.environ["PATH"], "OCSP_CGI_SNAPSHOT": self.lab.snapshot, **environment},
        )  # fmt: skip
        with open(log, encoding="utf-8") as file:
            said = file.read()
        self.assertIn("ERROR SUMMARY: 0 errors", said)
        lost = re.findall(r"(?:definitely|indirectly) lost: ([\d,]+) bytes", said)
        self.assertTrue(set(lost) <= {"0"} and (lost or "no leaks are possible" in said), said)
        return lab.Reply(done)

    def assert_statuses(self, reply, *statuses):
        self.assertEqual((reply.exit_status, reply.http, reply.ocsp.statuses), (0, 200, list(statuses)), reply.log_text)

    def test_a_table(self):
        nonce = [ocsp.nonce(b"n" * 32)]
        self.assert_statuses(self.checked(self.request(GOOD, REVOKED, UNKNOWN, extensions=nonce)), "good", "revoked", "unknown")
        reply = self.checked(REQUEST_METHOD="GET", REQUEST_URI="/" + base64_of(self.request(REVOKED)))
        self.assert_statuses(reply, "revoked")

    def test_redis(self):
        der = ocsp.request(*(ocsp.certid(self.other, serial) for serial in (GOOD, REVOKED, UNKNOWN)))
        self.assert_statuses(self.checked(der), "good", "revoked", "unknown")

    def test_redis_down(self):
        self.server.kill()
        self.addCleanup(self.server.start)
        self.assertEqual(self.checked(ocsp.request(ocsp.certid(self.other, GOOD))).ocsp.status, "tryLater")

    def test_malformed(self):
        self.assertEqual(self.checked(self.request(GOOD)[:-1]).ocsp.status, "malformedRequest")
        reply = self.checked(REQUEST_METHOD="GET", REQUEST_URI="/" + "%2F" * 100)
        self.assertEqual(reply.ocsp.status, "malformedRequest")


class Dynamic(Static):
    program = "valgrind/dynamic/ocsp-cgi"


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Wrong(lab.LabTest):
    def test_it_would_be_seen(self):
        """a program that reads beyond a block and loses it"""
        source = "#include <stdlib.h>\nint main(void) { volatile char *p = malloc(1); int c = p[1]; p = 0; return c & 0; }\n"
        program = self.lab.path("wrong")
        subprocess.run(["cc", "-g", "-O0", "-o", program, self.lab.write("wrong.c", source)], check=True)
        done = subprocess.run(["valgrind", "--leak-check=full", program], capture_output=True, text=True, timeout=60)
        self.assertIn("ERROR SUMMARY: 2 errors", done.stderr)
