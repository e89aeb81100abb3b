"""A site for real clients: CAs of every kind, and certificates with the URL of the web server that answers for them."""

import functools
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

import lab
import lab_redis
import lab_web

REVOKED_INDEX = "250101000000Z,keyCompromise"
# CAs that any client can ask and verify without being told more than the root; `live` is in Redis.
PLAIN = ("ca", "rsa", "self", "inter", "live")
STATUSES = ("good", "revoked", "unknown")


@functools.cache
def rsa_key():
    """The lab has one of each size, which is the delegate's; this is the CA's."""
    return rsa.generate_private_key(65537, 2048)


class ClientTest(lab.LabTest):
    """`self.certificates[CA]`: a good, a revoked and an unknown certificate; `self.roots[CA]`: what is trusted."""

    server = lab_web.Apache
    settings = {"nonce": "copy", "cache_headers": True}
    extensions = ()  # of each certificate

    @classmethod
    def setUpClass(cls):
        cls.lab = lab_web.Site()
        cls.addClassCleanup(cls.lab.close)
        cls.prepare()

    @classmethod
    def prepare(cls):
        cls.authorities()
        cls.redis = lab_redis.Server(cls.lab.path("redis"), port=True)
        cls.addClassCleanup(cls.redis.close)
        cls.lab.compile(cls.configuration(), redis={"address": f"127.0.0.1:{cls.redis.port}"}, **cls.settings)
        cls.web = cls.server(cls.lab)
        cls.addClassCleanup(cls.web.close)
        cls.url = f"http://127.0.0.1:{cls.web.port}/ocsp"
        cls.certificates = {}
        for name in cls.cas:
            cls.issue(name)

    @classmethod
    def authorities(cls):
        root = cls.lab.authority("root")
        cls.cas = {
            "ca": cls.lab.authority("ca"),
            "rsa": cls.lab.authority("rsa", key=rsa_key()),
            "self": cls.lab.authority("self", usage=("key_cert_sign", "crl_sign", "digital_signature")),
            "inter": cls.lab.authority("inter", issuer=root, key="p384", days=(-20, 200)),
            "live": cls.lab.authority("live"),
            "bare": cls.lab.authority("bare"),
            "signed": cls.lab.authority("signed"),
        }
        cls.roots = {**cls.cas, "inter": root}
        cls.requester = cls.lab.certificate("requester")
        kinds = {"rsa": "rsa2048", "inter": "p384"}
        cls.signers = {"self": cls.cas["self"]}
        for name in cls.cas.keys() - cls.signers:
            cls.signers[name] = cls.lab.delegate(f"{name}-ocsp", cls.cas[name], key=kinds.get(name, "p256"))

    @classmethod
    def configuration(cls):
        more = {
            "rsa": {"responder_id": "name"},
            "inter": {"ocsp_chain": "inter.pem"},
            # thisUpdate is the very second of the request: nothing hides a time that is too late.
            "live": {"status": "redis", "ocsp_start_skew_seconds": 0},
            "bare": {"include_signer": False},
            "signed": {"require_signed_requests": {"requesters": ["requester.pem"]}},
        }
        settings = {name: lab.table_ca(name, cls.signers[name], **more.get(name, {})) for name in cls.cas}
        settings["self"] = {"ca_cert": {"cert": "self.pem", "key": "self.key"}, "status": {"table": "self.table"}}
        return settings

    @classmethod
    def issue(cls, name):
        aia = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(cls.url))
        made = {}
        for status in STATUSES:
            host = x509.SubjectAlternativeName([x509.DNSName(f"{name}-{status}.example")])
            extensions = [(x509.AuthorityInformationAccess([aia]), False), (host, False), *cls.extensions]
            made[status] = cls.lab.certificate(f"{name}-{status}", cls.cas[name], extensions=extensions)
        cls.certificates[name] = made
        good, revoked = (made[status].certificate.serial_number for status in ("good", "revoked"))
        if name == "live":
            where, why = ("-c", "config.yaml", "--ca", name), ("--reason", "keyCompromise", "--time", str(lab.REVOKED_AT))
            cls.lab.must("issue", *where, str(good), str(revoked))
            cls.lab.must("revoke", *where, *why, str(revoked))
        else:
            cls.lab.index("index.txt", [("V", good, ""), ("R", revoked, REVOKED_INDEX)])
            cls.lab.table(name, "--index", "index.txt")

    # ---- for the servers of lab_tls ----

    @classmethod
    def write_roots(cls):
        return cls.lab.write("roots.pem", b"".join(open(cls.roots[ca].path, "rb").read() for ca in PLAIN))

    @classmethod
    def hosts(cls):
        return [cls.certificates[ca][status] for ca in PLAIN for status in STATUSES]

    @classmethod
    def chains(cls):
        return {certificate.name: [cls.cas[ca]] for ca in PLAIN for certificate in cls.certificates[ca].values()}

    # ---- running a client ----

    def tool(self, *arguments, given=""):
        """Its exit status, and all that it says."""
        streams = {"input": given, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(arguments, cwd=self.lab.folder, text=True, timeout=30, **streams)
        return done.returncode, done.stdout

    def must(self, *arguments, given=""):
        status, said = self.tool(*arguments, given=given)
        self.assertEqual(status, 0, f"{' '.join(arguments)}\n{said}")
        return said

    def read(self, name):
        with open(self.lab.path(name), "rb") as file:
            return file.read()
