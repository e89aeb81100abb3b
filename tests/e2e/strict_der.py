"""The strictest reader of an OCSPResponse (RFC 6960 4.2.1, X.690): every rule of DER on the way down, and no element that the
ASN.1 does not name. Written apart from the C code and from asn1.py. Refused is what raises Refused."""

import re

PRIMITIVE = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x13, 0x16, 0x17, 0x18}
CONSTRUCTED = {0x30, 0x31}
SUCCESSFUL, ERRORS = 0, {1, 2, 3, 5, 6}
REASONS = {1, 2, 3, 4, 5, 6, 9, 10}  # unspecified(0) is to be absent, removeFromCRL(8) is for delta CRLs
BASIC = "1.3.6.1.5.5.7.48.1.1"
NONCE, CUTOFF, EXTENDED = "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.6", "1.3.6.1.5.5.7.48.1.9"
PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
RSA = {f"1.2.840.113549.1.1.{last}" for last in (11, 12, 13)}
BARE = {"1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", "1.3.101.112"}
SHA2 = {"2.16.840.1.101.3.4.2.1": 32, "2.16.840.1.101.3.4.2.2": 48, "2.16.840.1.101.3.4.2.3": 64}
HASHES = {"1.3.14.3.2.26": 20, **SHA2}


class Refused(Exception):
    pass


def demand(condition, why):
    if not condition:
        raise Refused(why)


# ---- X.690 ----


class Element:
    """One element of DER. `parts`: those of a constructed one."""

    def __init__(self, octets, at, end):
        demand(end - at >= 2, f"{at}: an element needs two octets")
        self.at, self.tag = at, octets[at]
        demand(self.tag & 0x1F != 0x1F, f"{at}: a tag of several octets")
        length, start = octets[at + 1], at + 2
        if length >= 0x80:
            count = length - 0x80
            demand(count > 0, f"{at}: indefinite length")
            demand(count <= 4 and start + count <= end, f"{at}: length of {count} octets")
            demand(octets[start] != 0, f"{at}: length begins with a zero octet")
            length, start = int.from_bytes(octets[start : start + count], "big"), start + count
            demand(length >= 0x80, f"{at}: long form of a short length")
        demand(length <= end - start, f"{at}: longer than what holds it")
        self.end = start + length
        self.content, self.raw = octets[start : self.end], octets[at : self.end]
        self.parts = []
        if self.tag & 0x20:
            self.read_parts(octets, start)
        if self.tag < 0x40:
            self.judge()

    def read_parts(self, octets, at):
        while at < self.end:
            self.parts.append(Element(octets, at, self.end))
            at = self.parts[-1].end

    def judge(self):
        demand(self.tag in PRIMITIVE | CONSTRUCTED, f"{self.at}: tag {self.tag:02x}")
        content, where = self.content, f"{self.at}: "
        if self.tag == 0x01:
            demand(content in (b"\x00", b"\xff"), where + "BOOLEAN is 00 or FF")
        elif self.tag in (0x02, 0x0A):
            demand(len(content) > 0, where + "an INTEGER without octets")
            minimal = len(content) == 1 or not (content[0], content[1] >> 7) in ((0x00, 0), (0xFF, 1))
            demand(minimal, where + "an INTEGER that is not minimal")
        elif self.tag == 0x03:
            demand(len(content) > 0 and content[0] < 8, where + "BIT STRING without its count of unused bits")
            unused = content[0]
            demand(unused == 0 or len(content) > 1 and content[-1] & ((1 << unused) - 1) == 0, where + "unused bits are 0")
        elif self.tag == 0x05:
            demand(content == b"", where + "a NULL with content")
        elif self.tag == 0x06:
            demand(len(content) > 0 and content[-1] < 0x80, where + "an OID that is cut off")
            starts = [0] + [i + 1 for i, octet in enumerate(content[:-1]) if octet < 0x80]
            demand(all(content[start] != 0x80 for start in starts), where + "an arc that is not minimal")
        elif self.tag == 0x17:
            demand(re.fullmatch(rb"\d{12}Z", content), where + "UTCTime is YYMMDDHHMMSSZ")
        elif self.tag == 0x18:
            demand(re.fullmatch(rb"\d{14}Z", content), where + "GeneralizedTime is YYYYMMDDHHMMSSZ")
        elif self.tag == 0x31:
            raws = [part.raw for part in self.parts]
            demand(raws == sorted(raws), where + "a SET OF that is not in order")

    # what the reader of a type expects

    def of(self, tag, what):
        demand(self.tag == tag, f"{self.at}: {what} has tag {tag:02x}, not {self.tag:02x}")
        return self

    def only(self, what):
        demand(len(self.parts) == 1, f"{self.at}: {what} holds one element, not {len(self.parts)}")
        return self.parts[0]

    def some(self, what):
        demand(self.parts, f"{self.at}: {what} is left out rather than empty")
        return self.parts

    def oid(self):
        self.of(0x06, "OBJECT IDENTIFIER")
        arcs, arc = [], 0
        for octet in self.content:
            arc = arc << 7 | octet & 0x7F
            if octet < 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(number) for number in [first, arcs[0] - 40 * first, *arcs[1:]])

    def number(self):
        return int.from_bytes(self.content, "big", signed=True)

    def time(self):
        return self.of(0x18, "GeneralizedTime").content.decode()


def read(octets):
    """The one element that fills `octets`."""
    element = Element(octets, 0, len(octets))
    demand(element.end == len(octets), f"{element.end}: octets behind the end")
    return element


# ---- RFC 6960 4.2.1, RFC 4055, RFC 5280 ----


class Optional:
    """The elements of a SEQUENCE, taken in order; what is left over is too much."""

    def __init__(self, sequence, what):
        self.rest, self.what, self.at = list(sequence.of(0x30, what).parts), what, sequence.at

    def next(self, tag=None):
        demand(self.rest, f"{self.at}: {self.what} is incomplete")
        element = self.rest.pop(0)
        return element if tag is None else element.of(tag, self.what)

    def maybe(self, tag):
        return self.rest.pop(0) if self.rest and self.rest[0].tag == tag else None

    def done(self):
        demand(not self.rest, f"{self.at}: {self.what} has more than it should")


def hash_algorithm(element, allowed):
    parts = Optional(element, "AlgorithmIdentifier")
    oid = parts.next(0x06).oid()
    parts.maybe(0x05)
    parts.done()
    demand(oid in allowed, f"{element.at}: hash {oid}")
    return oid


def signature_algorithm(element):
    """RSA: NULL. ECDSA, Ed25519: nothing. PSS: parameters without an explicit default (saltLength 20, trailerField 1)."""
    parts = Optional(element, "signatureAlgorithm")
    oid = parts.next(0x06).oid()
    demand(oid in RSA | BARE | {PSS}, f"{element.at}: signature algorithm {oid}")
    if oid in RSA:
        parts.next(0x05)
    if oid == PSS:
        pss = Optional(parts.next(0x30), "RSASSA-PSS-params")
        digest = hash_algorithm(pss.next(0xA0).only("hashAlgorithm"), SHA2)
        mgf = Optional(pss.next(0xA1).only("maskGenAlgorithm"), "MGF1")
        demand(mgf.next(0x06).oid() == MGF1 and hash_algorithm(mgf.next(), SHA2) == digest, f"{element.at}: MGF1 of {digest}")
        mgf.done()
        demand(pss.next(0xA2).only("saltLength").number() == SHA2[digest], f"{element.at}: salt as long as the hash")
        pss.done()
    parts.done()
    return oid


def extensions(element, what):
    """Extensions: at least one, none twice, critical only where TRUE."""
    found = {}
    for extension in element.only(what).of(0x30, what).some(what):
        parts = Optional(extension, "Extension")
        oid = parts.next(0x06).oid()
        critical = parts.maybe(0x01)
        demand(critical is None or critical.content == b"\xff", f"{extension.at}: critical FALSE is the default")
        demand(critical is None, f"{extension.at}: a responder has no critical extension to send")
        demand(oid not in found, f"{extension.at}: {oid} twice")
        found[oid] = parts.next(0x04).content
        parts.done()
    return found


def cert_status(element):
    """(word, revocationTime, revocationReason)"""
    if element.tag in (0x80, 0x82):
        demand(element.content == b"", f"{element.at}: an implicit NULL with content")
        return "good" if element.tag == 0x80 else "unknown", None, None
    element.of(0xA1, "certStatus")
    demand(1 <= len(element.parts) <= 2, f"{element.at}: RevokedInfo")
    reason = None
    if len(element.parts) == 2:
        reason = element.parts[1].of(0xA0, "revocationReason").only("revocationReason").of(0x0A, "CRLReason").number()
        demand(reason in REASONS, f"{element.at}: reason {reason}")
    return "revoked", element.parts[0].time(), reason


def single_response(element):
    parts = Optional(element, "SingleResponse")
    certid = Optional(parts.next(0x30), "CertID")
    digest = hash_algorithm(certid.next(), HASHES)
    name_hash, key_hash = certid.next(0x04).content, certid.next(0x04).content
    demand(len(name_hash) == len(key_hash) == HASHES[digest], f"{element.at}: hashes of another length")
    serial = certid.next(0x02).number()
    certid.done()
    status, revoked_at, reason = cert_status(parts.next())
    this_update = parts.next().time()
    next_update = parts.next(0xA0).only("nextUpdate").time()  # RFC 9919 3.2.4: present
    more = parts.maybe(0xA1)
    found = extensions(more, "singleExtensions") if more else {}
    parts.done()
    demand(set(found) <= {CUTOFF}, f"{element.at}: singleExtensions {list(found)}")
    demand(this_update < next_update, f"{element.at}: thisUpdate {this_update}, nextUpdate {next_update}")
    return {
        "hash": digest, "name_hash": name_hash.hex(), "key_hash": key_hash.hex(), "serial": serial, "status": status,
        "revoked_at": revoked_at, "reason": reason, "this_update": this_update, "next_update": next_update,
        "cutoff": read(found[CUTOFF]).time() if CUTOFF in found else None,
    }  # fmt: skip


def response_data(element):
    parts = Optional(element, "ResponseData")
    demand(parts.maybe(0xA0) is None, f"{element.at}: version v1 is the default")
    responder = parts.next()
    demand(responder.tag in (0xA1, 0xA2), f"{responder.at}: ResponderID")
    who = responder.only("ResponderID")
    who.of(0x30 if responder.tag == 0xA1 else 0x04, "ResponderID")
    demand(who.tag == 0x30 or len(who.content) == 20, f"{who.at}: KeyHash has 20 octets")
    produced_at = parts.next().time()
    singles = [single_response(part) for part in parts.next(0x30).some("responses")]
    more = parts.maybe(0xA1)
    found = extensions(more, "responseExtensions") if more else {}
    parts.done()
    demand(set(found) <= {NONCE, EXTENDED}, f"{element.at}: responseExtensions {list(found)}")
    demand(found.get(EXTENDED, b"\x05\x00") == b"\x05\x00", f"{element.at}: extended-revoke is NULL")
    demand(all(single["this_update"] <= produced_at for single in singles), f"{element.at}: produced before thisUpdate")
    nonce = read(found[NONCE]).of(0x04, "Nonce").content.hex() if NONCE in found else None
    name = None if who.tag == 0x04 else who.raw
    return {
        "responder_key": None if name else who.content.hex(), "responder_name": name, "produced_at": produced_at,
        "singles": singles, "nonce": nonce, "extensions": list(found),
    }  # fmt: skip


def ocsp_response(octets):
    """All fields of an OCSPResponse, by name."""
    parts = Optional(read(octets), "OCSPResponse")
    status = parts.next(0x0A).number()
    demand(status in ERRORS | {SUCCESSFUL}, f"responseStatus {status}")
    if status != SUCCESSFUL:
        parts.done()
        return {"status": status}
    kind = Optional(parts.next(0xA0).only("responseBytes"), "ResponseBytes")
    parts.done()
    demand(kind.next(0x06).oid() == BASIC, "responseType")
    basic = Optional(read(kind.next(0x04).content), "BasicOCSPResponse")
    kind.done()
    tbs = basic.next(0x30)
    fields = {"status": status, **response_data(tbs), "tbs": tbs.raw, "algorithm": signature_algorithm(basic.next(0x30))}
    signature = basic.next(0x03)
    demand(signature.content[0] == 0, "a signature is of whole octets")
    if fields["algorithm"].startswith("1.2.840.10045"):
        r, s = read(signature.content[1:]).of(0x30, "ECDSA-Sig-Value").parts
        demand(r.number() > 0 and s.number() > 0, "r and s are positive")
    certs = basic.maybe(0xA0)
    fields["certs"] = [c.of(0x30, "Certificate").raw for c in certs.only("certs").of(0x30, "certs").some("certs")] if certs else []
    basic.done()
    return {**fields, "signature": signature.content[1:].hex()}
