"""Every cache in front of ocsp-cgi agrees with its headers on how long an answer is fresh (conformance H7)."""

import time

import lab_cache
import lab_web
from lab_cache import fresh_until, http_date


class Freshness(lab_cache.CacheTest):
    """Answers are old after four seconds; both caches are asked in turn."""

    settings = {**lab_cache.CacheTest.settings, "max_cache_age": 4}

    @classmethod
    def server(cls, site):
        cls.caches = []
        for kind in (lab_web.ApacheCache, lab_web.NginxCache):
            cls.caches.append(kind(site))
            cls.addClassCleanup(cls.caches[-1].close)
        return cls.caches[0]

    def ask(self):
        der = self.request(self.good)
        return [self.get(der, cache.port) for cache in self.caches]

    def test_all_agree_on_how_long(self):
        """H7: Age, Expires, max-age and the cache itself mean the same moment, for whoever asks when"""
        stored = self.ask()
        until = [http_date(reply.header("expires")) for reply in stored]
        for reply, end in zip(stored, until):
            self.assertEqual(end - reply.ocsp.produced_at, 4)
            self.assertAlmostEqual(fresh_until(reply), end, delta=1)
        time.sleep(2.1)
        for reply, end, first in zip(self.ask(), until, stored):
            self.assertTrue(self.is_hit(reply), reply.headers)
            self.assertEqual((reply.body, http_date(reply.header("expires"))), (first.body, end))
            self.assertAlmostEqual(fresh_until(reply), end, delta=1)
        time.sleep(max(0, max(until) + 1.1 - time.time()))
        renewed = self.ask()
        for reply, end, first in zip(renewed, until, stored):
            self.assertFalse(self.is_hit(reply), reply.headers)
            self.assertNotEqual(reply.body, first.body)
            self.assertGreater(http_date(reply.header("expires")), end)
        for reply, first in zip(self.ask(), renewed):
            self.assertEqual((self.is_hit(reply), reply.body), (True, first.body))
