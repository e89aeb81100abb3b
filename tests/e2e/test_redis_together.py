"""Redis beside tables, in one round trip, and coming and going."""

import os
import re
import shutil
import subprocess
import threading
import time

import lab
import lab_redis
import ocsp
from lab import GOOD, REVOKED, REVOKED_AT
from lab_redis import RedisTest, fill, words_of


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
        self.compile_both(f"127.0.0.1:{lab.free_port()}")
        self.assert_table_answers()
        self.compile_both(f"unix:{self.socket}")

    def test_redis_on_a_machine_that_is_off(self):
        """the only address: nobody waits for the connection but who asks Redis"""
        self.compile_both(lab_redis.hanging_address(self))
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
