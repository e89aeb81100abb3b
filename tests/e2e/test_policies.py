"""What a CA's configuration changes in an answer."""

import json

import asn1
import lab
import ocsp
from lab import DAY, GOOD, REVOKED, UNKNOWN

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


class UnknownIsUnauthorized(lab.LabTest):
    policy = {"unknown_serial": "unauthorized"}

    def test_absent_serials(self):
        """S2: one of them is enough"""
        self.assert_error(self.request(UNKNOWN), "unauthorized")
        self.assert_error(self.request(GOOD, UNKNOWN), "unauthorized")
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["good", "revoked"])


class UnknownIsRevoked(lab.LabTest):
    settings = {"nonce": "copy"}
    policy = {"unknown_serial": "revoked"}

    def test_extended_revoke(self):
        """S2, R7: RFC 6960 4.4.8"""
        response = self.answer(self.request(UNKNOWN))
        single = response.singles[0]
        self.assertEqual((single.status, single.revocation_time, single.reason), ("revoked", 0, 6))
        expected = asn1.sequence(asn1.oid(ocsp.EXTENDED_REVOKE), asn1.octet_string(asn1.NULL))
        self.assertEqual([node.raw for node in response.extensions], [expected])

    def test_only_where_it_was_used(self):
        """R7"""
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).extensions, [])

    def test_beside_a_nonce(self):
        request = self.request(UNKNOWN, extensions=[ocsp.nonce(b"n" * 16)])
        response = self.answer(request)
        self.assertEqual(response.extension(ocsp.NONCE), asn1.octet_string(b"n" * 16))
        self.assertEqual(response.extension(ocsp.EXTENDED_REVOKE), asn1.NULL)


class ArchiveCutoff(lab.LabTest):
    policy = {"archive_cutoff_days": 365}

    def test_in_single_extensions(self):
        """R10"""
        response = self.answer(self.request(GOOD))
        (extension,) = response.singles[0].extensions
        oid, value = extension.children()
        self.assertEqual(oid.raw, asn1.oid(ocsp.ARCHIVE_CUTOFF))
        self.assertEqual(ocsp.seconds(asn1.parse(value.content)), response.produced_at - 365 * DAY)


class SelfSigning(lab.LabTest):
    """A CA that signs its responses itself."""

    @classmethod
    def compile_site(cls):
        cls.delegate = cls.ca = cls.lab.authority("ca", usage=("key_cert_sign", "crl_sign", "digital_signature"))
        cls.lab.compile({"ca": {"ca_cert": {"cert": "ca.pem", "key": "ca.key"}, "status": {"table": "ca.table"}}})
        cls.index_table("ca")

    def test_its_certificate_is_included_and_its_key_signs(self):
        """R5, R6"""
        response = self.answer(self.request(GOOD))
        self.assertEqual(response.certs, [self.ca.der()])
        self.ca.key.public_key().verify(response.signature, response.tbs, ec.ECDSA(hashes.SHA256()))


class ByName(lab.LabTest):
    policy = {"responder_id": "name"}

    def test_responder_id(self):
        """R5"""
        responder = self.answer(self.request(GOOD)).responder_id
        self.assertEqual(responder.raw, asn1.explicit(1, self.delegate.name_der()))


class ByKey(lab.LabTest):
    def test_responder_id(self):
        """R5: SHA-1 of the BIT STRING's content"""
        spki = asn1.parse(self.delegate.public_key_der()).children()[1].content[1:]
        digest = hashes.Hash(hashes.SHA1())
        digest.update(spki)
        responder = self.answer(self.request(GOOD)).responder_id
        self.assertEqual(responder.raw, asn1.explicit(2, asn1.octet_string(digest.finalize())))

    def test_the_signers_certificate_comes_alone(self):
        """R6"""
        self.assertEqual(self.answer(self.request(GOOD)).certs, [self.delegate.der()])


class WithoutSigner(lab.LabTest):
    policy = {"include_signer": False}

    def test_no_certs_field(self):
        """R1, R6: none is left out, not empty"""
        self.assertEqual(self.answer(self.request(GOOD)).certs, [])


class Chain(lab.LabTest):
    """ocsp_chain with a certificate that has expired and one that ends soon."""

    policy = {"ocsp_chain": "chain.pem"}

    @classmethod
    def compile_site(cls):
        cls.expired = cls.lab.authority("expired", days=(-30, -1))
        cls.soon = cls.lab.authority("soon", days=(-30, 2))
        cls.later = cls.lab.authority("later", days=(-30, 20))
        pem = b"".join(open(cert.path, "rb").read() for cert in (cls.expired, cls.soon, cls.later))
        cls.lab.write("chain.pem", pem)
        super().compile_site()

    def test_in_its_order_behind_the_signer_and_expired_ones_left_out(self):
        """R4, R6"""
        response = self.answer(self.request(GOOD))
        self.assertEqual(response.certs, [self.delegate.der(), self.soon.der(), self.later.der()])

    def test_next_update_ends_with_the_first_of_them(self):
        """R4"""
        end = int((self.soon.certificate.not_valid_after - lab.utc(0)).total_seconds())
        self.assertEqual(self.answer(self.request(GOOD)).singles[0].next_update, end)


class EndingSigner(lab.LabTest):
    @classmethod
    def compile_site(cls):
        cls.delegate = cls.lab.delegate("ocsp", cls.ca, days=(-1, 0.5))
        super().compile_site()

    def test_next_update_ends_with_it(self):
        """R4"""
        end = int((self.delegate.certificate.not_valid_after - lab.utc(0)).total_seconds())
        response = self.answer(self.request(GOOD, UNKNOWN))
        self.assertEqual([single.next_update for single in response.singles], [end, end])


class Times(lab.LabTest):
    policy = {"ocsp_validity_hours": 24, "ocsp_start_skew_seconds": 600}

    def test_produced_now(self):
        """R2, R3: never from the future"""
        before = lab.now()
        response = self.answer(self.request(GOOD))
        after = lab.now()
        single = response.singles[0]
        self.assertTrue(before <= response.produced_at <= after)
        self.assertTrue(single.this_update <= response.produced_at < single.next_update)
        self.assertLessEqual(single.next_update, after + 24 * 3600)


class Redis(lab.LabTest):
    """A CA whose status is asked of a Redis that is not there: tried later, never answered."""

    @classmethod
    def compile_site(cls):
        credential = {"cert": cls.delegate.cert_file, "key": cls.delegate.key_file}
        redis = {"address": "unix:" + cls.lab.path("no.sock")}
        cls.lab.compile({"ca": {"ca_cert": {"cert": "ca.pem"}, "ocsp_cert": credential}}, redis=redis)

    def test_try_later_with_a_log_line(self):
        """S4"""
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual((reply.http, reply.ocsp.status), (200, "tryLater"))
        self.assertIn("no.sock", reply.log["message"])


class Limits(lab.LabTest):
    settings = {"limits": {"request_bytes": 300, "certids": 2}}

    def test_configured_limits(self):
        """Q9"""
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["good", "revoked"])
        self.assert_error(self.request(GOOD, REVOKED, GOOD), "malformedRequest")
        large = self.request(GOOD, extensions=[ocsp.extension("1.2.3.4", bytes(300))])
        self.assertEqual(self.lab.ask(large).http, 413)
        self.assertEqual(self.lab.get("/" + lab.base64_of(large)).ocsp.status, "malformedRequest")


class Extensions(lab.LabTest):
    """What stands beside the CertIDs."""

    def test_what_is_not_critical_is_ignored(self):
        """Q5"""
        unknown = ocsp.extension("1.2.3.4", b"whatever")
        response = self.answer(self.request(GOOD, extensions=[unknown], single_extensions=[unknown]))
        self.assertEqual((response.statuses, response.extensions), (["good"], []))

    def test_what_is_critical_and_unknown_is_malformed(self):
        """Q6: logged with its OID"""
        critical = ocsp.extension("1.2.840.99.7", b"", critical=True)
        for how in ({"extensions": [critical]}, {"single_extensions": [critical]}):
            reply = self.lab.ask(self.request(GOOD, **how))
            self.assertEqual(reply.ocsp.status, "malformedRequest")
            self.assertIn("1.2.840.99.7", reply.log["message"])

    def test_a_repeated_one_is_malformed(self):
        """Q11"""
        twice = [ocsp.extension("1.2.3.4", b"1"), ocsp.extension("1.2.3.4", b"2")]
        self.assert_error(self.request(GOOD, extensions=twice), "malformedRequest")
        self.assert_error(self.request(GOOD, single_extensions=twice), "malformedRequest")

    def test_version_and_requestor(self):
        """Q2, Q7"""
        requestor = asn1.explicit(1, asn1.tlv(0x82, b"client.example.org"))
        explicit_v1 = asn1.explicit(0, asn1.integer(0))
        self.assertEqual(self.answer(self.request(GOOD, version=explicit_v1)).statuses, ["good"])
        self.assertEqual(self.answer(self.request(GOOD, requestor=requestor)).statuses, ["good"])
        for version in (1, 2, -1):
            self.assert_error(self.request(GOOD, version=asn1.explicit(0, asn1.integer(version))), "malformedRequest")

    def test_trailing_octets_ber_and_an_empty_list(self):
        """Q1"""
        request = self.request(GOOD)
        indefinite = b"\x30\x80" + asn1.parse(request).content + b"\x00\x00"
        long_length = b"\x30\x82" + len(asn1.parse(request).content).to_bytes(2, "big") + asn1.parse(request).content
        for der in (request + b"\x00", indefinite, long_length, ocsp.request(), b"\x30\x00", b"\x00", b"\x31" + request[1:]):
            with self.subTest(der=der.hex()):
                self.assert_error(der, "malformedRequest")

    def test_a_signature_is_parsed_and_ignored(self):
        """Q7: one that does not verify too"""
        tbs = asn1.parse(self.request(GOOD)).children()[0].raw
        algorithm = asn1.sequence(asn1.oid("1.2.840.10045.4.3.2"))
        signature = asn1.sequence(algorithm, asn1.tlv(0x03, b"\x00" + bytes(64)))
        self.assertEqual(self.answer(asn1.sequence(tbs, asn1.explicit(0, signature))).statuses, ["good"])
        self.assert_error(asn1.sequence(tbs, asn1.explicit(0, algorithm)), "malformedRequest")


class Log(lab.LabTest):
    def test_the_line_of_a_request(self):
        """H14: time, method, CA, serials, status, OCSP status, bytes, microseconds"""
        reply = self.lab.ask(self.request(GOOD, REVOKED), REQUEST_METHOD="POST")
        line = reply.log
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual((line["method"], line["ca"]), ("POST", "ca"))
        self.assertEqual(line["serials"], "0x1001,0x1002")
        self.assertEqual((line["status"], line["ocsp"]), ("good,revoked", "successful"))
        self.assertEqual(line["bytes"], len(reply.body))
        self.assertGreater(line["us"], 0)

    def test_nothing_foreign_breaks_the_line(self):
        """H14"""
        reply = self.lab.ask(REQUEST_METHOD='GE"T\n{"level":"x"}\x1b[31m\u00e4')
        self.assertEqual(len(reply.log_lines), 1)
        self.assertTrue(all(" " <= character <= "~" for character in reply.log_lines[0]))
        self.assertIn("GE", reply.log["method"])

    def test_a_long_request_has_a_short_line(self):
        """H14"""
        reply = self.lab.ask(self.request(*range(2**500, 2**500 + 64)))
        self.assertLess(len(reply.log_text), 4096)
        self.assertEqual(reply.ocsp.statuses, ["unknown"] * 64)
        json.loads(reply.log_text)


class TextLog(lab.LabTest):
    settings = {"log": {"format": "text", "level": "info"}}

    def test_one_line_of_words(self):
        reply = self.lab.ask(self.request(REVOKED))
        self.assertEqual(len(reply.log_lines), 1)
        for word in ("0x1002", "revoked", "successful"):
            self.assertIn(word, reply.log_text)


class QuietLog(lab.LabTest):
    settings = {"log": {"level": "error"}}

    def test_nothing_is_said_of_what_went_well(self):
        self.assertEqual(self.lab.ask(self.request(GOOD)).log_text, "")
