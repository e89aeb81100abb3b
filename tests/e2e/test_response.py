"""A response is what RFC 6960's ASN.1 says, field by field, in OpenSSL's reading too."""

import re
import subprocess

import asn1
import lab
import ocsp
from lab import GOOD, REVOKED, REVOKED_AT, UNKNOWN

NONCE = bytes(range(16))


class Fields(lab.LabTest):
    settings = {"nonce": "copy"}

    def ask_for(self, *serials):
        response = self.answer(self.request(*serials, extensions=[ocsp.nonce(NONCE)]))
        self.lab.write("response.der", response.der)
        return response

    def expected_tbs(self, response, serials):
        """ResponseData put together by hand; its times are the response's own, which other tests judge."""
        time = lambda seconds: asn1.tlv(0x18, lab.utc(seconds).strftime("%Y%m%d%H%M%SZ").encode())
        singles = []
        for serial, single in zip(serials, response.singles):
            status = {
                GOOD: asn1.tlv(0x80),
                REVOKED: asn1.tlv(0xA1, time(REVOKED_AT) + asn1.explicit(0, asn1.tlv(0x0A, b"\x01"))),
                UNKNOWN: asn1.tlv(0x82),
            }[serial]
            times = time(single.this_update) + asn1.explicit(0, time(single.next_update))
            singles.append(asn1.sequence(self.certid(serial), status, times))
        key_hash = asn1.parse(ocsp.certid(self.delegate, 1)).children()[2].raw
        return asn1.sequence(
            asn1.explicit(2, key_hash),
            time(response.produced_at),
            asn1.sequence(*singles),
            asn1.explicit(1, asn1.sequence(ocsp.nonce(NONCE))),
        )

    def test_every_octet_but_the_signature(self):
        """R1–R7"""
        serials = (GOOD, REVOKED, UNKNOWN)
        response = self.ask_for(*serials)
        self.assertEqual(response.tbs.hex(), self.expected_tbs(response, serials).hex())
        basic = asn1.sequence(
            response.tbs,
            asn1.sequence(asn1.oid("1.2.840.10045.4.3.2")),
            asn1.tlv(0x03, b"\x00" + response.signature),
            asn1.explicit(0, asn1.sequence(self.delegate.der())),
        )
        octets = asn1.sequence(asn1.oid("1.3.6.1.5.5.7.48.1.1"), asn1.octet_string(basic))
        whole = asn1.sequence(asn1.tlv(0x0A, b"\x00"), asn1.explicit(0, octets))
        self.assertEqual(response.der.hex(), whole.hex())

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.lab.folder, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_openssl_reads_the_same_fields(self):
        response = self.ask_for(REVOKED)
        text = self.openssl("ocsp", "-respin", "response.der", "-resp_text", "-noverify")
        name, key, serial = (node.content.hex().upper() for node in asn1.parse(self.certid(REVOKED)).children()[1:])
        moment = lambda seconds: lab.utc(seconds).strftime("%b %e %H:%M:%S %Y GMT")
        single = response.singles[0]
        for field, value in (
            ("OCSP Response Status", "successful (0x0)"),
            ("Response Type", "Basic OCSP Response"),
            ("Version", "1 (0x0)"),
            ("Responder Id", asn1.parse(ocsp.certid(self.delegate, 1)).children()[2].content.hex().upper()),
            ("Produced At", moment(response.produced_at)),
            ("Hash Algorithm", "sha1"),
            ("Issuer Name Hash", name),
            ("Issuer Key Hash", key),
            ("Serial Number", serial),
            ("Cert Status", "revoked"),
            ("Revocation Time", moment(REVOKED_AT)),
            ("Revocation Reason", "keyCompromise (0x1)"),
            ("This Update", moment(single.this_update)),
            ("Next Update", moment(single.next_update)),
        ):
            with self.subTest(field=field):
                found = re.search(rf"^ *{field}: (.*)$", text, re.MULTILINE)
                self.assertIsNotNone(found, text)
                self.assertEqual(found.group(1).strip(), value)
        self.assertIn("0410" + NONCE.hex().upper(), text)
        self.assertIn("Signature Algorithm: ecdsa-with-SHA256", text)

    def test_openssl_asn1parse_finds_the_same_structure(self):
        self.ask_for(GOOD)
        lines = self.openssl("asn1parse", "-inform", "DER", "-in", "response.der").splitlines()
        (at,) = [int(line.split(":")[0]) for line in lines if "OCTET STRING" in line]
        lines += self.openssl("asn1parse", "-inform", "DER", "-in", "response.der", "-strparse", str(at)).splitlines()
        shape = [re.sub(r" +", " ", re.sub(r"^ *\d+:d=(\d+) +hl=\d+ l= *\d+ (prim|cons): ", r"\1 ", line)).strip() for line in lines]
        without_values = [re.sub(r" ?:.*| \[HEX DUMP\].*", "", line).strip() for line in shape]
        self.assertEqual(
            without_values[:29],
            [
                "0 SEQUENCE",  # OCSPResponse
                "1 ENUMERATED",
                "1 cont [ 0 ]",
                "2 SEQUENCE",  # ResponseBytes
                "3 OBJECT",
                "3 OCTET STRING",
                "0 SEQUENCE",  # BasicOCSPResponse
                "1 SEQUENCE",  # tbsResponseData
                "2 cont [ 2 ]",  # byKey
                "3 OCTET STRING",
                "2 GENERALIZEDTIME",  # producedAt
                "2 SEQUENCE",  # responses
                "3 SEQUENCE",  # SingleResponse
                "4 SEQUENCE",  # CertID
                "5 SEQUENCE",
                "6 OBJECT",
                "6 NULL",
                "5 OCTET STRING",
                "5 OCTET STRING",
                "5 INTEGER",
                "4 cont [ 0 ]",  # good
                "4 GENERALIZEDTIME",  # thisUpdate
                "4 cont [ 0 ]",
                "5 GENERALIZEDTIME",  # nextUpdate
                "2 cont [ 1 ]",  # responseExtensions
                "3 SEQUENCE",
                "4 SEQUENCE",
                "5 OBJECT",
                "5 OCTET STRING",
            ],
        )
