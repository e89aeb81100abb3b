"""A class of tests around one web server and a site whose requests have an awkward base64."""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import lab
import lab_web
import lab_web_client
import ocsp

TYPE = "Content-Type: application/ocsp-request"
REVOKED_INDEX = "250101000000Z,keyCompromise"


def is_awkward(der):
    """What merged slashes, decoded pluses and lost padding would break is all there."""
    text = base64.b64encode(der).decode()
    return "//" in text and "+" in text and "/" in text.replace("//", "") and text.endswith("=")


def awkward_end(request, lengths, skip=0):
    """The last octets, a serial's or a nonce's, with which request(octets) is awkward; `skip` finds others."""
    begin = {length: request(bytes([0x40] * length))[:-length] for length in lengths}
    for number in range(1000000):
        length = lengths[number % len(lengths)]
        end = b"\x40" + hashlib.sha256(b"%d" % number).digest()[: length - 1]
        if is_awkward(begin[length] + end):
            skip -= 1
            if skip < 0:
                return end
    raise AssertionError("no such octets")


def awkward_serial(ca, skip=0):
    """Caches need a request without a nonce."""
    return int.from_bytes(awkward_end(lambda octets: ocsp.request(ocsp.certid(ca, octets)), range(13, 20), skip), "big")


def awkward_nonce(certid):
    return awkward_end(lambda octets: ocsp.request(certid, extensions=[ocsp.nonce(octets)]), range(16, 20))


class WebTest(lab.LabTest):
    """A site with one CA whose table has two awkward serials: `good` and `revoked`; `web` is the `server` that answers for it."""

    settings = {"deadline_ms": 1500, "nonce": "copy", "cache_headers": True, "max_cache_age": 60}

    @classmethod
    def setUpClass(cls):
        cls.lab = lab_web.Site()
        cls.addClassCleanup(cls.lab.close)
        cls.prepare()
        cls.web = cls.server(cls.lab)
        cls.addClassCleanup(cls.web.close)

    @classmethod
    def prepare(cls):
        cls.ca = cls.lab.authority("ca")
        cls.good, cls.revoked = awkward_serial(cls.ca), awkward_serial(cls.ca, 1)
        cls.delegate = cls.lab.delegate("ocsp", cls.ca)
        cls.compile_site()

    @classmethod
    def index_table(cls, ca):
        cls.lab.index("index.txt", [("V", cls.good, ""), ("R", cls.revoked, REVOKED_INDEX)])
        cls.lab.table(ca, "--index", "index.txt")

    def client(self, port=None):
        client = lab_web_client.Client(port or self.web.port)
        self.addCleanup(client.__exit__)
        return client

    def get(self, der, port=None, headers=()):
        return self.client(port).ask("GET", "/" + lab.base64_of(der), *headers)

    def post(self, der, *headers, port=None):
        return self.client(port).ask("POST", "/", *(headers or (TYPE,)), f"Content-Length: {len(der)}", body=der)

    def assert_answer(self, reply, serial, status, nonce=None):
        """A whole OCSPResponse, signed by the delegate, for this serial and with this nonce."""
        self.assertEqual(reply.status, 200, (reply.headers, reply.body[:300]))
        response = reply.ocsp
        self.assertEqual((response.status, response.statuses), ("successful", [status]))
        self.assertEqual(response.singles[0].serial, serial)
        self.assertEqual(response.extension(ocsp.NONCE), nonce and ocsp.asn1.octet_string(nonce))
        self.delegate.key.public_key().verify(response.signature, response.tbs, ec.ECDSA(hashes.SHA256()))
        return response
