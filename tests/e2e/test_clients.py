"""Real clients ask ocsp-cgi behind real web servers: OpenSSL, GnuTLS, curl, wget, Python's cryptography."""

import base64
import email.utils
import os
import re
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509 import ocsp as pyca

import asn1
import lab
import lab_clients
import lab_web
import ocsp
from lab_clients import PLAIN, STATUSES

DIGESTS = ("sha1", "sha256", "sha384", "sha512")


class Clients(lab_clients.ClientTest):
    # ---- openssl ocsp ----

    def openssl(self, ca, *arguments, verify=None, issuer=None):
        verify = verify or ("-CAfile", self.roots[ca].cert_file)
        return ("openssl", "ocsp", "-url", self.url, *verify, "-issuer", issuer or f"{ca}.pem", *arguments)

    def assert_openssl(self, said, *wanted):
        """`wanted`: (certificate, status) in the order of the request"""
        self.assertIn("Response verify OK", said)
        self.assertNotIn("WARNING", said)  # of a nonce that did not come back, of times
        self.assertNotIn("Response Verify Failure", said)
        self.assertEqual(re.findall(r"^(\S+): (good|revoked|unknown)$", said, re.MULTILINE), list(wanted))

    def test_openssl_on_every_ca_with_every_digest(self):
        for ca in PLAIN:
            for digest in DIGESTS:
                with self.subTest(ca=ca, digest=digest):
                    certs = [word for status in STATUSES for word in (f"-{digest}", "-cert", f"{ca}-{status}.pem")]
                    said = self.must(*self.openssl(ca, *certs))
                    self.assert_openssl(said, *((f"{ca}-{status}.pem", status) for status in STATUSES))
                    self.assertIn("Reason: keyCompromise", said)
                    self.assertIn("Revocation Time: Jan  1 00:00:00 2025 GMT", said)

    def test_openssl_with_and_without_a_nonce(self):
        for how, comes_back in (("-nonce", True), ("-no_nonce", False)):
            for path in ("", "/", "/ocsp", "/ocsp/", "/cgi-bin/ocsp"):
                with self.subTest(how=how, path=path):
                    url = ("-url", f"http://127.0.0.1:{self.web.port}{path}")
                    said = self.must(*self.openssl("ca", *url, how, "-cert", "ca-good.pem", "-resp_text"))
                    self.assert_openssl(said, ("ca-good.pem", "good"))
                    self.assertEqual("OCSP Nonce" in said, comes_back)

    def test_openssl_by_host_and_path(self):
        host = ("-host", f"127.0.0.1:{self.web.port}", "-path", "/ocsp", "-header", "Host=ocsp.example.com")
        arguments = self.openssl("ca", *host, "-cert", "ca-good.pem")
        self.assert_openssl(self.must(*arguments[:2], *arguments[4:]), ("ca-good.pem", "good"))

    def test_openssl_takes_the_times_without_tolerance(self):
        """R3: -validity_period 0 refuses a thisUpdate of the next second"""
        for ca in PLAIN:
            with self.subTest(ca=ca):
                said = self.must(*self.openssl(ca, "-cert", f"{ca}-good.pem", "-validity_period", "0"))
                self.assert_openssl(said, (f"{ca}-good.pem", "good"))

    def test_openssl_is_told_the_signer(self):
        """-VAfile, the only way with include_signer: false"""
        for ca in ("ca", "rsa", "bare"):
            with self.subTest(ca=ca):
                told = ("-VAfile", self.signers[ca].cert_file)
                said = self.must(*self.openssl(ca, "-cert", f"{ca}-good.pem", verify=told))
                self.assert_openssl(said, (f"{ca}-good.pem", "good"))
        _, said = self.tool(*self.openssl("bare", "-cert", "bare-good.pem"))
        self.assertIn("signer certificate not found", said)

    def test_openssl_finds_the_chain_in_the_response(self):
        """ocsp_chain: without it the root alone would not do"""
        self.must(*self.openssl("inter", "-cert", "inter-good.pem", "-respout", "inter.der"))
        status, said = self.tool("openssl", "ocsp", "-respin", "inter.der", "-CAfile", "root.pem")
        self.assertEqual((status, "Response verify OK" in said), (0, True), said)

    def test_openssl_with_another_root_refuses(self):
        """These tests would notice a false signature"""
        _, said = self.tool(*self.openssl("ca", "-cert", "ca-good.pem", verify=("-CAfile", "rsa.pem")))
        self.assertIn("Response Verify Failure", said)

    def test_openssl_signs_its_request(self):
        """sigRequired: who must, who need not, and with what along"""
        signer = ("-signer", "requester.pem", "-signkey", "requester.key")
        for ca in ("signed", "ca"):
            for more in ((), ("-no_certs",), ("-sign_other", "signed.pem"), ("-sha512",), ("-nonce",)):
                with self.subTest(ca=ca, more=more):
                    said = self.must(*self.openssl(ca, *signer, *more, "-cert", f"{ca}-good.pem", "-cert", f"{ca}-revoked.pem"))
                    self.assert_openssl(said, (f"{ca}-good.pem", "good"), (f"{ca}-revoked.pem", "revoked"))
        _, said = self.tool(*self.openssl("signed", "-cert", "signed-good.pem"))
        self.assertIn("Responder Error: sigrequired (5)", said)
        other = ("-signer", "ca-good.pem", "-signkey", "ca-good.key")
        _, said = self.tool(*self.openssl("signed", *other, "-cert", "signed-good.pem"))
        self.assertIn("Responder Error: unauthorized (6)", said)

    # ---- what clients demand ----

    def mixed_request(self, ca, respout):
        """Several certificates, one of them twice, under different digests: what went out, what came back."""
        certs = [("sha1", "good"), ("sha256", "revoked"), ("sha512", "good")]
        certs += [("sha1", "unknown"), ("sha1", "good"), ("sha384", "revoked")]
        words = [word for digest, status in certs for word in (f"-{digest}", "-cert", f"{ca}-{status}.pem")]
        self.must(*self.openssl(ca, *words, "-reqout", "request.der", "-respout", respout))
        tbs = asn1.parse(self.read("request.der")).children()[0]
        requests = next(node for node in tbs.children() if node.tag == 0x30)
        certids = [request.children()[0].raw for request in requests.children()]
        self.assertEqual(len(set(certids)), 5)
        return certids, [status for _, status in certs], ocsp.Response(self.read(respout))

    def test_exactly_one_single_response_per_certid_in_order(self):
        """Q4, Q8: the CertIDs come back octet for octet"""
        for ca in PLAIN:
            with self.subTest(ca=ca):
                certids, statuses, response = self.mixed_request(ca, "response.der")
                self.assertEqual([single.certid for single in response.singles], certids)
                self.assertEqual(response.statuses, statuses)

    def test_the_signers_certificate_first(self):
        """R6: then ocsp_chain; the CA's own where it signs itself"""
        for ca in PLAIN:
            with self.subTest(ca=ca):
                _, _, response = self.mixed_request(ca, "response.der")
                chain = [self.cas["inter"].der()] if ca == "inter" else []
                self.assertEqual(response.certs, [self.signers[ca].der(), *chain])

    def test_times_never_in_the_future(self):
        """R3: of tables and of a source that is asked now, in the DER and in HTTP's headers"""
        for ca in PLAIN:
            for status in STATUSES:
                with self.subTest(ca=ca, status=status):
                    der = ocsp.request(ocsp.certid(self.cas[ca], self.certificates[ca][status].certificate.serial_number))
                    with urllib.request.urlopen(f"{self.url}/{lab.base64_of(der)}") as reply:
                        response, headers, now = ocsp.Response(reply.read()), reply.headers, lab.now()
                    single = response.singles[0]
                    self.assertLessEqual(single.this_update, response.produced_at)
                    self.assertLessEqual(response.produced_at, now)
                    self.assertGreater(single.next_update, now)
                    if status != "unknown":
                        last_modified = email.utils.parsedate_to_datetime(headers["Last-Modified"])
                        self.assertEqual(int(last_modified.timestamp()), single.this_update)

    # ---- GnuTLS ----

    def ocsptool(self, ca, status, *more):
        load = ("--load-issuer", f"{ca}.pem", "--load-cert", f"{ca}-{status}.pem")
        return self.must("ocsptool", f"--ask={self.url}", *load, *more)

    def test_gnutls_asks_and_verifies(self):
        """GnuTLS takes the signer's certificate alone, and wants its issuer among what is trusted"""
        for ca in PLAIN:
            for status in STATUSES:
                for more in ((), ("--nonce",)):
                    with self.subTest(ca=ca, status=status, more=more):
                        said = self.ocsptool(ca, status, "--load-trust", f"{ca}.pem", *more)
                        self.assertIn("Verifying OCSP Response: Success.", said)
                        self.assertIn(f"Certificate Status: {status}", said)
                        if more:
                            self.assertIn("nonce", said.lower())

    def test_gnutls_finds_the_url_in_the_certificate(self):
        said = self.must("ocsptool", "--ask", "--load-issuer", "ca.pem", "--load-cert", "ca-revoked.pem", "--load-trust", "ca.pem")
        self.assertIn("Connecting to OCSP server: 127.0.0.1", said)
        self.assertIn("Verifying OCSP Response: Success.", said)
        self.assertIn("Certificate Status: revoked", said)

    def test_gnutls_verifies_by_the_signer_alone(self):
        for ca in ("ca", "rsa", "self"):
            with self.subTest(ca=ca):
                self.ocsptool(ca, "good", "--outfile", "gnutls.der")
                verify = ("ocsptool", "--verify-response", "--load-response", "gnutls.der", "--load-signer")
                self.assertIn("Success", self.must(*verify, self.signers[ca].cert_file))
                status, said = self.tool(*verify, self.signers["inter"].cert_file)
                self.assertNotEqual(status, 0, said)

    # ---- curl and wget ----

    def assert_accepted(self, name, ca, status):
        """A file that a client has written is what OpenSSL accepts."""
        how = ("-issuer", f"{ca}.pem", "-cert", f"{ca}-{status}.pem", "-CAfile", self.roots[ca].cert_file, "-no_nonce")
        self.assert_openssl(self.must("openssl", "ocsp", "-respin", name, *how), (f"{ca}-{status}.pem", status))
        os.remove(self.lab.path(name))

    def request_file(self, ca, status):
        self.must("openssl", "ocsp", "-issuer", f"{ca}.pem", "-cert", f"{ca}-{status}.pem", "-no_nonce", "-reqout", "ask.der")
        return self.read("ask.der")

    def test_curl_and_wget_get_and_post(self):
        type_header = "Content-Type: application/ocsp-request"
        for status in STATUSES:
            der = self.request_file("ca", status)
            post = ("-H", type_header, "--data-binary", "@ask.der", self.url)
            raw, escaped = f"{self.url}/{base64.b64encode(der).decode()}", f"{self.url}/{lab.base64_of(der)}"
            curl = ("curl", "-sSf", "-o", "reply.der")
            wget = ("wget", "-q", "-O", "reply.der")
            for name, arguments in {
                "curl GET": (*curl, raw),
                "curl GET, escaped": (*curl, escaped),
                "curl GET, HTTP/1.0": (*curl, "--http1.0", escaped),
                "curl POST": (*curl, *post),
                "curl POST, chunked": (*curl, "-H", "Transfer-Encoding: chunked", *post),
                "curl POST, Expect": (*curl, "-H", "Expect: 100-continue", *post),
                "wget GET": (*wget, raw),
                "wget GET, escaped": (*wget, escaped),
                "wget POST": (*wget, f"--header={type_header}", "--post-file=ask.der", self.url),
            }.items():
                with self.subTest(name=name, status=status):
                    self.must(*arguments)
                    self.assert_accepted("reply.der", "ca", status)

    # ---- Python ----

    def python(self, ca, status, digest, nonce=None):
        """A request that Python's cryptography builds, and the response that it has parsed."""
        certificate, issuer = self.certificates[ca][status].certificate, self.cas[ca].certificate
        builder = pyca.OCSPRequestBuilder().add_certificate(certificate, issuer, digest)
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), False)
        der = builder.build().public_bytes(lab.ENCODING.DER)
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        request = urllib.request.Request(self.url, der, headers) if nonce else f"{self.url}/{lab.base64_of(der)}"
        with urllib.request.urlopen(request, timeout=20) as reply:
            self.assertEqual(reply.headers["Content-Type"], "application/ocsp-response")
            return pyca.load_der_ocsp_request(der), pyca.load_der_ocsp_response(reply.read())

    def verify(self, response, signer, issuer):
        """As an application does it: the first certificate is the CA's own, or one that the CA made for OCSP."""
        first = response.certificates[0]
        self.assertEqual(first, signer.certificate)
        if first != issuer.certificate:
            self.assertEqual(first.issuer, issuer.certificate.subject)
            self.verify_signature(issuer, first.signature, first.tbs_certificate_bytes, first.signature_hash_algorithm)
            purposes = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            self.assertIn(x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING, purposes)
        self.verify_signature(signer, response.signature, response.tbs_response_bytes, response.signature_hash_algorithm)
        if response.responder_name:
            self.assertEqual(response.responder_name, first.subject)
        else:
            key_hash = x509.SubjectKeyIdentifier.from_public_key(first.public_key()).digest
            self.assertEqual(response.responder_key_hash, key_hash)

    def verify_signature(self, signer, signature, octets, digest):
        public = signer.certificate.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, octets, ec.ECDSA(digest))
        else:
            public.verify(signature, octets, padding.PKCS1v15(), digest)

    def test_python_asks_and_verifies(self):
        """GET without, POST with a nonce; the fields of the answer are those of the request"""
        for ca in PLAIN:
            for status in STATUSES:
                for digest in (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
                    for nonce in (None, bytes(range(32))):
                        with self.subTest(ca=ca, status=status, digest=digest.name, nonce=nonce):
                            asked, response = self.python(ca, status, digest, nonce)
                            self.assert_python(asked, response, status, nonce)
                            self.verify(response, self.signers[ca], self.cas[ca])

    def assert_python(self, asked, response, status, nonce):
        self.assertEqual(response.response_status, pyca.OCSPResponseStatus.SUCCESSFUL)
        for field in ("serial_number", "issuer_name_hash", "issuer_key_hash"):
            self.assertEqual(getattr(response, field), getattr(asked, field))
        self.assertEqual(response.hash_algorithm.name, asked.hash_algorithm.name)
        self.assertEqual(response.certificate_status, pyca.OCSPCertStatus[status.upper()])
        if status == "revoked":
            self.assertEqual(response.revocation_reason, x509.ReasonFlags.key_compromise)
            self.assertIsNotNone(response.revocation_time)
        self.assertLess(response.this_update, response.next_update)
        self.assertEqual([extension.value for extension in response.extensions], [x509.OCSPNonce(nonce)] if nonce else [])


class Apache(Clients):
    server = lab_web.Apache


class Lighttpd(Clients):
    server = lab_web.Lighttpd


class Nginx(Clients):
    server = lab_web.Nginx


class Revalidation(lab_clients.ClientTest):
    settings = {"cache_headers": True, "cache_window": 86400}

    def test_curl_keeps_an_etag(self):
        """H9, H9a: a strong one of RSA, a weak one of ECDSA, both are 304 the next time"""
        for ca, form in (("rsa", r'"[0-9a-f]{64}"'), ("ca", r'W/"[0-9a-f]{64}"')):
            with self.subTest(ca=ca):
                der = ocsp.request(ocsp.certid(self.cas[ca], self.certificates[ca]["good"].certificate.serial_number))
                curl = ("curl", "-sSf", "-o", "reply.der", "-w", "%{http_code}", f"{self.url}/{lab.base64_of(der)}")
                self.assertEqual(self.must(*curl, "--etag-save", "etag"), "200")
                self.assertRegex(self.read("etag").decode().strip(), f"^{form}$")
                self.assertEqual(self.must(*curl, "--etag-compare", "etag"), "304")


del Clients  # run as these three only
