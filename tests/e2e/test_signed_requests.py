"""require_signed_requests: who may ask, by real clients' signatures (Q7, RFC 6960 4.1.2)."""

import subprocess

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import asn1
import ocsp
from lab import GOOD, REVOKED, LabTest, base64_of, table_ca

KINDS = {"rsa": "rsa2048", "p256": "p256", "p384": "p384", "p521": "p521", "ed": "ed25519"}


class SignedRequests(LabTest):
    """`ca` answers its requesters, `open` anybody."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.stranger = cls.lab.certificate("stranger")
        cls.another = cls.lab.certificate("another", key="rsa2048")

    @classmethod
    def compile_site(cls):
        cls.requesters = {name: cls.lab.certificate(name, key=kind) for name, kind in KINDS.items()}
        cls.requesters["rsa"] = cls.lab.certificate("rsa", key="rsa3072")  # no one's but its
        cls.expired = cls.lab.certificate("expired", days=(-3, -1))
        cls.next = cls.lab.certificate("next", days=(1, 3))
        cls.open = cls.lab.authority("open")
        cls.open_delegate = cls.lab.delegate("open-ocsp", cls.open)
        names = [*KINDS, "expired", "next"]
        signed = {"require_signed_requests": {"requesters": [f"{name}.pem" for name in names]}}
        cls.lab.compile(
            {"ca": table_ca("ca", cls.delegate, **signed), "open": table_ca("open", cls.open_delegate)}, cache_window=60
        )
        cls.index_table("ca")
        cls.index_table("open")

    def openssl(self, signer, *more, ca="ca", serial=GOOD):
        """A request that `openssl ocsp` signs."""
        arguments = ["-issuer", f"{ca}.pem", "-serial", hex(serial), "-reqout", "request.der", "-no_nonce"]
        if signer:
            arguments += ["-signer", signer.cert_file, "-signkey", signer.key_file]
        done = subprocess.run(["openssl", "ocsp", *arguments, *more], cwd=self.lab.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.lab.path("request.der"), "rb") as file:
            return file.read()

    def tbs(self, ca):
        return asn1.parse(ocsp.request(ocsp.certid(ca, GOOD))).children()[0].raw

    def signed(self, signer, tbs, algorithm, *how, certs=b""):
        """A request that is signed here."""
        signature = asn1.tlv(0x03, b"\0" + signer.key.sign(tbs, *how))
        return asn1.sequence(tbs, asn1.explicit(0, asn1.sequence(algorithm, signature, certs)))

    def signed_with(self, signer, rsa_arc, ecdsa_arc, digest, certs=b"", ca="ca"):
        """By RSA PKCS#1 v1.5 1.2.840.113549.1.1.`rsa_arc` or ECDSA 1.2.840.10045.4.`ecdsa_arc`."""
        tbs = self.tbs(self.open if ca == "open" else self.ca)
        if isinstance(signer.key, rsa.RSAPrivateKey):
            algorithm = asn1.sequence(asn1.oid(f"1.2.840.113549.1.1.{rsa_arc}"), asn1.NULL)
            return self.signed(signer, tbs, algorithm, padding.PKCS1v15(), digest, certs=certs)
        algorithm = asn1.sequence(asn1.oid(f"1.2.840.10045.4.{ecdsa_arc}"))
        return self.signed(signer, tbs, algorithm, ec.ECDSA(digest), certs=certs)

    def assert_good(self, der):
        response = self.answer(der)
        self.assertEqual((response.status, response.statuses), ("successful", ["good"]))

    # ---- those who may ask ----

    def test_every_kind_of_key(self):
        for name, requester in self.requesters.items():
            with self.subTest(name):
                self.assert_good(self.openssl(requester))

    def test_every_digest(self):
        for number, digest in enumerate((hashes.SHA256(), hashes.SHA384(), hashes.SHA512())):
            for name in ("rsa", "p256", "p384", "p521"):
                with self.subTest(f"{name} {digest.name}"):
                    self.assert_good(self.signed_with(self.requesters[name], 11 + number, f"3.{2 + number}", digest))

    def test_several_certificates_and_a_nonce_are_signed_for_at_once(self):
        der = self.openssl(self.requesters["rsa"], "-serial", hex(REVOKED), "-nonce")
        self.assertEqual(self.answer(der).statuses, ["good", "revoked"])

    def test_by_get(self):
        reply = self.lab.get("/ocsp/" + base64_of(self.openssl(self.requesters["p256"])))
        self.assertEqual(reply.ocsp.statuses, ["good"])

    def test_certs_are_optional_and_not_looked_at(self):
        """No chain is built: who signed is found by the key, whatever the request carries along."""
        self.assert_good(self.openssl(self.requesters["rsa"], "-no_certs"))
        for certs in (b"", self.stranger.der(), self.stranger.der() * 3, asn1.sequence(b"")):
            listed = asn1.explicit(0, asn1.sequence(certs)) if certs else b""
            self.assert_good(self.signed_with(self.requesters["rsa"], 11, "3.2", hashes.SHA256(), certs=listed))

    def test_rsa_pss(self):
        sha256 = asn1.sequence(asn1.oid(ocsp.HASHES["sha256"]), asn1.NULL)
        mgf1 = asn1.sequence(asn1.oid("1.2.840.113549.1.1.8"), sha256)
        for salt, accepted in ((32, True), (20, False)):
            parameters = asn1.sequence(
                asn1.explicit(0, sha256), asn1.explicit(1, mgf1), asn1.explicit(2, asn1.integer(salt))
            )
            algorithm = asn1.sequence(asn1.oid("1.2.840.113549.1.1.10"), parameters)
            how = (padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
            der = self.signed(self.requesters["rsa"], self.tbs(self.ca), algorithm, *how)
            self.assertEqual(self.answer(der).status, "successful" if accepted else "unauthorized")

    # ---- those who may not ----

    def test_unsigned(self):
        """sigRequired(5), and no short cut by what a client holds already"""
        self.assert_error(self.openssl(None), "sigRequired")
        reply = self.lab.get("/ocsp/" + base64_of(self.request(GOOD)), HTTP_IF_NONE_MATCH="*")
        self.assertEqual((reply.http, reply.ocsp.status), (200, "sigRequired"))
        self.assertEqual(reply.header("Cache-Control"), "no-store")
        self.assertIn("signed requests only", reply.log["message"])

    def test_strangers(self):
        for stranger in (self.stranger, self.another, self.delegate, self.ca):
            with self.subTest(stranger.name):
                self.assert_error(self.openssl(stranger), "unauthorized")

    def test_a_stranger_with_a_requesters_certificate(self):
        """The certificate that comes along proves nothing."""
        certs = asn1.explicit(0, asn1.sequence(self.requesters["rsa"].der()))
        self.assert_error(self.signed_with(self.another, 11, "3.2", hashes.SHA256(), certs=certs), "unauthorized")

    def test_certificates_that_are_not_valid_now(self):
        for requester in (self.expired, self.next):
            with self.subTest(requester.name):
                reply = self.lab.ask(self.openssl(requester))
                self.assertEqual(reply.ocsp.status, "unauthorized")
                self.assertIn(f"not valid now, of CN={requester.name}", reply.log["message"])

    def test_sha1(self):
        for name in ("rsa", "p256"):
            with self.subTest(name):
                der = self.signed_with(self.requesters[name], 5, "1", hashes.SHA1())
                reply = self.lab.ask(der)
                self.assertEqual(reply.ocsp.status, "unauthorized")
                self.assertIn("an algorithm that is not accepted", reply.log["message"])

    def test_no_octet_of_what_is_signed_or_of_the_signature_can_be_changed(self):
        for name in ("rsa", "p256"):
            der = bytearray(self.openssl(self.requesters[name], "-no_certs"))
            self.assert_good(bytes(der))
            for at in range(0, len(der), 1 if name == "p256" else 7):
                der[at] ^= 0x04
                status = self.answer(bytes(der)).status
                self.assertIn(status, ("malformedRequest", "unauthorized"), f"{name}: octet {at}")
                der[at] ^= 0x04

    # ---- other CAs ----

    def test_a_ca_without_the_requirement_ignores_signatures(self):
        """Q7: a stranger's, SHA-1, and one that is false"""
        algorithm = asn1.sequence(asn1.oid("1.2.840.113549.1.1.11"), asn1.NULL)
        false = asn1.explicit(0, asn1.sequence(algorithm, asn1.tlv(0x03, b"\0false")))
        self.assert_good(self.openssl(None, ca="open"))
        self.assert_good(self.openssl(self.stranger, ca="open"))
        self.assert_good(self.signed_with(self.another, 5, "1", hashes.SHA1(), ca="open"))
        self.assert_good(asn1.sequence(self.tbs(self.open), false))

    def test_a_request_for_both_cas_is_not_let_through(self):
        der = ocsp.request(ocsp.certid(self.open, GOOD), self.certid(GOOD))
        self.assert_error(der, "unauthorized")

    # ---- the operator ----

    def test_show_names_the_requesters(self):
        shown = self.lab.must("show", "snapshot").stdout
        self.assertIn("requests must be signed; requesters: 7", shown)
        self.assertIn("requester 1: rsa key\n    subject CN=rsa\n", shown)
        self.assertEqual(shown.count("must be signed"), 1)
