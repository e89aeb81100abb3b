"""ocsp-cgi behind Apache's mod_cache, configured by www/apache.conf and www/apache-cache.conf."""

import lab_cache
import lab_web


class ApacheCache(lab_cache.Caches):
    server = lab_web.ApacheCache

    def test_the_log_says_what_the_cache_did(self):
        for _ in range(2):
            self.get(self.request(self.good, self.revoked))
        self.web.wait_until(lambda: "cache hit" in self.web.log_text())
