"""OCSP on the client's side, by hand from RFC 6960's ASN.1: requests to send, replies to take apart."""

import datetime
import hashlib

import asn1

HASHES = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
NONCE = "1.3.6.1.5.5.7.48.1.2"
ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
PREFERRED = "1.3.6.1.5.5.7.48.1.8"
EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9"
STATUS = {0: "successful", 1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}


def certid(issuer, serial, algorithm="sha1", parameters=asn1.NULL):
    """CertID of `serial` (a number, or an INTEGER's content octets) under the certificate of its CA."""
    spki = asn1.parse(issuer.public_key_der()).children()[1].content[1:]
    number = asn1.tlv(0x02, serial) if isinstance(serial, bytes) else asn1.integer(serial)
    return asn1.sequence(
        asn1.sequence(asn1.oid(HASHES[algorithm]), parameters),
        asn1.octet_string(hashlib.new(algorithm, issuer.name_der()).digest()),
        asn1.octet_string(hashlib.new(algorithm, spki).digest()),
        number,
    )


def extension(oid, value, critical=False):
    return asn1.sequence(asn1.oid(oid), asn1.boolean(True) if critical else b"", asn1.octet_string(value))


def nonce(octets):
    return extension(NONCE, asn1.octet_string(octets))


def request(*certids, extensions=(), single_extensions=(), version=b"", requestor=b""):
    singles = asn1.explicit(0, asn1.sequence(*single_extensions)) if single_extensions else b""
    return asn1.sequence(
        asn1.sequence(
            version,
            requestor,
            asn1.sequence(*(asn1.sequence(c, singles) for c in certids)),
            asn1.explicit(2, asn1.sequence(*extensions)) if extensions else b"",
        )
    )


def seconds(node):
    """GeneralizedTime, which RFC 9919 wants without a fraction, as Unix seconds."""
    assert node.tag == 0x18 and len(node.content) == 15, node
    moment = datetime.datetime.strptime(node.content.decode(), "%Y%m%d%H%M%SZ")
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


class Single:
    """SingleResponse"""

    def __init__(self, node):
        certid, status, this_update, *rest = node.children()
        self.certid = certid.raw
        self.serial = int.from_bytes(certid.children()[3].content, "big", signed=True)
        self.status = {0x80: "good", 0xA1: "revoked", 0x82: "unknown"}[status.tag]
        self.revocation_time = self.reason = None
        if self.status == "revoked":
            time, *reason = status.children()
            self.revocation_time = seconds(time)
            if reason:
                assert reason[0].tag == 0xA0
                self.reason = reason[0].children()[0].content[0]
        else:
            assert status.content == b""
        self.this_update = seconds(this_update)
        self.next_update, self.extensions = None, []
        for node in rest:
            if node.tag == 0xA0:
                self.next_update = seconds(node.children()[0])
            else:
                assert node.tag == 0xA1
                self.extensions = node.children()[0].children()


class Response:
    """OCSPResponse; a ValueError or AssertionError is an answer that is no DER or breaks the profile's syntax."""

    def __init__(self, der):
        self.der = der
        status, *rest = asn1.parse(der).children()
        assert status.tag == 0x0A and len(status.content) == 1
        self.status = STATUS[status.content[0]]
        self.singles = []
        if self.status != "successful":
            assert rest == []
            return
        (response_bytes,) = rest
        kind, octets = response_bytes.children()[0].children()
        assert kind.raw == asn1.oid("1.3.6.1.5.5.7.48.1.1")
        tbs, algorithm, signature, *certs = asn1.parse(octets.content).children()
        self.tbs, self.algorithm, self.signature = tbs.raw, algorithm.raw, signature.content[1:]
        assert signature.content[0] == 0
        self.certs = [cert.raw for cert in certs[0].children()[0].children()] if certs else []
        responder, produced_at, singles, *extensions = tbs.children()
        assert responder.tag in (0xA1, 0xA2)
        self.responder_id = responder
        self.produced_at = seconds(produced_at)
        self.singles = [Single(node) for node in singles.children()]
        self.extensions = extensions[0].children()[0].children() if extensions else []

    @property
    def statuses(self):
        return [single.status for single in self.singles]

    def extension(self, oid):
        """extnValue's content, or None."""
        for node in self.extensions:
            if node.children()[0].raw == asn1.oid(oid):
                return node.children()[-1].content
        return None
