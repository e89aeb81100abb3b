"""The strictest readers find nothing to say: every kind of response, read by four implementations that must agree."""

import os
import unittest

import asn1
import lab
import ocsp
import readers
import strict_der
from lab import GOOD, REVOKED, UNKNOWN
from test_signers import ALGORITHMS

ALL = (GOOD, REVOKED, UNKNOWN)


class Readers(lab.LabTest):
    """One CA for each kind of answer and one for each algorithm."""

    settings = {"nonce": "copy"}
    kinds = {
        "plain": {},
        "extended": {"unknown_serial": "revoked"},
        "cutoff": {"archive_cutoff_days": 3650},
        "by-name": {"responder_id": "name"},
        "no-signer": {"include_signer": False},
        "chain": {"ocsp_chain": "links.pem"},
        "everything": {"unknown_serial": "revoked", "archive_cutoff_days": 30, "responder_id": "name", "ocsp_chain": "links.pem"},
    }

    @classmethod
    def prepare(cls):
        cls.authorities, configuration = {}, {}
        chain = [cls.lab.authority("intermediate"), cls.lab.authority("root")]
        cls.lab.write("links.pem", b"".join(open(certificate.path, "rb").read() for certificate in chain))
        for name, policy in cls.kinds.items():
            configuration[name] = cls.add(name, "p256", policy)
        for name, (key, how, _) in ALGORITHMS.items():
            configuration[name] = cls.add(name, key, {})
            configuration[name]["ocsp_cert"].update(how)
        signed = cls.add("signed", "p256", {"require_signed_requests": {"requesters": ["plain-ocsp.pem"]}})
        errors = {"late": cls.add("late", "p256", {}), "signed": signed}
        cls.lab.compile({**configuration, **errors}, **cls.settings)
        for name in configuration:  # "late" has no table: tryLater
            cls.index_table(name)

    @classmethod
    def add(cls, name, key, policy):
        cls.authorities[name] = cls.lab.authority(name)
        return lab.table_ca(name, cls.lab.delegate(name + "-ocsp", cls.authorities[name], key=key), **policy)

    def ask_for(self, name, *serials, hash="sha1", parameters=asn1.NULL, **more):
        certids = [ocsp.certid(self.authorities[name], serial, hash, parameters) for serial in serials]
        return self.lab.ask(ocsp.request(*certids, **more))

    def assert_agreed(self, reply, *but):
        """Read strictly, and by all others (but those named), with the same outcome. Returns the fields."""
        path = self.lab.write("response.der", reply.body)
        fields = strict_der.ocsp_response(reply.body)
        for name, read in readers.READERS.items():
            if name not in but:
                with self.subTest(reader=name):
                    self.assert_part(read(path), fields)
        return fields

    def assert_part(self, part, fields):
        for key, value in part.items():
            if key == "singles":
                self.assertEqual(len(value), len(fields[key]))
                for single, expected in zip(value, fields[key]):
                    self.assert_part(single, expected)
            elif key == "extensions":
                self.assertEqual(sorted(value), sorted(fields[key]))
            else:
                self.assertEqual((key, value), (key, fields[key]))

    def test_every_kind_of_answer(self):
        """R1–R7, R10, S2, S5: each status alone, all at once, with and without a nonce"""
        for name in self.kinds:
            for serials in ((GOOD,), (REVOKED,), (UNKNOWN,), ALL, (UNKNOWN, GOOD, GOOD)):
                for nonce in (None, bytes(range(128))):
                    with self.subTest(kind=name, serials=serials, nonce=nonce):
                        more = {"extensions": [ocsp.nonce(nonce)]} if nonce else {}
                        fields = self.assert_agreed(self.ask_for(name, *serials, **more))
                        self.assertEqual([single["serial"] for single in fields["singles"]], list(serials))
                        self.assertEqual(fields["nonce"], nonce and nonce.hex())

    def test_what_tells_the_kinds_apart_is_there(self):
        """So that the test above is not one of the same answer again and again"""
        for name, policy in self.kinds.items():
            fields = strict_der.ocsp_response(self.ask_for(name, *ALL).body)
            extended = "unknown_serial" in policy
            self.assertEqual(fields["extensions"], [ocsp.EXTENDED_REVOKE] if extended else [])
            self.assertEqual([single["status"] for single in fields["singles"]], ["good", "revoked", "revoked" if extended else "unknown"])
            self.assertEqual(fields["singles"][0]["cutoff"] is not None, "archive_cutoff_days" in policy)
            self.assertEqual(fields["responder_name"] is not None, "responder_id" in policy)
            self.assertEqual(len(fields["certs"]), 0 if "include_signer" in policy else 3 if "ocsp_chain" in policy else 1)

    def test_every_length_of_a_nonce(self):
        """N3"""
        for length in (1, 16, 32, 127, 128):
            nonce = bytes(range(length))
            self.assertEqual(self.assert_agreed(self.ask_for("plain", GOOD, extensions=[ocsp.nonce(nonce)]))["nonce"], nonce.hex())

    def test_every_algorithm(self):
        """R8"""
        for name in ALGORITHMS:
            with self.subTest(algorithm=name):
                self.assert_agreed(self.ask_for(name, *ALL))

    def test_every_hash_of_a_certid(self):
        """Q3, Q4: with NULL and with absent parameters, and the serials that need care"""
        for hash in ("sha1", "sha256", "sha384", "sha512"):
            for parameters in (asn1.NULL, b""):
                with self.subTest(hash=hash, parameters=parameters):
                    serials = (0, 1, 127, 128, 255, 256, 2**159, 2**160 - 1)
                    fields = self.assert_agreed(self.ask_for("plain", *serials, hash=hash, parameters=parameters))
                    self.assertEqual([single["serial"] for single in fields["singles"]], list(serials))

    def test_sixty_four_certificates(self):
        """Q8, Q9: two octets of length everywhere"""
        serials = tuple(range(2**152, 2**152 + 64))
        self.assertEqual(len(self.assert_agreed(self.ask_for("everything", *serials))["singles"]), 64)

    def test_errors(self):
        """S6: five octets and no more"""
        stranger = ocsp.request(ocsp.certid(self.lab.authority("stranger"), GOOD))
        broken = self.lab.write("broken", b"no snapshot")
        os.chmod(broken, 0o640)
        for reply, status in (
            (self.lab.ask(b"\x30\x00"), 1),
            (self.lab.ask(stranger, OCSP_CGI_SNAPSHOT=broken), 2),
            (self.ask_for("late", GOOD), 3),
            (self.ask_for("signed", GOOD), 5),
            (self.lab.ask(stranger), 6),
        ):
            with self.subTest(status=status):
                self.assertEqual(self.assert_agreed(reply), {"status": status})
                self.assertEqual(len(reply.body), 5)

    def test_one_certificate_stays_under_16_kib(self):
        """H13: headers, a nonce of 128 octets, a chain and the longest signature of these"""
        for name in (*self.kinds, *ALGORITHMS):
            reply = self.ask_for(name, 2**159, hash="sha512", extensions=[ocsp.nonce(bytes(128))])
            self.assertLess(len(reply.raw), 16 * 1024)


class StrictReader(unittest.TestCase):
    """The reader itself refuses what DER and the profile forbid."""

    time = asn1.tlv(0x18, b"20260101000000Z")
    later = asn1.explicit(0, asn1.tlv(0x18, b"20260102000000Z"))
    certid = asn1.sequence(
        asn1.sequence(asn1.oid("1.3.14.3.2.26"), asn1.NULL), asn1.octet_string(bytes(20)), asn1.octet_string(bytes(20)), asn1.integer(1)
    )

    def single(self, status=asn1.tlv(0x80), more=b"", **fields):
        return asn1.sequence(fields.get("certid", self.certid), status, fields.get("time", self.time), fields.get("next", self.later), more)

    def response(self, version=b"", singles=None, extensions=b"", certs=b"", algorithm=None, signature=None):
        responder = asn1.explicit(2, asn1.octet_string(bytes(20)))
        tbs = asn1.sequence(version, responder, self.time, asn1.sequence(self.single() if singles is None else singles), extensions)
        algorithm = algorithm or asn1.sequence(asn1.oid("1.3.101.112"))
        basic = asn1.sequence(tbs, algorithm, asn1.tlv(0x03, b"\x00" + bytes(64) if signature is None else signature), certs)
        octets = asn1.sequence(asn1.oid(strict_der.BASIC), asn1.octet_string(basic))
        return asn1.sequence(asn1.tlv(0x0A, b"\x00"), asn1.explicit(0, octets))

    def test_it_reads_what_is_right(self):
        self.assertEqual(strict_der.ocsp_response(self.response())["singles"][0]["status"], "good")
        self.assertEqual(strict_der.ocsp_response(b"\x30\x03\x0a\x01\x06"), {"status": 6})

    def test_it_refuses_what_is_wrong(self):
        extension = lambda *parts: asn1.sequence(asn1.oid(strict_der.NONCE), *parts, asn1.octet_string(asn1.octet_string(b"n")))
        extensions = lambda *each: asn1.explicit(1, asn1.sequence(*each))
        rsa = asn1.oid("1.2.840.113549.1.1.11")
        revoked = lambda *more: asn1.tlv(0xA1, self.time + b"".join(more))
        parts = [node.raw for node in asn1.parse(self.certid).children()[:3]]
        whole = self.response()
        wrong = {
            "explicit v1": self.response(version=asn1.explicit(0, asn1.integer(0))),
            "no responses": self.response(singles=b""),
            "empty extensions": self.response(extensions=extensions()),
            "critical FALSE": self.response(extensions=extensions(extension(asn1.boolean(False)))),
            "critical TRUE": self.response(extensions=extensions(extension(asn1.boolean(True)))),
            "an extension twice": self.response(extensions=extensions(extension(), extension())),
            "another extension": self.response(extensions=extensions(asn1.sequence(asn1.oid("1.2.3"), asn1.octet_string(b"")))),
            "empty certs": self.response(certs=asn1.explicit(0, asn1.sequence())),
            "empty singleExtensions": self.response(singles=self.single(more=extensions())),
            "good with content": self.response(singles=self.single(asn1.tlv(0x80, b"\x05\x00"))),
            "good as a constructed": self.response(singles=self.single(asn1.tlv(0xA0))),
            "unspecified": self.response(singles=self.single(revoked(asn1.explicit(0, asn1.tlv(0x0A, b"\x00"))))),
            "removeFromCRL": self.response(singles=self.single(revoked(asn1.explicit(0, asn1.tlv(0x0A, b"\x08"))))),
            "no nextUpdate": self.response(singles=self.single(next=b"")),
            "a fraction": self.response(singles=self.single(time=asn1.tlv(0x18, b"20260101000000.5Z"))),
            "UTCTime": self.response(singles=self.single(time=asn1.tlv(0x17, b"260101000000Z"))),
            "thisUpdate after producedAt": self.response(singles=self.single(time=asn1.tlv(0x18, b"20260101000001Z"))),
            "serial not minimal": self.response(singles=self.single(certid=asn1.sequence(*parts, asn1.tlv(0x02, b"\x00\x01")))),
            "RSA without NULL": self.response(algorithm=asn1.sequence(rsa)),
            "Ed25519 with NULL": self.response(algorithm=asn1.sequence(asn1.oid("1.3.101.112"), asn1.NULL)),
            "SHA-1": self.response(algorithm=asn1.sequence(asn1.oid("1.2.840.113549.1.1.5"), asn1.NULL)),
            "unused bits": self.response(signature=b"\x01\x00"),
            "trailing octets": whole + b"\x00",
            "cut off": whole[:-1],
            "a long length": b"\x30\x84\x00\x00" + whole[2:],
            "indefinite": b"\x30\x80\x0a\x01\x06\x00\x00",
            "status 4": b"\x30\x03\x0a\x01\x04",
            "status in two octets": b"\x30\x04\x0a\x02\x00\x06",
            "an error with a body": asn1.sequence(asn1.tlv(0x0A, b"\x06"), asn1.explicit(0, asn1.sequence())),
            "successful without a body": b"\x30\x03\x0a\x01\x00",
        }
        for name, der in wrong.items():
            with self.subTest(name):
                self.assertRaises(strict_der.Refused, strict_der.ocsp_response, der)
