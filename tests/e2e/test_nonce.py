"""The three nonce policies (RFC 9654)."""

import asn1
import lab
import ocsp
from lab import GOOD


class Policy(lab.LabTest):
    """What the policies share is tested once for each by the classes below."""

    lengths = (1, 15, 16, 31, 32, 33, 127, 128)

    def with_nonce(self, length):
        nonce = bytes(n % 256 for n in range(length))
        return nonce, self.request(GOOD, extensions=[ocsp.nonce(nonce)])


class Copy(Policy):
    settings = {"nonce": "copy", "cache_headers": True}

    def test_a_nonce_comes_back_octet_for_octet(self):
        """N1, N3"""
        for length in self.lengths:
            with self.subTest(length=length):
                nonce, request = self.with_nonce(length)
                response = self.answer(request)
                self.assertEqual([node.raw for node in response.extensions], [ocsp.nonce(nonce)])

    def test_without_one_the_answer_has_none(self):
        """R1, R7"""
        self.assertEqual(self.answer(self.request(GOOD)).extensions, [])

    def test_empty_or_too_long_is_malformed(self):
        """N2"""
        for length in (0, 129, 200, 1000):
            with self.subTest(length=length):
                self.assert_error(self.with_nonce(length)[1], "malformedRequest")

    def test_anything_but_one_encoded_octet_string_is_malformed(self):
        """N1"""
        for value in (b"", bytes(16), asn1.integer(5), asn1.octet_string(b"a" * 16) + b"\x00", b"\x04\x81\x10" + bytes(16)):
            with self.subTest(value=value.hex()):
                request = self.request(GOOD, extensions=[ocsp.extension(ocsp.NONCE, value)])
                self.assert_error(request, "malformedRequest")

    def test_a_critical_nonce_is_answered_by_one_that_is_not(self):
        """N3"""
        critical = ocsp.extension(ocsp.NONCE, asn1.octet_string(b"n" * 16), critical=True)
        response = self.answer(self.request(GOOD, extensions=[critical]))
        self.assertEqual([node.raw for node in response.extensions], [ocsp.nonce(b"n" * 16)])

    def test_two_nonces_are_malformed(self):
        """Q11"""
        self.assert_error(self.request(GOOD, extensions=[ocsp.nonce(b"1" * 16), ocsp.nonce(b"2" * 16)]), "malformedRequest")

    def test_an_answer_with_a_nonce_is_not_stored(self):
        """H8"""
        reply = self.lab.get("/" + lab.base64_of(self.with_nonce(16)[1]))
        self.assertEqual(reply.ocsp.statuses, ["good"])
        self.assertEqual(reply.header("Cache-Control"), "no-store")


class Ignore(Policy):
    settings = {"nonce": "ignore", "cache_headers": True}

    def test_no_nonce_comes_back_whatever_was_sent(self):
        """N4"""
        for length in (0, *self.lengths, 129, 1000):
            with self.subTest(length=length):
                response = self.answer(self.with_nonce(length)[1])
                self.assertEqual((response.statuses, response.extensions), (["good"], []))

    def test_the_answer_stays_cacheable(self):
        """N4, H7"""
        reply = self.lab.get("/" + lab.base64_of(self.with_nonce(32)[1]))
        self.assertIn("max-age=", reply.header("Cache-Control"))


class Require(Policy):
    settings = {"nonce": "require"}

    def test_a_request_without_one_is_malformed(self):
        """N5"""
        self.assert_error(self.request(GOOD), "malformedRequest")

    def test_with_one_it_is_answered(self):
        """N5"""
        for length in self.lengths:
            with self.subTest(length=length):
                nonce, request = self.with_nonce(length)
                self.assertEqual(self.answer(request).extension(ocsp.NONCE), asn1.octet_string(nonce))

    def test_a_wrong_one_is_malformed(self):
        """N2"""
        for length in (0, 129):
            with self.subTest(length=length):
                self.assert_error(self.with_nonce(length)[1], "malformedRequest")


class RubyCopy(Copy):
    """copy_nonce: true is the Ruby responder's word for copy."""

    settings = {"copy_nonce": True, "cache_headers": True}


class RubyIgnore(Ignore):
    settings = {"copy_nonce": False, "cache_headers": True}
