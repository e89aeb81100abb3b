"""DER for the tests, written apart from the C code on purpose: the two must agree on octets, not on a shared mistake."""

NULL = b"\x05\x00"


def tlv(tag, content=b""):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


def octet_string(content):
    return tlv(0x04, content)


def integer(number):
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def explicit(number, content):
    return tlv(0xA0 | number, content)


def oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = b""
    for arc in [40 * first + second, *rest]:
        groups = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            groups.append(0x80 | arc & 0x7F)
        out += bytes(reversed(groups))
    return tlv(0x06, out)


class Node:
    """One element: its tag, its content, and itself as it stands."""

    def __init__(self, der, at=0):
        self.tag = der[at]
        length, start = der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("a length that is not DER's")
            length, start = int.from_bytes(der[start : start + count], "big"), start + count
            if length < 0x80 or length.bit_length() <= 8 * (count - 1):
                raise ValueError("a length that is not minimal")
        if start + length > len(der):
            raise ValueError("an element that is cut off")
        self.content = der[start : start + length]
        self.raw = der[at : start + length]

    def children(self):
        return elements(self.content)

    def __repr__(self):
        return f"<{self.tag:02x} {self.content.hex()}>"


def elements(der):
    out, at = [], 0
    while at < len(der):
        out.append(Node(der, at))
        at += len(out[-1].raw)
    return out


def parse(der):
    """The one element that fills `der`."""
    (node,) = elements(der)
    return node
