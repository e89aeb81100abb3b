"""Who signs: every algorithm, the next delegate in time, the client's preference."""

import shutil
import subprocess
import unittest

import asn1
import lab
import ocsp
from lab import GOOD, REVOKED, UNKNOWN

RSA, ECDSA = "1.2.840.113549.1.1", "1.2.840.10045.4.3"
PSS = RSA + ".10"


def rsa_pkcs1(number):
    return asn1.sequence(asn1.oid(f"{RSA}.{number}"), asn1.NULL)


def bare(oid):
    return asn1.sequence(asn1.oid(oid))


def rsa_pss(digest, salt):
    """RFC 4055 3.1: RSASSA-PSS-params with hash, MGF1 with the same hash, salt as long as the hash"""
    algorithm = asn1.sequence(asn1.oid(ocsp.HASHES[digest]), asn1.NULL)
    return asn1.sequence(
        asn1.oid(PSS),
        asn1.sequence(
            asn1.explicit(0, algorithm),
            asn1.explicit(1, asn1.sequence(asn1.oid(RSA + ".8"), algorithm)),
            asn1.explicit(2, asn1.integer(salt)),
        ),
    )


# name → key, configuration, AlgorithmIdentifier
ALGORITHMS = {
    "ecdsa-p256": ("p256", {}, bare(ECDSA + ".2")),
    "ecdsa-p384": ("p384", {}, bare(ECDSA + ".3")),
    "ecdsa-p521": ("p521", {}, bare(ECDSA + ".4")),
    "ed25519": ("ed25519", {}, bare("1.3.101.112")),
}
for bits in ("2048", "3072"):
    ALGORITHMS[f"rsa{bits}-default"] = ("rsa" + bits, {}, rsa_pkcs1(11))
    for name, number, salt in (("sha256", 11, 32), ("sha384", 12, 48), ("sha512", 13, 64)):
        ALGORITHMS[f"rsa{bits}-{name}"] = ("rsa" + bits, {"digest": name}, rsa_pkcs1(number))
        pss = {"digest": name, "rsa_padding": "pss"}
        ALGORITHMS[f"rsa{bits}-pss-{name}"] = ("rsa" + bits, pss, rsa_pss(name, salt))


class Algorithms(lab.LabTest):
    """R8: one CA for each, all in one snapshot."""

    @classmethod
    def prepare(cls):
        cls.authorities = {}
        configuration = {}
        for name, (key, settings, _) in ALGORITHMS.items():
            authority = cls.lab.authority(name)
            delegate = cls.lab.delegate(name + "-ocsp", authority, key=key)
            cls.authorities[name] = authority, delegate
            configuration[name] = lab.table_ca(name, delegate)
            configuration[name]["ocsp_cert"].update(settings)
        cls.lab.compile(configuration)
        for name in ALGORITHMS:
            cls.index_table(name)

    def answer_of(self, name, serial):
        authority, _ = self.authorities[name]
        response = self.answer(ocsp.request(ocsp.certid(authority, serial)))
        self.lab.write("response.der", response.der)
        return response

    def run_tool(self, *command):
        done = subprocess.run(command, cwd=self.lab.folder, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def test_openssl_verifies_good_revoked_and_unknown(self):
        for name, (authority, _) in self.authorities.items():
            for serial, word in ((GOOD, "good"), (REVOKED, "revoked"), (UNKNOWN, "unknown")):
                with self.subTest(algorithm=name, status=word):
                    self.assertEqual(self.answer_of(name, serial).statuses, [word])
                    code, text = self.run_tool(
                        "openssl", "ocsp", "-respin", "response.der", "-issuer", authority.cert_file, "-serial", str(serial),
                        "-CAfile", authority.cert_file, "-no_nonce",
                    )
                    self.assertEqual(code, 0, text)
                    self.assertIn("Response verify OK", text)
                    self.assertIn(f"{serial}: {word}", text)
                    if word == "revoked":
                        self.assertIn("Reason: keyCompromise", text)

    @unittest.skipUnless(shutil.which("ocsptool"), "no ocsptool (gnutls-bin)")
    def test_gnutls_verifies(self):
        for name, (authority, delegate) in self.authorities.items():
            if name.endswith(("pss-sha384", "pss-sha512")):
                continue  # GnuTLS 3.7 takes every PSS signature of an OCSP response for SHA-256's, OpenSSL's own too
            self.answer_of(name, REVOKED)
            for trust in (["--load-signer", delegate.cert_file], ["--load-trust", authority.cert_file]):
                with self.subTest(algorithm=name, trust=trust[0]):
                    code, text = self.run_tool("ocsptool", "--verify-response", *trust, "--infile", "response.der")
                    self.assertEqual(code, 0, text)
                    self.assertIn("Verifying OCSP Response: Success", text)

    def test_the_algorithm_identifier_octet_for_octet(self):
        for name, (_, _, identifier) in ALGORITHMS.items():
            with self.subTest(algorithm=name):
                self.assertEqual(self.answer_of(name, GOOD).algorithm.hex(), identifier.hex())


class InTime(lab.LabTest):
    """R11: delegates one after another. notBefore and notAfter are in days from now; the start skew is an hour."""

    delegates = {"ending": (-20, 2), "current": (-10, 20), "too-new": (-0.02, 30), "future": (5, 60), "expired": (-60, -1)}

    @classmethod
    def compile_site(cls):
        cls.signers = {name: cls.lab.delegate(name, cls.ca, days=days) for name, days in cls.delegates.items()}
        cls.compile_with(*cls.signers)

    @classmethod
    def compile_with(cls, *names):
        signers = [{"cert": cls.signers[name].cert_file, "key": cls.signers[name].key_file} for name in names]
        ca = {"ca_cert": {"cert": "ca.pem"}, "ocsp_certs": signers, "status": {"table": "ca.table"}}
        cls.lab.compile({"ca": ca})
        cls.index_table("ca")

    def assert_signer(self, name, *configured):
        self.compile_with(*configured)
        self.assertEqual(self.answer(self.request(GOOD)).certs, [self.signers[name].der()])

    def test_the_latest_whose_start_skew_has_passed(self):
        """R11"""
        self.assert_signer("current", *self.signers)
        self.assert_signer("current", *reversed(self.signers))
        self.assert_signer("ending", "ending", "too-new", "future")

    def test_a_new_one_signs_where_there_is_no_other(self):
        """R11: valid, though within the skew"""
        self.assert_signer("too-new", "too-new", "future", "expired")

    def test_none_valid_is_try_later(self):
        """R11: logged as an error"""
        self.compile_with("future", "expired")
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertEqual(reply.log["level"], "error")


class Preference(lab.LabTest):
    """R9: PreferredSignatureAlgorithms choose among the configured ones."""

    kinds = {"p256": "ecdsa-p256", "rsa": "rsa2048-default", "ed": "ed25519"}

    @classmethod
    def compile_site(cls):
        cls.signers = {name: cls.lab.delegate(name, cls.ca, key=ALGORITHMS[kind][0]) for name, kind in cls.kinds.items()}
        signers = [{"cert": signer.cert_file, "key": signer.key_file} for signer in cls.signers.values()]
        ca = {"ca_cert": {"cert": "ca.pem"}, "ocsp_certs": signers, "status": {"table": "ca.table"}}
        cls.lab.compile({"ca": ca})
        cls.index_table("ca")

    def assert_signer(self, expected, *preferred, critical=False):
        """`preferred`: sigIdentifiers, or pairs of one and a pubKeyAlgIdentifier"""
        pairs = (one if isinstance(one, tuple) else (one,) for one in preferred)
        value = asn1.sequence(*(asn1.sequence(*pair) for pair in pairs))
        extensions = [ocsp.extension(ocsp.PREFERRED, value, critical)] if preferred else []
        response = self.answer(self.request(GOOD, extensions=extensions))
        self.assertEqual(response.certs, [self.signers[expected].der()])
        self.assertEqual(response.algorithm, ALGORITHMS[self.kinds[expected]][2])
        self.assertEqual(response.extensions, [])

    def test_without_a_preference_the_first_listed(self):
        self.assert_signer("p256")

    def test_the_first_preferred_that_is_configured(self):
        rsa, p256, ed = (ALGORITHMS[self.kinds[name]][2] for name in ("rsa", "p256", "ed"))
        p384 = ALGORITHMS["ecdsa-p384"][2]
        self.assert_signer("rsa", rsa)
        self.assert_signer("ed", ed, rsa, p256)
        self.assert_signer("rsa", p384, rsa, p256)
        self.assert_signer("ed", p384, ed, critical=True)

    def key_of(self, name):
        """AlgorithmIdentifier of its certificate's subjectPublicKeyInfo"""
        return asn1.parse(self.signers[name].public_key_der()).children()[0].raw

    def test_a_kind_of_key_is_preferred_too(self):
        """P-384 and ecdsa-with-SHA256: no signer of P-256 is meant"""
        rsa, p256, ed = (ALGORITHMS[self.kinds[name]][2] for name in ("rsa", "p256", "ed"))
        p384 = asn1.sequence(asn1.oid("1.2.840.10045.2.1"), asn1.oid("1.3.132.0.34"))
        for name, algorithm in (("rsa", rsa), ("p256", p256), ("ed", ed)):
            for other in ("rsa", "p256", "ed"):
                expected = name if name == other else "ed" if name != "ed" else "rsa"
                with self.subTest(name, key=other):
                    self.assert_signer(expected, (algorithm, self.key_of(other)), ALGORITHMS[self.kinds[expected]][2])
        self.assert_signer("ed", (p256, p384), ed)
        self.assert_signer("rsa", (p256, p384), (rsa, asn1.sequence(asn1.oid("1.2.840.113549.1.1.1"))))
        self.assert_signer("p256", (p256, p384))

    def test_never_sha1_and_never_none(self):
        """R9: what is not configured falls back to the first"""
        sha1 = rsa_pkcs1(5)
        self.assert_signer("p256", sha1)
        self.assert_signer("rsa", sha1, ALGORITHMS["rsa2048-default"][2])
        self.assert_signer("p256", ALGORITHMS["ecdsa-p384"][2])
