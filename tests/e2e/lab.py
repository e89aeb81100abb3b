"""A throw-away site in a temporary folder: CAs, delegates, configuration, tables, and the two programs under test."""

import base64
import datetime
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import ocsp

BUILD = os.environ.get("OCSP_CGI_BUILD", "build")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAY = 86400
ENCODING = serialization.Encoding


def now():
    return int(datetime.datetime.now(datetime.timezone.utc).timestamp())


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


def base64_of(der):
    """A GET's path as OpenSSL's and Windows' clients write it: every character of base64 that may be escaped is."""
    text = base64.b64encode(der).decode()
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def free_port():
    """Below those that Linux gives to connections by itself, so that none takes it before the server does."""
    while True:
        port = random.randrange(10000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_open(port):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name):
    return os.path.join(os.path.abspath(BUILD), name)


_rsa_keys = {}


def new_key(kind):
    """"p256", "p384", "p521", "ed25519", or "rsa2048", "rsa3072" …: RSA keys are slow to make, so each size has one."""
    if kind.startswith("rsa"):
        bits = int(kind[3:])
        return _rsa_keys.setdefault(bits, rsa.generate_private_key(65537, bits))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}[kind]())


def key_pem(key, password=None):
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(ENCODING.PEM, serialization.PrivateFormat.PKCS8, protection)


def common_name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def key_usage(*bits):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in bits for name in names})


class Certificate:
    """A certificate, its key, and their files."""

    def __init__(self, folder, name, key, certificate):
        self.name, self.key, self.certificate = name, key, certificate
        self.cert_file, self.key_file = f"{name}.pem", f"{name}.key"
        self.path = os.path.join(folder, self.cert_file)
        with open(self.path, "wb") as file:
            file.write(certificate.public_bytes(ENCODING.PEM))
        with open(os.path.join(folder, self.key_file), "wb") as file:
            file.write(key_pem(key))

    def der(self):
        return self.certificate.public_bytes(ENCODING.DER)

    def name_der(self):
        return self.certificate.subject.public_bytes()

    def public_key_der(self):
        return self.key.public_key().public_bytes(ENCODING.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Reply:
    """What ocsp-cgi wrote: a status line, headers in their order, a body; and what it logged."""

    def __init__(self, done):
        self.exit_status = done.returncode
        self.raw = done.stdout
        self.log_text = done.stderr.decode()
        self.log_lines = self.log_text.splitlines()
        head, _, self.body = done.stdout.partition(b"\r\n\r\n")
        self.headers = [tuple(line.split(": ", 1)) for line in head.decode("ascii").split("\r\n")]
        self.http = int(self.header("Status").split()[0]) if self.headers[0][0] == "Status" else None

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} twice"
        return values[0] if values else None

    @property
    def log(self):
        """The one line that a request leaves, which is JSON by default."""
        assert len(self.log_lines) == 1, f"not one line: {self.log_text!r}"
        return json.loads(self.log_lines[0])

    @property
    def ocsp(self):
        assert self.header("Content-Type") == "application/ocsp-response", self.headers
        return ocsp.Response(self.body)


class Lab:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ocsp-cgi-e2e-")
        os.chmod(self.folder, 0o755)
        self.serial = 100
        self.snapshot = self.path("snapshot")

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    # ---- certificates ----

    def certificate(self, name, issuer=None, key="p256", subject=None, days=(-1, 30), period=None, extensions=(), digest=hashes.SHA256):
        """`days`: notBefore and notAfter in days from now, or `period`: in Unix seconds. `extensions`: pairs (value, critical)."""
        private = new_key(key) if isinstance(key, str) else key
        subject = subject or common_name(name)
        begin, end = period or (now() + int(days[0] * DAY), now() + int(days[1] * DAY))
        self.serial += 1
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(private.public_key())
            .serial_number(self.serial)
            .not_valid_before(utc(begin))
            .not_valid_after(utc(end))
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        signer = issuer.key if issuer else private
        algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else digest()
        return Certificate(self.folder, name, private, builder.sign(signer, algorithm))

    def authority(self, name="ca", usage=("key_cert_sign", "crl_sign"), **how):
        constraints = [(x509.BasicConstraints(True, None), True), (key_usage(*usage), True)]
        return self.certificate(name, extensions=constraints, **{"days": (-30, 300), **how})

    def delegate(self, name, issuer, ocsp_signing=True, nocheck=True, **how):
        purpose = ExtendedKeyUsageOID.OCSP_SIGNING if ocsp_signing else ExtendedKeyUsageOID.SERVER_AUTH
        extensions = [(x509.ExtendedKeyUsage([purpose]), False), (key_usage("digital_signature"), True)]
        if nocheck:
            extensions.append((x509.OCSPNoCheck(), False))
        return self.certificate(name, issuer, extensions=extensions, **how)

    # ---- sources of status ----

    def index(self, name, entries):
        """index.txt of `openssl ca`: (flag, serial, revocation time and reason or "")."""
        date = "491231235959Z"
        even = lambda digits: "0" * (len(digits) % 2) + digits
        return self.write(
            name,
            "".join(f"{flag}\t{date}\t{revoked}\t{even(f'{serial:X}')}\tunknown\t/CN=x\n" for flag, serial, revoked in entries),
        )

    def crl(self, name, issuer, revoked=(), days=(-1, 6), number=1, extensions=(), signer=None):
        """`revoked`: (serial, Unix seconds, x509.ReasonFlags or None)."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(utc(now() + int(days[0] * DAY)))
            .next_update(utc(now() + int(days[1] * DAY)))
            .add_extension(x509.CRLNumber(number), False)
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        for serial, when, reason in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(utc(when))
            if reason:
                entry = entry.add_extension(x509.CRLReason(reason), False)
            builder = builder.add_revoked_certificate(entry.build())
        crl = builder.sign((signer or issuer).key, hashes.SHA256())
        return self.write(name, crl.public_bytes(ENCODING.PEM))

    # ---- the programs ----

    def ctl(self, *arguments):
        return subprocess.run(
            [program("ocspctl"), *arguments], cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
        )

    def must(self, *arguments):
        done = self.ctl(*arguments)
        assert done.returncode == 0, f"ocspctl {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}"
        return done

    def configure(self, authorities, **settings):
        """JSON is YAML: the configuration is written as such."""
        return self.write("config.yaml", json.dumps({**settings, "certificate_authorities": authorities}, indent=1))

    def compile(self, authorities, **settings):
        self.configure(authorities, **settings)
        return self.must("compile", "-c", "config.yaml", "-o", "snapshot")

    def table(self, ca, *source, output=None):
        return self.must("table", *source, "--ca", ca, "-c", "config.yaml", "-o", output or f"{ca}.table")

    def ask(self, der=b"", arguments=(), **environment):
        """One run of ocsp-cgi with nothing in its environment but what is given."""
        keep = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        done = subprocess.run(
            [program("ocsp-cgi"), *arguments],
            input=der,
            capture_output=True,
            env={**keep, "OCSP_CGI_SNAPSHOT": self.snapshot, **environment},
            timeout=60,
        )
        return Reply(done)

    def get(self, target, **environment):
        return self.ask(REQUEST_METHOD="GET", REQUEST_URI=target, **environment)


def table_ca(name, delegate, **more):
    """The configuration of a CA with a delegate and a table NAME.table."""
    return {
        "ca_cert": {"cert": f"{name}.pem"},
        "ocsp_cert": {"cert": delegate.cert_file, "key": delegate.key_file},
        "status": {"table": f"{name}.table"},
        **more,
    }


GOOD, REVOKED, UNKNOWN = 0x1001, 0x1002, 0x1003
REVOKED_AT = 1735689600  # 2025-01-01T00:00:00Z


class LabTest(unittest.TestCase):
    """A class of tests around one site, which its `prepare` makes; `self.lab` is the class's own."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """One CA, a P-256 delegate, an index with GOOD and REVOKED (keyCompromise)."""
        cls.ca = cls.lab.authority("ca")
        cls.delegate = cls.lab.delegate("ocsp", cls.ca)
        cls.compile_site()

    settings = {}  # top-level keys of the configuration that prepare() writes
    policy = {}  # keys of its one CA

    @classmethod
    def compile_site(cls):
        cls.lab.compile({"ca": table_ca("ca", cls.delegate, **cls.policy)}, **cls.settings)
        cls.index_table("ca")

    @classmethod
    def index_table(cls, ca):
        entries = [("V", GOOD, ""), ("R", REVOKED, "250101000000Z,keyCompromise")]
        cls.lab.index("index.txt", entries)
        cls.lab.table(ca, "--index", "index.txt", "--force")

    def certid(self, serial, *how, **more):
        return ocsp.certid(self.ca, serial, *how, **more)

    def request(self, *serials, **more):
        return ocsp.request(*(self.certid(serial) for serial in serials), **more)

    def answer(self, der, **environment):
        """The decoded OCSPResponse of a run that ended well: HTTP 200, exit 0, one log line."""
        reply = self.lab.ask(der, **environment)
        self.assertEqual((reply.exit_status, reply.http), (0, 200), reply.log_text)
        self.assertEqual(len(reply.log_lines), 1, reply.log_text)
        return reply.ocsp

    def assert_error(self, der, status, **environment):
        self.assertEqual(self.answer(der, **environment).status, status)
