"""What every HTTP cache in front of ocsp-cgi must keep and must not (RFC 9919 section 7.2): a class of tests per cache."""

import email.utils
import re

import lab
import lab_web_test
import ocsp


def http_date(text):
    return int(email.utils.parsedate_to_datetime(text).timestamp())


def fresh_until(reply):
    """RFC 9111 4.2: the moment until which whoever got this reply just now may use it."""
    max_age = re.search(r"max-age=(\d+)", reply.header("cache-control"))
    date, now = http_date(reply.header("date")), lab.now()
    lifetime = int(max_age[1]) if max_age else http_date(reply.header("expires")) - date
    return now + lifetime - max(int(reply.header("age") or 0), now - date)


class CacheTest(lab_web_test.WebTest):
    def is_hit(self, reply):
        return (reply.header("x-cache") or reply.header("x-cache-status") or "").startswith("HIT")


class Caches(CacheTest):
    def assert_not_kept(self, ask):
        first, second = ask(), ask()
        self.assertFalse(self.is_hit(first) or self.is_hit(second), second.headers)
        self.assertEqual(second.header("cache-control"), "no-store")
        return first, second

    def test_the_second_get_is_a_hit(self):
        """H7: in either form of escaping, without a run of the program, octet for octet (ECDSA never signs twice alike)"""
        der = self.request(self.good)
        for path in (lab.base64_of(der), lab.base64.b64encode(der).decode()):
            with self.subTest(path=path):
                first = self.client().ask("GET", "/ocsp/" + path)
                runs = self.web.runs()
                second = self.client().ask("GET", "/ocsp/" + path)
                self.assert_answer(first, self.good, "good")
                self.assertTrue(self.is_hit(second) and not self.is_hit(first), (first.headers, second.headers))
                self.assertEqual(second.body, first.body)
                for name in ("etag", "expires"):
                    self.assertEqual(first.header(name), second.header(name))
                self.assertEqual(self.web.runs(), runs)

    def test_each_request_has_its_own_entry(self):
        for _ in range(2):
            for serial, status in ((self.good, "good"), (self.revoked, "revoked")):
                self.assert_answer(self.get(self.request(serial)), serial, status)
        self.assertTrue(self.is_hit(self.get(self.request(self.revoked))))

    def test_merged_slashes_find_nothing(self):
        """Another path is another request, even when only a slash is missing"""
        path = "/" + lab.base64.b64encode(self.request(self.good)).decode()
        self.assert_answer(self.client().ask("GET", path), self.good, "good")
        merged = self.client().ask("GET", path.replace("//", "/"))
        self.assertEqual((merged.ocsp.status, self.is_hit(merged)), ("malformedRequest", False))
        self.assertTrue(self.is_hit(self.client().ask("GET", path)))

    def test_a_nonce_is_never_kept(self):
        """H8"""
        nonce = bytes(range(16))
        der = self.request(self.good, extensions=[ocsp.nonce(nonce)])
        for reply in self.assert_not_kept(lambda: self.get(der)):
            self.assert_answer(reply, self.good, "good", nonce)

    def test_unknown_is_never_kept(self):
        """H8: it may be issued in the next second"""
        for reply in self.assert_not_kept(lambda: self.get(self.request(0x99))):
            self.assert_answer(reply, 0x99, "unknown")

    def test_errors_are_never_kept(self):
        """H8: of OCSP and of HTTP"""
        stranger = self.lab.authority(f"stranger-{id(self)}")
        for der, status in ((b"\x30\x00", "malformedRequest"), (ocsp.request(ocsp.certid(stranger, 1)), "unauthorized")):
            for reply in self.assert_not_kept(lambda: self.get(der)):
                self.assertEqual(reply.ocsp.status, status)
        for method, target, code in (("GET", "/ocsp/status", 200), ("GET", "/favicon.ico", 404), ("OPTIONS", "/", 405)):
            for reply in self.assert_not_kept(lambda: self.client().ask(method, target, "Content-Length: 0")):
                self.assertEqual(reply.status, code)

    def test_a_validator_is_answered_from_the_cache(self):
        """H9: 304 without a run of the program"""
        der = self.request(self.revoked)
        etag = self.get(der).header("etag")
        runs = self.web.runs()
        reply = self.get(der, headers=[f"If-None-Match: {etag}"])
        self.assertEqual((reply.status, reply.header("etag"), reply.body), (304, etag, b""))
        self.assertEqual(self.web.runs(), runs)
        self.assert_answer(self.get(der, headers=['If-None-Match: "other"']), self.revoked, "revoked")

    def test_a_date_is_no_validator(self):
        """a revoked answer may have the thisUpdate of the good one before it: 304 would keep the client's copy"""
        der = self.request(self.good)
        first = self.get(der)
        date = f"If-Modified-Since: {first.header('last-modified')}"
        again = self.get(der, headers=[date])
        self.assertEqual((again.status, self.is_hit(again), again.body), (200, True, first.body))
        other = self.get(der, headers=[date, 'If-None-Match: "other"'])
        self.assert_answer(other, self.good, "good")

    def test_head_is_answered_from_the_cache(self):
        target = "/" + lab.base64_of(self.request(self.good))
        get = self.client().ask("GET", target)
        head = self.client().ask("HEAD", target)
        self.assertTrue(self.is_hit(head))
        self.assertEqual(head.header("content-length"), str(len(get.body)))

    def test_post_is_passed_on(self):
        """H8: without any word about caching"""
        der = self.request(self.good)
        first, second = self.post(der), self.post(der)
        self.assertNotEqual(first.body, second.body)
        for reply in (first, second):
            self.assert_answer(reply, self.good, "good")
            self.assertEqual([reply.header(name) for name in ("cache-control", "expires", "etag", "age")], [None] * 4)
