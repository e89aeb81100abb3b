"""GET /status, for load balancers: OK while anything can be answered (conformance H11)."""

import time
import unittest

import lab
import lab_redis
from lab_redis import redis_ca


class StatusPage(unittest.TestCase):
    def setUp(self):
        self.lab = lab.Lab()
        self.addCleanup(self.lab.close)

    def redis(self, *settings):
        server = lab_redis.Server(self.lab.path("redis"), *settings)
        self.addCleanup(server.close)
        return server

    def compile_live(self, server, days=(-1, 30), **redis):
        """A site of one CA, which asks Redis."""
        ca = self.lab.authority("live")
        delegate = self.lab.delegate("live-ocsp", ca, days=days)
        settings = {"address": f"unix:{server.path}", "timeout_ms": 200, **redis}
        self.lab.compile({"live": redis_ca("live", delegate)}, redis=settings)

    def compile_mixed(self, server, entries=(("V", 1, ""),)):
        """The same beside a CA that is answered from a table."""
        names = ("live", "offline")
        cas = {name: self.lab.authority(name) for name in names}
        delegates = {name: self.lab.delegate(f"{name}-ocsp", cas[name]) for name in names}
        site = {"live": redis_ca("live", delegates["live"]), "offline": lab.table_ca("offline", delegates["offline"])}
        self.lab.compile(site, redis={"address": f"unix:{server.path}", "timeout_ms": 200})
        self.lab.index("index.txt", entries)
        self.lab.table("offline", "--index", "index.txt")

    def assert_page(self, ok, *words):
        """Both methods, each within a second, with one log line that says why."""
        for method, body in (("GET", b"OK" if ok else b"Down"), ("HEAD", b"")):
            started = time.monotonic()
            reply = self.lab.ask(REQUEST_METHOD=method, REQUEST_URI="/status")
            self.assertLess(time.monotonic() - started, 1)
            self.assertEqual((reply.exit_status, reply.http, reply.body), (0, 200 if ok else 503, body), reply.log_text)
            self.assertEqual(reply.header("Content-Type"), "text/plain; charset=utf-8")
            self.assertEqual(reply.header("Content-Length"), "2" if ok else "4")
            self.assertEqual(reply.header("Cache-Control"), "no-store")
            self.assertEqual((reply.log["http"], reply.log["bytes"]), (reply.http, 2 if ok else 4))
            for word in ("status: OK" if ok else "status: Down", *words):
                self.assertIn(word, reply.log["message"])

    def test_redis_goes_and_returns(self):
        server = self.redis()
        self.compile_live(server)
        self.assert_page(True)
        server.kill()
        self.assert_page(False, "cannot connect", server.path)
        server.start()
        self.assert_page(True)

    def test_redis_is_paused(self):
        server = self.redis()
        self.compile_live(server)
        server.pause()
        self.assert_page(False, "redis.timeout_ms, 200")
        server.resume()
        self.assert_page(True)

    def test_passwords(self):
        server = self.redis("--requirepass", "right")
        self.compile_live(server, password="wrong")
        self.assert_page(False, "WRONGPASS")
        self.compile_live(server)
        self.assert_page(False, "NOAUTH")
        self.compile_live(server, password="right")
        self.assert_page(True)

    def test_a_user_who_may_only_read(self):
        """Whoever may not PING gets good answers all the same; one who is not let in, or may not SELECT, gets none."""
        server = self.redis()
        who = {"username": "ocsp", "password": "right"}
        def user(*rights):
            server.do("ACL", "SETUSER", "ocsp", "reset", "on", ">right", "~cert:*", *rights)

        user("+hmget")
        self.compile_live(server, **who)
        self.assert_page(True)
        self.compile_live(server, **{**who, "password": "wrong"})
        self.assert_page(False, "WRONGPASS")
        self.compile_live(server, **who, database=1)
        self.assert_page(False, "SELECT: NOPERM")
        user("+hmget", "+select")
        self.assert_page(True)
        server.do("ACL", "SETUSER", "ocsp", "off")
        self.assert_page(False, "WRONGPASS")

    def test_database_that_is_not_there(self):
        server = self.redis("--databases", "2")
        self.compile_live(server, database=1)
        self.assert_page(True)
        self.compile_live(server, database=2)
        self.assert_page(False, "SELECT")

    def test_no_signer_is_valid_any_more(self):
        """Redis is not even asked: nothing that it says could be signed."""
        server = self.redis()
        ca = self.lab.authority("live")
        delegate = self.lab.delegate("live-ocsp", ca, days=(-1, 3 / lab.DAY))
        self.lab.compile({"live": redis_ca("live", delegate)}, redis={"address": f"unix:{server.path}"})
        self.assert_page(True)
        time.sleep(3.1)
        self.assert_page(False, "no signer of CA live is valid now")

    def test_without_a_snapshot(self):
        self.assert_page(False, self.lab.snapshot)

    def test_a_broken_snapshot(self):
        self.lab.write("snapshot", b"OCSPSNAP" + bytes(200))
        self.assert_page(False, self.lab.snapshot)

    def test_a_mixed_site_without_redis_is_up(self):
        server = self.redis()
        self.compile_mixed(server)
        self.assert_page(True)
        server.kill()
        self.assert_page(True)

    def test_a_mixed_site_whose_table_is_gone_asks_redis(self):
        server = self.redis()
        self.compile_mixed(server)
        self.lab.write("offline.table", b"")
        self.assert_page(True, "offline.table")
        server.kill()
        self.assert_page(False, "offline.table", "cannot connect")

    def test_where_it_is(self):
        server = self.redis()
        self.compile_live(server)
        for target in ("/status", "/status/", "/status?x", "/ocsp/status", "/ocsp/status/?a=b"):
            with self.subTest(target=target):
                self.assertEqual(self.lab.get(target).body, b"OK")
        for target in ("/", "/statuses", "/x?/status", "/status/x"):
            with self.subTest(target=target):
                self.assertEqual(self.lab.get(target).ocsp.status, "malformedRequest")

    def test_a_post_is_a_request_wherever_it_goes(self):
        server = self.redis()
        self.compile_live(server)
        reply = self.lab.ask(b"", REQUEST_METHOD="POST", REQUEST_URI="/status", CONTENT_LENGTH="0")
        self.assertEqual(reply.ocsp.status, "malformedRequest")

    def test_one_ping_and_nothing_else(self):
        server = self.redis()
        self.compile_live(server)
        server.do("CONFIG", "RESETSTAT")
        self.assert_page(True)
        counted = [line.split(":")[0] for line in server.do("INFO", "commandstats").decode().splitlines() if line.startswith("cmdstat_")]
        self.assertEqual(sorted(set(counted) - {"cmdstat_info", "cmdstat_config|resetstat"}), ["cmdstat_ping"])

