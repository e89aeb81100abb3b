"""S4, H6: what the system does to the program: calls and allocations that fail, interruptions, full disks and pipes. Each
outcome is a right answer, an error, or a non-zero exit with a log line. OCSP_CGI_FAULTS=long: each fault instead of a sample."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
import unittest

import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED, UNKNOWN

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "faults"))
import injection  # noqa: E402

LONG = os.environ.get("OCSP_CGI_FAULTS") == "long"
SANITIZED = "asan" in lab.BUILD


def can_trace():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


@unittest.skipIf(SANITIZED, "the sanitizers bring a heap of their own and cannot be traced")
class Faults(lab.LabTest):
    settings = {"nonce": "copy", "deadline_ms": 1500}

    @classmethod
    def prepare(cls):
        cls.ca, cls.other = cls.lab.authority("ca"), cls.lab.authority("other")
        cls.delegate, cls.live_delegate = cls.lab.delegate("ocsp", cls.ca), cls.lab.delegate("live", cls.other)
        cls.server = lab_redis.Server(cls.lab.path("redis"))
        cls.addClassCleanup(cls.server.close)
        live = lab.table_ca("other", cls.live_delegate, status="redis")
        tables = lab.table_ca("ca", cls.delegate)
        cls.lab.compile({"ca": tables}, **cls.settings)
        os.rename(cls.lab.snapshot, cls.lab.path("tables"))
        redis = {"address": f"unix:{cls.server.path}", "timeout_ms": 500}
        cls.lab.compile({"ca": tables, "other": live}, redis=redis, **cls.settings)
        cls.index_table("ca")
        client = lab_redis.Client(cls.server.path)
        for serial, fields in ((GOOD, ["status", 0]), (REVOKED, ["status", 1, "revocation_time", 1735689600])):
            client("HSET", f"cert:/CN=other:{serial}", *fields)
        client.close()

    def asked(self, name):
        """The four ways to ask of this class's site."""
        program = lab.program("faults/ocsp-cgi")
        serials, statuses = (GOOD, REVOKED, UNKNOWN), ["good", "revoked", "unknown"]
        revoked = ocsp.request(ocsp.certid(self.other, REVOKED))
        get = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/" + lab.base64_of(self.request(REVOKED))}
        make = lambda *how, snapshot, **more: injection.Asked(name, program, *how, OCSP_CGI_SNAPSHOT=self.lab.path(snapshot), **more)
        if name == "table":
            request = self.request(*serials, extensions=[ocsp.nonce(b"0123456789abcdef")])
            post = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(request))}
            return make(self.delegate, request, statuses, snapshot="tables", **post)
        if name == "get":
            return make(self.delegate, b"", ["revoked"], snapshot="tables", **get)
        if name == "redis":
            request = ocsp.request(*(ocsp.certid(self.other, serial) for serial in serials))
            return make(self.live_delegate, request, statuses, snapshot="snapshot")
        return make(self.live_delegate, revoked, ["revoked"], snapshot="snapshot")

    def report(self, what, count, asked):
        outcomes = ", ".join(f"{number} {outcome}" for outcome, number in asked.outcomes.most_common())
        print(f"# {what}, {asked.name}: {count} faults: {outcomes}", flush=True)
        self.assertGreater(count, 0)
        self.assertEqual(sum(asked.outcomes.values()), count)

    def fail_system_calls(self, name, sample, offset):
        if not can_trace():
            self.skipTest("strace cannot trace here")
        asked = self.asked(name)
        count = asked.fail_system_calls(injection.ERRORS if LONG else injection.ERRORS_SHORT, 1 if LONG else sample, offset)
        self.report("system calls", count, asked)

    def test_system_calls_of_a_post(self):
        """S4, H6"""
        self.fail_system_calls("table", 3, 0)

    def test_system_calls_of_a_get(self):
        """S4, H6"""
        self.fail_system_calls("get", 6, 1)

    def test_system_calls_of_a_look_up_in_redis(self):
        """S4, H6"""
        self.fail_system_calls("redis", 3, 2)

    def test_system_calls_of_a_look_up_of_one_serial(self):
        """S4, H6"""
        self.fail_system_calls("one", 6, 3)

    def test_every_other_call_interrupted(self):
        """H12: EINTR, for each kind of call"""
        if not can_trace():
            self.skipTest("strace cannot trace here")
        for name in ("table", "redis"):
            asked = self.asked(name)
            asked.interrupt_everything()
            self.report("interrupted", sum(asked.outcomes.values()), asked)

    def test_descriptors_that_cannot_be_examined(self):
        """H12: an interruption is no closed descriptor; any other failure is an exit with a log line"""
        if not can_trace():
            self.skipTest("strace cannot trace here")
        for error, outcome in (("EINTR", "right answer"), ("EINVAL", "exit")):
            asked = self.asked("table")
            asked.inject("poll", 1, f"error={error}")
            self.assertEqual(asked.outcomes, {outcome: 1})

    def fail_allocations(self, name):
        asked = self.asked(name)
        count = asked.fail_allocations(lasting=False) + asked.fail_allocations(lasting=True)
        if count == 0:
            self.skipTest("only a static ocsp-cgi has an arena")
        self.report("allocations", count, asked)

    def test_allocations_of_a_post(self):
        """S4"""
        self.fail_allocations("table")

    def test_allocations_of_a_look_up_in_redis(self):
        """S4"""
        self.fail_allocations("redis")

    def test_a_full_disk_behind_standard_output(self):
        """H6"""
        for name in ("table", "get", "redis"):
            with open("/dev/full", "wb") as full:
                done = self.asked(name).run(stdout=full)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def run_into_full_pipe(self, name):
        """Nobody reads; the deadline is 1.5 s."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        started = time.monotonic()
        done = self.asked("table").run(**{name: writer})
        self.assertLess(time.monotonic() - started, 2.5)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            left = pipe.read()
        self.assertEqual(left.strip(b"\0"), b"")
        return done

    def test_a_full_pipe_behind_standard_output(self):
        """H6: ended by the deadline, with a log line"""
        done = self.run_into_full_pipe("stdout")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"deadline of 1500 ms passed while writing the reply")

    def test_a_full_pipe_behind_standard_error(self):
        """H14: the reply is out, and the log does not keep the program"""
        done = self.run_into_full_pipe("stderr")
        body = injection.Asked.whole_body(done.stdout)
        self.assertEqual(ocsp.Response(body).statuses, ["good", "revoked", "unknown"])

    def test_a_full_disk_behind_standard_error(self):
        """H14: there is nobody left to tell; the answer is right all the same"""
        asked = self.asked("table")
        with open("/dev/full", "wb") as full:
            done = asked.run(stderr=full)
        done.stderr = b""
        asked.judge("a full log", done, may_lose_log=True)
        self.assertEqual(done.returncode, 0)
