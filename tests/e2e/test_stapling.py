"""nginx and Apache staple what ocsp-cgi answers, TLS clients accept it; both ask it about their clients' certificates."""

import os
import re
import time

from cryptography import x509

import lab
import lab_clients
import lab_tls
import lab_web
import ocsp
from lab_clients import PLAIN, STATUSES


class Stapling(lab_clients.ClientTest):
    # Must-Staple (RFC 7633): GnuTLS refuses the certificate unless a good answer comes along.
    extensions = ((x509.TLSFeature([x509.TLSFeatureType.status_request]), False),)
    tls_server = None
    staples_all = False  # or the good only

    @classmethod
    def prepare(cls):
        super().prepare()
        roots = cls.write_roots()
        cls.tls = cls.tls_server(cls.lab, cls.hosts(), cls.chains(), roots, client_ca=cls.cas["ca"])
        cls.addClassCleanup(cls.tls.close)

    # ---- TLS clients ----

    def s_client(self, host, *more):
        connect = ("-connect", f"127.0.0.1:{self.tls.port}", "-servername", host)
        _, said = self.tool("openssl", "s_client", *connect, "-CAfile", "roots.pem", "-verify_hostname", host, "-status", *more)
        self.assertIn("Verify return code: 0 (ok)", said)
        return said

    def wait_for_staple(self, host):
        """nginx asks the responder once the first client has come, and staples from then on."""
        deadline = time.monotonic() + 10
        while "OCSP response: no response sent" in (said := self.s_client(host)):
            self.assertLess(time.monotonic(), deadline, f"{host}\n{said}\n{self.tls.log_text()[-2000:]}")
            time.sleep(0.02)
        return said

    def curl(self, host, *more):
        at = f"{host}:{self.tls.port}"
        return self.tool("curl", "-sS", *more, "--cacert", "roots.pem", "--resolve", f"{at}:127.0.0.1", f"https://{at}/")

    def gnutls(self, host, *more):
        names = ("--x509cafile", "roots.pem", "--sni-hostname", host, "--verify-hostname", host, "--port", str(self.tls.port))
        return self.tool("gnutls-cli", *names, *more, "127.0.0.1")

    # ---- stapling ----

    def test_openssl_shows_the_staple(self):
        for ca in PLAIN:
            with self.subTest(ca=ca):
                said = self.wait_for_staple(f"{ca}-good.example")
                self.assertIn("OCSP Response Status: successful (0x0)", said)
                self.assertIn("Cert Status: good", said)
                serial = self.certificates[ca]["good"].certificate.serial_number
                self.assertEqual(int(re.search(r"Serial Number: ([0-9A-F]+)", said)[1], 16), serial)

    def test_curl_verifies_the_staple(self):
        """--cert-status: of every kind of CA, also under TLS 1.2"""
        for ca in PLAIN:
            self.wait_for_staple(f"{ca}-good.example")
            for version in ("--tlsv1.3", "--tls-max"):
                with self.subTest(ca=ca, version=version):
                    how = (version,) if version == "--tlsv1.3" else (version, "1.2")
                    self.assertEqual(self.curl(f"{ca}-good.example", "--cert-status", *how), (0, "welcome"))

    def test_gnutls_verifies_and_saves_the_staple(self):
        """What GnuTLS got is what OpenSSL accepts: one answer, the signer's certificate first, no time in the future"""
        for ca in PLAIN:
            with self.subTest(ca=ca):
                self.wait_for_staple(f"{ca}-good.example")
                status, said = self.gnutls(f"{ca}-good.example", "--save-ocsp", "staple.der")
                self.assertEqual(status, 0, said)
                self.assertIn("Status: The certificate is trusted.", said)
                how = ("-issuer", f"{ca}.pem", "-cert", f"{ca}-good.pem", "-CAfile", self.roots[ca].cert_file, "-no_nonce")
                said = self.must("openssl", "ocsp", "-respin", "staple.der", *how, "-validity_period", "0")
                self.assertIn("Response verify OK", said)
                self.assertIn(f"{ca}-good.pem: good", said)
                response = ocsp.Response(self.read("staple.der"))
                self.assertEqual(response.statuses, ["good"])
                self.assertEqual(response.certs[0], self.signers[ca].der())
                self.assertLessEqual(response.produced_at, lab.now())
                os.remove(self.lab.path("staple.der"))

    def test_a_revoked_certificate_is_refused(self):
        self.assert_refused("revoked")

    def test_an_unknown_certificate_is_refused(self):
        self.assert_refused("unknown")

    def assert_refused(self, status):
        for ca in PLAIN:
            with self.subTest(ca=ca):
                host = f"{ca}-{status}.example"
                self.settle(host, status)
                self.assertEqual(self.curl(host)[0], 0)  # which does not ask for a staple
                code, said = self.curl(host, "--cert-status")
                self.assertEqual(code, 91, said)  # CURLE_SSL_INVALIDCERTSTATUS
                code, said = self.gnutls(host)
                if status == "revoked" or not self.staples_all:  # an unknown one GnuTLS takes for a staple like any other
                    self.assertEqual((code, "Status: The certificate is NOT trusted." in said), (1, True), said)

    def settle(self, host, status):
        """The server has asked, whatever it makes of the answer."""
        raise NotImplementedError

    # ---- certificates of clients ----

    def test_certificates_of_clients(self):
        """The server asks about each: only the good one comes in"""
        for status in STATUSES:
            with self.subTest(status=status):
                code, said = self.curl("clients.example", "-k", "--cert", f"ca-{status}.pem", "--key", f"ca-{status}.key")
                self.assertEqual(said.endswith("welcome"), status == "good", (code, said, self.tls.log_text()[-1500:]))
        serials = [hex(self.certificates["ca"][status].certificate.serial_number) for status in STATUSES]
        self.assertEqual([line["serials"] for line in self.web.log_lines()[-3:]], serials)


class Nginx(Stapling):
    """ssl_stapling, ssl_stapling_verify; GET. The responder is behind nginx too."""

    server = lab_web.Nginx
    tls_server = lab_tls.NginxTls

    def settle(self, host, status):
        """It staples what is good, and says so of the rest in its log."""
        word = f'certificate status "{status}" in the OCSP response'
        self.assertIn("no response sent", self.s_client(host))
        self.tls.wait_until(lambda: word in self.tls.log_text())


class Apache(Stapling):
    """SSLUseStapling; POST. The responder is behind Apache too."""

    server = lab_web.Apache
    tls_server = lab_tls.ApacheTls
    staples_all = True

    def settle(self, host, status):
        self.assertIn(f"Cert Status: {status}", self.wait_for_staple(host))


del Stapling  # run as these two only
