"""A responder of the tests' own over HTTP, by hand from RFC 6960's ASN.1, for the faults that ocsp-cgi refuses to have."""

import base64
import datetime
import email.utils
import hashlib
import http.client
import http.server
import threading
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import asn1
import lab
import ocsp

ECDSA_SHA256 = asn1.sequence(asn1.oid("1.2.840.10045.4.3.2"))
BASIC = asn1.oid("1.3.6.1.5.5.7.48.1.1")
TYPE = "application/ocsp-response"
MALFORMED = asn1.sequence(asn1.tlv(0x0A, b"\x01"))


def time_of(seconds):
    return asn1.tlv(0x18, datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ").encode())


def taken_apart(der):
    """The first CertID as it stands, and the nonce's Extension or b""; a ValueError is no request."""
    try:
        requests, *rest = asn1.parse(der).children()[0].children()
        extensions = rest[0].children()[0].children() if rest else []
        nonce = [node.raw for node in extensions if node.children()[0].raw == asn1.oid(ocsp.NONCE)]
        certid = requests.children()[0].children()[0]
        certid.children()[3]
        return certid.raw, b"".join(nonce)
    except (AssertionError, IndexError) as error:
        raise ValueError("no OCSPRequest") from error


class Server(http.server.ThreadingHTTPServer):
    """`handler` on a free loopback port."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *ignored):
        pass

    def reply(self, status, headers, body=b""):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


class _Responder(Handler):
    def do_GET(self):
        target = self.path.partition("://")[2].partition("/")[2] if self.path.startswith("http://") else self.path
        try:
            der = base64.b64decode(urllib.parse.unquote(target.partition("?")[0].lstrip("/")), validate=True)
        except ValueError:
            der = b""
        self.answer(der)

    def do_POST(self):
        self.answer(self.body())

    def do_PUT(self):
        self.body()
        self.reply(405, [("Allow", "GET, HEAD, POST")])

    do_HEAD = do_GET
    do_DELETE = do_OPTIONS = do_PUT

    def answer(self, der):
        server = self.server
        now = lab.now() + server.ahead
        try:
            certid, nonce = taken_apart(der)
        except ValueError:
            self.reply(200, [("Content-Type", TYPE), ("Cache-Control", "no-store"), ("Date", email.utils.formatdate(usegmt=True))], MALFORMED)
            return
        body = server.response(certid, nonce, now)
        headers = [("Content-Type", TYPE), ("Date", email.utils.formatdate(lab.now() + server.date_ahead, usegmt=True))]
        if nonce:
            headers.append(("Cache-Control", "no-store"))
        else:
            headers += [("Cache-Control", "max-age=60"), ("ETag", f'"{hashlib.sha256(body).hexdigest()}"')]
            headers += [("Last-Modified", email.utils.formatdate(now - 3600, usegmt=True))]
        self.reply(200, headers, body)


class Responder(Server):
    """Says good of everything, in the name of `delegate` (P-256); strict about base64. `ahead`: of its clock, in seconds."""

    def __init__(self, delegate, ahead=0, date_ahead=0):
        self.delegate, self.ahead, self.date_ahead = delegate, ahead, date_ahead
        super().__init__(_Responder)

    def response(self, certid, nonce, now):
        spki = asn1.parse(self.delegate.public_key_der()).children()[1].content[1:]
        single = asn1.sequence(certid, asn1.tlv(0x80), time_of(now - 3600), asn1.explicit(0, time_of(now + lab.DAY)))
        tbs = asn1.sequence(
            asn1.explicit(2, asn1.octet_string(hashlib.sha1(spki).digest())),
            time_of(now),
            asn1.sequence(single),
            asn1.explicit(1, asn1.sequence(nonce)) if nonce else b"",
        )
        signature = self.delegate.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
        certs = asn1.explicit(0, asn1.sequence(self.delegate.der()))
        basic = asn1.sequence(tbs, ECDSA_SHA256, asn1.tlv(0x03, b"\0" + signature), certs)
        successful = asn1.explicit(0, asn1.sequence(BASIC, asn1.octet_string(basic)))
        return asn1.sequence(asn1.tlv(0x0A, b"\0"), successful)


class _PlusProxy(Handler):
    def forward(self):
        target = urllib.parse.quote(urllib.parse.unquote_plus(self.path), safe="/=?")
        origin = http.client.HTTPConnection("127.0.0.1", self.server.origin, timeout=10)
        kind = {"Content-Type": self.headers["Content-Type"]} if self.headers["Content-Type"] else {}
        origin.request(self.command, target, self.body(), kind)
        reply = origin.getresponse()
        body = reply.read()
        headers = [pair for pair in reply.getheaders() if pair[0].lower() not in ("content-length", "connection", "transfer-encoding")]
        self.reply(reply.status, headers, body)
        origin.close()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = forward


class PlusProxy(Server):
    """A proxy that decodes paths like a form's fields, where + is a space, and encodes them anew."""

    def __init__(self, origin):
        self.origin = origin
        super().__init__(_PlusProxy)
