"""Which CA a request is for, and which certificates it asks about."""

import hashlib

import asn1
import lab
import ocsp
from lab import GOOD, REVOKED, UNKNOWN


class CertID(lab.LabTest):
    def test_every_hash_with_null_and_with_absent_parameters(self):
        """Q3, Q4"""
        for algorithm in ("sha1", "sha256", "sha384", "sha512"):
            for parameters in (asn1.NULL, b""):
                with self.subTest(algorithm=algorithm, parameters=parameters.hex()):
                    certid = self.certid(REVOKED, algorithm, parameters)
                    response = self.answer(ocsp.request(certid))
                    self.assertEqual(response.statuses, ["revoked"])
                    self.assertEqual(response.singles[0].certid, certid)

    def test_an_unknown_hash_is_unauthorized(self):
        """Q3, S1"""
        self.assert_error(ocsp.request(self.certid(GOOD, "sha224")), "unauthorized")

    def test_name_and_key_must_both_be_the_cas(self):
        """Q3"""
        for algorithm in ("sha1", "sha256"):
            right = asn1.parse(self.certid(GOOD, algorithm)).children()
            for wrong in (1, 2):
                with self.subTest(algorithm=algorithm, field=wrong):
                    digest = right[wrong].content
                    for other in (hashlib.new(algorithm, b"another").digest(), digest[:-1] + bytes([digest[-1] ^ 1])):
                        parts = [part.raw for part in right]
                        parts[wrong] = asn1.octet_string(other)
                        self.assert_error(ocsp.request(asn1.sequence(*parts)), "unauthorized")

    def test_a_hash_of_another_length_finds_no_ca(self):
        """Q3"""
        algorithm, name, key, serial = asn1.parse(self.certid(GOOD)).children()
        for cut in (0, 1, 8, 19):
            with self.subTest(octets=cut):
                short = asn1.sequence(algorithm.raw, asn1.octet_string(name.content[:cut]), key.raw, serial.raw)
                self.assertIn(self.answer(ocsp.request(short)).status, ("unauthorized", "malformedRequest"))

    def test_several_certificates_in_the_order_of_the_request(self):
        """Q8"""
        serials = [REVOKED, GOOD, UNKNOWN, REVOKED, GOOD]
        response = self.answer(self.request(*serials))
        self.assertEqual([single.serial for single in response.singles], serials)
        self.assertEqual(response.statuses, ["revoked", "good", "unknown", "revoked", "good"])

    def test_certids_of_different_hashes_in_one_request(self):
        """Q3, Q8"""
        certids = [self.certid(GOOD, "sha512"), self.certid(REVOKED, "sha1", b""), self.certid(GOOD, "sha256")]
        response = self.answer(ocsp.request(*certids))
        self.assertEqual([single.certid for single in response.singles], certids)
        self.assertEqual(response.statuses, ["good", "revoked", "good"])

    def test_as_many_certids_as_configured_and_no_more(self):
        """Q9"""
        response = self.answer(self.request(*[GOOD] * 64))
        self.assertEqual(response.statuses, ["good"] * 64)
        self.assert_error(self.request(*[GOOD] * 65), "malformedRequest")

    def test_long_serials_are_tolerated_and_unknown(self):
        """Q10"""
        for octets in (20, 21, 63, 64):
            with self.subTest(octets=octets):
                serial = b"\x01" + bytes(octets - 1)
                response = self.answer(ocsp.request(self.certid(serial)))
                self.assertEqual(response.statuses, ["unknown"])
        self.assert_error(ocsp.request(self.certid(b"\x01" + bytes(64))), "malformedRequest")

    def test_negative_serials_are_unknown(self):
        """Q10: -REVOKED, and the octets of REVOKED with the sign bit set, match nothing"""
        for serial in (-1, -GOOD, -REVOKED, GOOD - 0x10000, GOOD - 0x8000):
            with self.subTest(serial=serial):
                self.assertEqual(self.answer(self.request(serial)).statuses, ["unknown"])

    def test_a_serial_with_superfluous_octets_is_malformed(self):
        """Q1"""
        for serial in (b"\x00\x10\x01", b"\xff\xff", b""):
            with self.subTest(serial=serial.hex()):
                self.assert_error(ocsp.request(self.certid(serial)), "malformedRequest")

    def test_zero_and_leading_zero_octets_of_a_serial(self):
        """Q10: 0x80 is encoded 00 80"""
        self.assertEqual(self.answer(self.request(0, 0x80, 0xFF)).statuses, ["unknown"] * 3)


class TwoAuthorities(lab.LabTest):
    """Two CAs with one name and two keys, and a third with the first one's key and another name."""

    @classmethod
    def prepare(cls):
        key = lab.new_key("p256")
        same = lab.common_name("Same name")
        cls.ca = cls.lab.authority("ca", key=key, subject=same)
        cls.rekeyed = cls.lab.authority("rekeyed", subject=same)
        cls.renamed = cls.lab.authority("renamed", key=key)
        cls.stranger = cls.lab.authority("stranger")
        authorities = {}
        for authority in (cls.ca, cls.rekeyed, cls.renamed):
            delegate = cls.lab.delegate(f"{authority.name}-ocsp", authority)
            authorities[authority.name] = lab.table_ca(authority.name, delegate)
        cls.lab.compile(authorities)
        for number, name in enumerate(authorities):
            flags = [("R" if number == place else "V", GOOD + place, "250101000000Z" if number == place else "") for place in range(3)]
            cls.lab.index("index.txt", flags)
            cls.lab.table(name, "--index", "index.txt")

    def test_each_ca_answers_from_its_own_table(self):
        """Q3"""
        for place, authority in enumerate((self.ca, self.rekeyed, self.renamed)):
            with self.subTest(authority=authority.name):
                response = self.answer(ocsp.request(*(ocsp.certid(authority, GOOD + n) for n in range(3))))
                expected = ["good", "good", "good"]
                expected[place] = "revoked"
                self.assertEqual(response.statuses, expected)

    def test_certificates_of_two_cas_are_unauthorized(self):
        """Q8"""
        for other in (self.rekeyed, self.renamed, self.stranger):
            for pair in ((self.ca, other), (other, self.ca)):
                with self.subTest(pair=[authority.name for authority in pair]):
                    self.assert_error(ocsp.request(*(ocsp.certid(authority, GOOD) for authority in pair)), "unauthorized")

    def test_an_unconfigured_ca_is_unauthorized(self):
        """S1, S6: five octets, unsigned"""
        reply = self.lab.ask(ocsp.request(ocsp.certid(self.stranger, GOOD)))
        self.assertEqual(reply.body, bytes.fromhex("30030a0106"))
