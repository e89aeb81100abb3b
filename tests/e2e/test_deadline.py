"""
One deadline for the whole request (deadline_ms): at every stage, in time, with the outcome of that stage. How late it was is
measured from outside; the log line's "us" is within that. Also: SIGTERM at every stage, a reader that is gone, closed 0, 1, 2.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED
from test_redis_together import can_trace

DEADLINE = 300  # ms
F_SETPIPE_SZ = 1031
LATE = 50  # ms
TRIES = 5  # a machine that is late by itself is given so many


def pipe(room=None):
    """(read end, write end) of a pipe in which there are so many octets of room, or all."""
    reader, writer = os.pipe()
    if room is not None:
        size = fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        os.write(writer, b"." * (size - room))
    return reader, writer


class Run:
    """One run of ocsp-cgi whose standard streams are the test's: a pipe each, unless `how` (Popen's) says otherwise."""

    def __init__(self, site, body=b"", close_body=False, stdout=None, stderr=None, environment=(), under=(), **how):
        self.out, writer = stdout or pipe()
        self.err, log = stderr or pipe()
        environment = {"OCSP_CGI_SNAPSHOT": site.snapshot, "REQUEST_METHOD": "POST", **dict(environment)}
        how = {"stdin": subprocess.PIPE, "stdout": writer, "stderr": log, **how}
        self.started = time.monotonic()
        self.process = subprocess.Popen([*under, lab.program("ocsp-cgi")], env=environment, **how)
        os.close(writer)
        os.close(log)
        if self.process.stdin:
            self.process.stdin.write(body)
            self.process.stdin.flush()
            if close_body:
                self.process.stdin.close()

    def end(self):
        """Exit status, standard output, log lines."""
        self.status = self.process.wait()  # with a timeout it would look every 50 ms only
        self.wall_ms = (time.monotonic() - self.started) * 1000
        with os.fdopen(self.out, "rb") as file:
            self.stdout = file.read()
        with os.fdopen(self.err, "rb") as file:
            text = file.read()
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        done = subprocess.CompletedProcess([], self.status, self.stdout, text.lstrip(b"."))
        self.reply = lab.Reply(done) if self.stdout.startswith(b"Status") else None
        self.lines = [lab.json.loads(line) for line in done.stderr.decode().splitlines()]
        return self


class DeadlineTest(lab_redis.RedisTest):
    settings = {"deadline_ms": DEADLINE}
    redis = {"timeout_ms": 5000}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()
        lab_redis.fill(cls.server)

    def setUp(self):
        self.addCleanup(self.server.resume)

    def in_time(self, start, late=LATE, deadline=DEADLINE):
        """start() → Run. Never before the deadline; at most `late` ms after it, in one of a few tries."""
        for _ in range(TRIES):
            run = start().end()
            self.assertEqual(len(run.lines), 1, run.lines)
            self.assertGreaterEqual(run.lines[0]["us"], deadline * 1000, run.lines)
            self.assertLessEqual(run.lines[0]["us"], run.wall_ms * 1000)
            if run.wall_ms <= deadline + late:
                return run
        self.fail(f"late: ended after {run.wall_ms} ms, {run.lines}")

    def assert_ready_made(self, run, http, ocsp_status, doing):
        self.assertEqual((run.status, run.reply.http), (0, http), run.lines)
        self.assertEqual(len(run.reply.body), int(run.reply.header("Content-Length")))
        if ocsp_status:
            self.assertEqual(run.reply.ocsp.status, ocsp_status)
        line = run.lines[0]
        self.assertEqual((line["http"], line.get("ocsp")), (http, ocsp_status))
        self.assertIn(doing, line["message"])

    def ask(self, **how):
        return Run(self.lab, self.request(GOOD), True, **how)


class AtEveryStage(DeadlineTest):
    def test_a_body_that_does_not_come(self):
        """H3: 408, of every kind"""
        for name, body, environment in (
            ("nothing", b"", {}),
            ("a part of what was announced", b"0", {"CONTENT_LENGTH": "100"}),
            ("what is refused anyway", b"0", {"CONTENT_LENGTH": "100000"}),
            ("one that does not end", self.request(GOOD), {}),
        ):
            with self.subTest(name):
                run = self.in_time(lambda: Run(self.lab, body, environment=environment))
                self.assert_ready_made(run, 408, None, "passed while reading the request's body")
                self.assertEqual(run.lines[0]["level"], "warning")

    def test_a_redis_that_does_not_answer(self):
        """S4: its own timeout is longer than the deadline"""
        self.server.pause()
        run = self.in_time(self.ask)
        self.assert_ready_made(run, 200, "tryLater", f"deadline of {DEADLINE} ms passed while answering")

    def test_the_status_page_with_such_a_redis(self):
        """H11"""
        self.server.pause()
        environment = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/status"}
        run = self.in_time(lambda: Run(self.lab, environment=environment))
        self.assert_ready_made(run, 503, None, "passed while finding out whether anything can be answered")

    def test_of_a_head_the_headers_only(self):
        """H4: octets behind them would be the next reply's on servers that pass them on"""
        self.server.pause()
        target = "/" + lab.base64_of(self.request(GOOD))
        for target, http, octets in ((target, 200, "5"), ("/status", 503, "4")):
            with self.subTest(target):
                environment = {"REQUEST_METHOD": "HEAD", "REQUEST_URI": target}
                run = self.in_time(lambda: Run(self.lab, environment=environment))
                self.assertEqual((run.status, run.reply.http, run.reply.body), (0, http, b""), run.lines)
                self.assertEqual(run.reply.header("Content-Length"), octets)

    def test_body_and_redis_together_have_one_deadline(self):
        self.server.pause()

        def slow():
            run = Run(self.lab)
            time.sleep(DEADLINE * 0.7 / 1000)
            run.process.stdin.write(self.request(GOOD))
            run.process.stdin.close()
            return run

        self.assert_ready_made(self.in_time(slow), 200, "tryLater", "passed while answering")

    def test_a_full_pipe_behind_the_reply(self):
        """H6: nothing of it went out, nothing is added, and the log says so"""
        run = self.in_time(lambda: self.ask(stdout=pipe(room=0)))
        self.assertEqual((run.status, run.stdout.strip(b".")), (1, b""))
        self.assertIn("passed while writing the reply", run.lines[0]["message"])

    def test_a_reply_half_written(self):
        """H6: it is cut off, and its Content-Length shows it"""
        request = ocsp.request(*(self.certid(number) for number in range(2**100, 2**100 + 60)))
        run = self.in_time(lambda: Run(self.lab, request, True, stdout=pipe(room=4096)))
        self.assertEqual((run.status, len(run.stdout)), (1, 4096))
        self.assertLess(len(run.reply.body), int(run.reply.header("Content-Length")))
        self.assertIn("passed while writing the reply", run.lines[0]["message"])

    def test_a_full_pipe_behind_the_ready_made_reply(self):
        """the second tick, 25 ms later"""
        for name, slow in (("408", lambda: Run(self.lab, b"0", stdout=pipe(room=0))), ("tryLater", self.paused)):
            with self.subTest(name):
                run = self.in_time(slow)
                self.assertGreaterEqual(run.lines[0]["us"], (DEADLINE + 25) * 1000)
                self.assertEqual((run.status, run.stdout.strip(b".")), (1, b""))

    def paused(self):
        self.server.pause()
        return self.ask(stdout=pipe(room=0))

    def test_a_full_pipe_behind_the_log(self):
        """the reply is out; there is nobody to tell"""
        for _ in range(TRIES):
            run = self.ask(stderr=pipe(room=0)).end()
            self.assertEqual((run.reply.ocsp.statuses, run.lines), (["good"], []))
            self.assertGreaterEqual(run.wall_ms, DEADLINE)
            if run.wall_ms < DEADLINE + LATE:
                return
        self.fail(f"{run.wall_ms} ms")

    def test_everything_full(self):
        for _ in range(TRIES):
            run = Run(self.lab, b"0", stdout=pipe(room=0), stderr=pipe(room=0)).end()
            self.assertEqual((run.status, run.lines), (1, []))
            if DEADLINE + 25 <= run.wall_ms < DEADLINE + LATE:
                return
        self.fail(f"{run.wall_ms} ms")


class Connecting(DeadlineTest):
    """The first of two addresses drops what is sent to it."""

    @classmethod
    def compile_site(cls):
        cls.silent = socket.socket()
        cls.silent.bind(("127.0.0.1", 0))
        cls.silent.listen(0)
        cls.fill = []
        for _ in range(4):  # a queue of one: who comes later waits for a second or more
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(cls.silent.getsockname())
            cls.fill.append(client)
        for opened in (cls.silent, *cls.fill):
            cls.addClassCleanup(opened.close)
        os.makedirs(cls.lab.path("redis"), exist_ok=True)
        port = cls.silent.getsockname()[1]
        cls.compile_redis([f"127.0.0.1:{port}", f"127.0.0.1:{port}"])

    def test_an_address_that_does_not_answer(self):
        run = self.in_time(self.ask)
        self.assert_ready_made(run, 200, "tryLater", "passed while opening the sources of status")


class BuiltIn(lab.LabTest):
    def test_a_body_that_does_not_come_and_no_snapshot(self):
        """5 s, as long as nobody says otherwise"""
        self.lab.snapshot = "/nowhere"
        run = Run(self.lab, b"0").end()
        self.assertEqual((run.status, run.reply.http), (0, 408))
        self.assertIn("deadline of 5000 ms passed", run.lines[0]["message"])
        self.assertGreaterEqual(run.lines[0]["us"], 5000000)
        self.assertLess(run.wall_ms, 5500)


def delayed(call, ms):
    """strace, and what makes it delay a system call."""
    return [shutil.which("strace"), "-qq", "-o", os.devnull, "-e", f"trace={call[0]}", *call[1:],
            "-e", f"inject={call[0]}:delay_enter={ms * 1000}"]


@unittest.skipIf("asan" in lab.BUILD, "the sanitizers' build has no sandbox, and cannot be traced")
class Delayed(DeadlineTest):
    """Stages of system calls that never wait, but on a machine that is ill."""

    def setUp(self):
        super().setUp()
        if not can_trace():
            self.skipTest("strace cannot trace here")

    def test_opening_the_snapshot(self):
        """the built-in 5 s: its own are not known"""
        run = self.ask(under=delayed(["openat", "-P", self.lab.snapshot], 5100)).end()
        self.assert_ready_made(run, 200, "tryLater", "deadline of 5000 ms passed while opening the snapshot")
        self.assertLess(run.wall_ms, 6000)

    def test_entering_the_sandbox(self):
        """before Landlock, and when the filter's door has closed"""
        for name, when in (("PR_SET_NO_NEW_PRIVS", 2), ("PR_SET_SECCOMP", 3)):
            with self.subTest(name):
                strace = delayed(["prctl"], DEADLINE + 20)
                strace[-1] += f":when={when}"
                run = self.ask(under=strace).end()
                self.assert_ready_made(run, 200, "tryLater", f"deadline of {DEADLINE} ms passed while entering the sandbox")


class Signals(DeadlineTest):
    """What a web server sends to a program that it is tired of, and a reader that is gone."""

    settings = {"deadline_ms": 5000}

    def terminated(self, run):
        time.sleep(0.15)
        run.process.send_signal(signal.SIGTERM)
        ended = run.end()
        self.assertLess(ended.wall_ms, 2000)
        return ended

    def test_sigterm_in_the_body(self):
        self.assert_ready_made(self.terminated(Run(self.lab, b"0")), 408, None, "ended by SIGTERM while reading")

    def test_sigterm_while_redis_is_asked(self):
        """behind the sandbox's door: the handler's own calls are allowed"""
        self.server.pause()
        self.assert_ready_made(self.terminated(self.ask()), 200, "tryLater", "ended by SIGTERM while answering")

    def test_sigterm_with_a_full_pipe(self):
        self.server.pause()
        run = self.terminated(self.ask(stdout=pipe(room=0)))
        self.assertEqual((run.status, run.stdout.strip(b"."), len(run.lines)), (1, b"", 1))

    def test_sigterm_in_the_reply_ends_nothing(self):
        """lighttpd sends it as soon as it has read a whole reply"""
        run = self.ask(stdout=pipe(room=0))
        time.sleep(0.15)
        run.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        os.read(run.out, 4096)
        run.end()
        self.assertEqual((run.status, run.reply.ocsp.statuses), (0, ["good"]))
        self.assertEqual(run.lines[0]["level"], "info")

    def test_a_reader_that_is_gone(self):
        """SIGPIPE is an error of write(); the log has it"""
        reader, writer = os.pipe()
        os.close(reader)
        run = self.ask(stdout=(os.open("/dev/null", os.O_RDONLY), writer)).end()
        self.assertEqual(run.status, 1)
        self.assertIn("Broken pipe", run.lines[0]["message"])

    def test_a_log_that_nobody_reads(self):
        """it changes nothing"""
        reader, writer = os.pipe()
        os.close(reader)
        run = self.ask(stderr=(os.open("/dev/null", os.O_RDONLY), writer)).end()
        self.assertEqual((run.status, run.reply.ocsp.statuses), (0, ["good"]))

    def test_stopped_and_continued(self):
        """while Redis is asked: poll() is taken up again"""
        self.server.pause()
        run = self.ask()
        time.sleep(0.1)
        run.process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        run.process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
        self.server.resume()
        run.end()
        self.assertEqual((run.status, run.reply.ocsp.statuses), (0, ["good"]))


class Closed(DeadlineTest):
    settings = {"deadline_ms": 5000}

    def closed(self, *descriptors):
        def close():
            for descriptor in descriptors:
                os.close(descriptor)

        how = {"stdin": subprocess.DEVNULL} if 0 in descriptors else {}
        return Run(self.lab, self.request(REVOKED), 0 not in descriptors, preexec_fn=close, **how).end()

    def test_standard_input(self):
        """H3: an empty body"""
        run = self.closed(0)
        self.assertEqual((run.status, run.reply.ocsp.status), (0, "malformedRequest"))

    def test_standard_output(self):
        """H6: an answer does not vanish in silence, and goes to nothing else that was opened"""
        run = self.closed(1)
        self.assertEqual((run.status, run.stdout), (1, b""))
        self.assertIn("could not be written", run.lines[0]["message"])

    def test_standard_error(self):
        run = self.closed(2)
        self.assertEqual((run.status, run.reply.ocsp.statuses, run.lines), (0, ["revoked"], []))

    def test_all(self):
        run = self.closed(0, 1, 2)
        self.assertEqual((run.status, run.stdout, run.lines), (1, b"", []))
