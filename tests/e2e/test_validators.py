"""Programs that validate a certificate ask ocsp-cgi by themselves, at the URL in it: GnuTLS, stunnel, NSS, Java, s_server."""

import os
import shutil
import unittest

import lab
import lab_clients
import lab_tls
import lab_web
from lab_clients import PLAIN, STATUSES

NSS_TOOLS = os.pathsep.join([lab_web.SBIN, "/usr/lib64/nss/unsupported-tools"])


class Stunnel(lab_web.Server):
    """One service, and port, for each host: plain HTTP in, TLS out, if the peer's certificate is good."""

    def __init__(self, site, connect, hosts, trust):
        self.connect, self.hosts, self.trust = connect, hosts, trust
        super().__init__(site)

    def start(self):
        lines = ["foreground = yes", "pid =", "debug = 6", f"output = {self.path('stunnel.log')}"]
        self.port_of = {host: self.new_port() for host in self.hosts}
        self.ports.remove(self.port)
        for host, port in self.port_of.items():
            lines += [f"[{host}]", "client = yes", f"accept = 127.0.0.1:{port}", f"connect = 127.0.0.1:{self.connect}"]
            lines += [f"sni = {host}", f"checkHost = {host}", f"CAfile = {self.trust}", "verifyChain = yes", "OCSPaia = yes"]
        self.run(lab_web.command("stunnel"), self.write("stunnel.conf", "\n".join([*lines, ""])))
        self.wait_until(self.is_listening)


class StatusServer(lab_web.Server):
    """`openssl s_server -status`: asks at each handshake and staples."""

    def __init__(self, site, ca, certificate):
        self.ca, self.certificate = ca, certificate
        super().__init__(site)

    def start(self):
        ca, certificate = self.ca, self.certificate
        files = {"-cert": certificate.cert_file, "-key": certificate.key_file, "-cert_chain": ca.cert_file, "-CAfile": ca.cert_file}
        files = [word for option, name in files.items() for word in (option, self.site.path(name))]
        self.run(lab_web.command("openssl"), "s_server", "-accept", f"127.0.0.1:{self.port}", *files, "-status", "-www")
        self.wait_until(self.is_listening)


class Validators(lab_clients.ClientTest):
    server = lab_web.Lighttpd

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.roots_file = cls.write_roots()
        cls.tls = lab_tls.NginxTls(cls.lab, cls.hosts(), cls.chains(), cls.roots_file, staples=False)
        cls.addClassCleanup(cls.tls.close)

    def each(self):
        for ca in PLAIN:
            for status in STATUSES:
                with self.subTest(ca=ca, status=status):
                    yield ca, status

    def test_gnutls_cli(self):
        """--ocsp. It lets unknown pass as it does good: who has such clients sets unknown_serial: revoked"""
        for ca, status in self.each():
            host = f"{ca}-{status}.example"
            names = ("--x509cafile", "roots.pem", "--sni-hostname", host, "--verify-hostname", host)
            code, said = self.tool("gnutls-cli", "--ocsp", *names, "--port", str(self.tls.port), "127.0.0.1")
            if status == "revoked":
                self.assertIn("*** Certificate was revoked at Wed Jan  1 00:00:00 2025", said)
                self.assertEqual(code, 1)
            else:
                self.assertIn("- OCSP server flags certificate not revoked", said)
                self.assertEqual(code, 0)

    def test_stunnel(self):
        """OCSPaia"""
        hosts = [f"{ca}-{status}.example" for ca in PLAIN for status in STATUSES]
        stunnel = Stunnel(self.lab, self.tls.port, hosts, self.roots_file)
        self.addCleanup(stunnel.close)
        for ca, status in self.each():
            _, said = self.tool("curl", "-s", f"http://127.0.0.1:{stunnel.port_of[f'{ca}-{status}.example']}/")
            self.assertEqual(said == "welcome", status == "good", (said, stunnel.log_text()[-1500:]))
        for status in STATUSES:
            self.assertGreaterEqual(stunnel.read("stunnel.log").count(f"OCSP: Status: {status}"), len(PLAIN))

    def test_nss(self):
        """vfychain, which requires fresh information and has no CRL: the rules of Firefox's library"""
        os.mkdir(self.lab.path("nss"))
        self.must("certutil", "-N", "-d", "sql:nss", "--empty-password")
        for ca in PLAIN:
            root = self.roots[ca]
            self.must("certutil", "-A", "-d", "sql:nss", "-n", root.name, "-t", "CT,,", "-a", "-i", root.cert_file)
        vfychain = shutil.which("vfychain", path=NSS_TOOLS)
        strict = ("-d", "sql:nss", "-pp", "-u", "1", "-g", "leaf", "-h", "requireFreshInfo", "-m", "ocsp", "-s", "requireInfo")
        for ca, status in self.each():
            chain = ("-a", f"{ca}-{status}.pem", *(("-a", "inter.pem") if ca == "inter" else ()))
            code, said = self.tool(vfychain, *strict, *chain)
            self.assertEqual((code, "Chain is good!" in said), (0, True) if status == "good" else (1, False), said)

    @unittest.skipUnless(shutil.which("javac"), "no Java compiler here")
    def test_java(self):
        """PKIXRevocationChecker, with and without a nonce"""
        issuer = {"inter": ",inter.pem"}
        paths = [f"{self.roots[ca].cert_file},{ca}-{status}.pem{issuer.get(ca, '')}" for ca in PLAIN for status in STATUSES]
        reasons = ("good", "REVOKED", "UNDETERMINED_REVOCATION_STATUS")
        self.must("javac", "-d", ".", os.path.join(lab.ROOT, "tests/e2e/CheckPath.java"))
        for nonce in ("true", "false"):
            with self.subTest(nonce=nonce):
                said = self.must("java", f"-Djdk.security.certpath.ocspNonce={nonce}", "CheckPath", *paths)
                self.assertEqual(said.splitlines(), [f"{path}: {reason}" for path, reason in zip(paths, reasons * len(PLAIN))])

    def test_openssl_s_server(self):
        for ca in PLAIN:
            with self.subTest(ca=ca):
                server = StatusServer(self.lab, self.cas[ca], self.certificates[ca]["good"])
                self.addCleanup(server.close)
                url = f"https://{ca}-good.example:{server.port}/"
                how = ("--cert-status", "--cacert", "roots.pem", "--resolve", f"{ca}-good.example:{server.port}:127.0.0.1")
                self.assertIn("s_server", self.must("curl", "-sSf", *how, url))
