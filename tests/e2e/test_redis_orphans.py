"""Requests that are given up while Redis is asked leave nothing behind: no connection in Redis, no process."""

import os
import signal
import subprocess
import time
import unittest

import lab
import lab_redis
import lab_setgid
import lab_web
import lab_web_client
import lab_web_test
from lab import GOOD

TOGETHER = 25  # at once; Redis is stopped meanwhile


@unittest.skipUnless(os.geteuid() == 0, "needs root, to see which processes run the program: it is not dumpable")
class Orphans(lab.LabTest):
    @classmethod
    def setUpClass(cls):
        cls.lab = lab_web.Site()
        cls.addClassCleanup(cls.lab.close)
        cls.redis = lab_redis.Server(cls.lab.path("redis"))
        cls.addClassCleanup(cls.redis.close)
        lab_redis.fill(cls.redis)
        cls.prepare()

    @classmethod
    def compile_site(cls):
        redis = {"address": f"unix:{cls.redis.path}", "timeout_ms": 10000}
        cls.lab.compile({"ca": lab_redis.redis_ca("ca", cls.delegate)}, redis=redis, deadline_ms=20000)

    def setUp(self):
        self.web = None
        self.before = self.connections_made()

    def connections_made(self):
        """Since Redis was started; this question's own among them."""
        lines = self.redis.do("INFO", "stats").decode().splitlines()
        return int(next(line.split(":")[1] for line in lines if line.startswith("total_connections_received:")))

    def give_up(self, count, start, end):
        """`count` requests that wait for Redis, each ended by `end`."""
        for _ in range(count // TOGETHER):
            self.redis.pause()
            try:
                waiting = [start() for _ in range(TOGETHER)]
                self.wait_until(lambda: len(lab_setgid.pids_of(self.lab.cgi)) == TOGETHER, "not all are running")
                time.sleep(0.2)  # and are connected, which assert_nothing_left() counts
                for one in waiting:
                    end(one)
            finally:
                self.redis.resume()
            self.wait_until(lambda: not lab_setgid.pids_of(self.lab.cgi), "a process is left")

    def wait_until(self, ready, otherwise):
        deadline = time.monotonic() + 10
        while not ready():
            self.assertLess(time.monotonic(), deadline, otherwise)
            time.sleep(0.005)

    def assert_nothing_left(self, count):
        self.wait_until(lambda: self.redis.do("CLIENT", "LIST").count(b"\n") == 1, "a connection is left in Redis")
        self.assertGreaterEqual(self.connections_made() - self.before, count)

    # ---- the program is ended ----

    def start_program(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([self.lab.cgi], env={"OCSP_CGI_SNAPSHOT": self.lab.snapshot}, **pipes)
        process.stdin.write(self.request(GOOD))
        process.stdin.close()
        return process

    def end_program(self, number):
        def end(process):
            process.send_signal(number)
            process.wait(timeout=10)
            process.stdout.close()

        return end

    def test_a_program_that_is_killed(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.give_up(50, self.start_program, self.end_program(number))
        self.assert_nothing_left(100)

    # ---- the client goes away ----

    def start_client(self):
        client = lab_web_client.Client(self.web.port)
        der = self.request(GOOD)
        client.send("POST", "/", lab_web_test.TYPE, f"Content-Length: {len(der)}", body=der)
        return client

    def test_a_client_that_is_gone(self):
        for kind in (lab_web.Lighttpd, lab_web.Apache):
            with self.subTest(kind.__name__):
                self.web = kind(self.lab)
                self.addCleanup(self.web.close)
                self.before = self.connections_made()
                self.give_up(50, self.start_client, lambda client: client.__exit__())
                self.assert_nothing_left(50)
                with self.start_client() as client:
                    self.assertEqual(client.reply("POST").ocsp.statuses, ["good"])
