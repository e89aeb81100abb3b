"""ocsp-cgi behind nginx's proxy_cache, configured by www/nginx-cache.conf, nginx-cache-post.conf, nginx-cache-http.conf."""

import re
import time

import lab
import lab_cache
import lab_redis
import lab_web
import ocsp
from lab_web_test import TYPE


class NginxCache(lab_cache.Caches):
    server = lab_web.NginxCache

    def test_the_log_says_what_the_cache_did(self):
        der = self.request(self.good, self.revoked)
        for _ in range(2):
            self.get(der)
        target = re.escape(lab.base64_of(der))
        for words in (r"MISS [0-9.]+", "HIT -"):
            wanted = re.compile(f'"GET /{target} HTTP/1.1" 200 \\d+ {words}\n')
            self.web.wait_until(lambda: wanted.search(self.web.log_text()))

    def test_a_long_target_is_kept(self):
        """Longer than the buffer in which nginx keeps the key, by its own choice"""
        der = self.request(*[self.good] * 64)
        self.assertFalse(self.is_hit(self.get(der)))
        again = self.get(der)
        self.assertEqual((self.is_hit(again), again.ocsp.statuses), (True, ["good"] * 64))


class NginxCachePost(lab_cache.CacheTest):
    """H8: answers to POST are kept, each for its own request."""

    server = lab_web.NginxCache
    settings = {**lab_cache.CacheTest.settings, "limits": {"request_bytes": 30000, "certids": 256}}

    def ask(self, der, *headers):
        return self.post(der, *headers, port=self.web.post_port)

    def test_two_serials(self):
        """The target is the same, the bodies are not"""
        replies = {}
        for serial, status in ((self.good, "good"), (self.revoked, "revoked")):
            replies[serial] = self.ask(self.request(serial))
            self.assert_answer(replies[serial], serial, status)
            self.assertFalse(self.is_hit(replies[serial]))
        runs = self.web.runs()
        for serial, first in replies.items():
            again = self.ask(self.request(serial))
            self.assertEqual((self.is_hit(again), again.body), (True, first.body))
        self.assertEqual(self.web.runs(), runs)

    def test_a_body_in_chunks_is_the_same_request(self):
        der = self.request(self.good, self.revoked)
        first = self.ask(der)
        body = b"".join(b"1\r\n%c\r\n" % octet for octet in der) + b"0\r\n\r\n"
        again = self.client(self.web.post_port).ask("POST", "/", TYPE, "Transfer-Encoding: chunked", body=body)
        self.assertEqual((self.is_hit(again), again.body), (True, first.body))

    def test_what_is_not_kept(self):
        """H8: a nonce, unknown, malformed; an empty body, which may be one that nginx does not hold in memory"""
        for der in (self.request(self.good, extensions=[ocsp.nonce(bytes(16))]), self.request(0x99), b"\x30\x00", b""):
            with self.subTest(der=der):
                first, second = self.ask(der), self.ask(der)
                self.assertFalse(self.is_hit(first) or self.is_hit(second))
                self.assertEqual(second.header("cache-control"), "no-store")
        self.assertEqual(self.ask(b"").header("x-cache-status"), "BYPASS")

    def test_another_type_is_not_answered_from_the_cache(self):
        """415 is not kept either"""
        der = self.request(self.revoked, self.revoked)
        self.assertEqual(self.ask(der, "Content-Type: text/plain").status, 415)
        self.assertEqual(self.ask(der).ocsp.statuses, ["revoked"] * 2)

    def test_long_bodies_stay_apart(self):
        """Longer than the buffers in which nginx keeps a key and a body by its own choice (4 and 16 KiB)"""
        for count in (64, 230):
            replies = [self.ask(self.request(*[serial] * count)) for serial in (self.good, self.revoked, self.good)]
            self.assertEqual([reply.ocsp.statuses[-1] for reply in replies], ["good", "revoked", "good"])
            self.assertTrue(self.is_hit(replies[2]))

    def test_get_is_kept_as_before(self):
        der = self.request(self.good)
        first, second = (self.get(der, port=self.web.post_port) for _ in range(2))
        self.assertTrue(self.is_hit(second))
        self.assertEqual(first.body, second.body)
        self.assertIsNotNone(second.header("expires"))


class NginxCacheRedis(lab_cache.CacheTest):
    """A live source behind the cache."""

    server = lab_web.NginxCache
    settings = {**lab_cache.CacheTest.settings, "max_cache_age": 2}

    @classmethod
    def compile_site(cls):
        cls.redis = lab_redis.Server(cls.lab.path("redis"))
        cls.addClassCleanup(cls.redis.close)
        site = {"ca": lab_redis.redis_ca("ca", cls.delegate)}
        cls.lab.compile(site, redis={"address": f"unix:{cls.redis.path}"}, **cls.settings)

    def expire(self, reply):
        time.sleep(max(0, lab_cache.http_date(reply.header("expires")) + 1.1 - time.time()))

    def test_a_revocation_is_seen_when_the_answer_is_old(self):
        """S4 through a cache: while Redis is away what is fresh is served, then tryLater, which is not kept"""
        der = self.request(self.good)
        self.assert_answer(self.get(der), self.good, "unknown")
        self.redis.put(self.good, 0)
        first = self.get(der)
        self.assert_answer(first, self.good, "good")
        self.redis.put(self.good, 1, lab.REVOKED_AT, 1)
        self.assertTrue(self.is_hit(self.get(der)))
        self.expire(first)
        second = self.get(der)
        self.assert_answer(second, self.good, "revoked")
        self.redis.kill()
        self.assertEqual(self.get(der).body, second.body)
        self.expire(second)
        for _ in range(2):
            reply = self.get(der)
            self.assertEqual((reply.status, reply.ocsp.status, reply.header("cache-control")), (200, "tryLater", "no-store"))
            self.assertFalse(self.is_hit(reply))
        self.redis.start()
        self.redis.put(self.good, 0)
        self.assert_answer(self.get(der), self.good, "good")
