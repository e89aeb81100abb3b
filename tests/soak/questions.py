"""What the soak's clients ask, and how the hostile ones misbehave: the lines that script.h describes."""

import base64
import random

import lab
import ocsp

REVOKED_INDEX = "250101000000Z,keyCompromise"
TYPE = "Content-Type: application/ocsp-request"
GOOD, REVOKED, UNKNOWN = range(1000, 1050), range(2000, 2050), range(3000, 3050)
SERIALS = {"g": GOOD, "r": REVOKED, "u": UNKNOWN}
SLOW, AT_ONCE = 7, 0  # octets per half second


def head(method, target, *lines):
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: localhost", *lines, "")).encode()


def chunks(body, size=50):
    parts = (body[i : i + size] for i in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def escaped_get(der):
    return head("GET", "/" + lab.base64_of(der)), b""


def raw_get(der):
    return head("GET", "/ocsp/" + base64.b64encode(der).decode(), "Accept: */*"), b""


def post(der):
    return head("POST", "/", TYPE, f"Content-Length: {len(der)}"), der


def chunked_post(der):
    return head("POST", "/ocsp", TYPE, "Transfer-Encoding: chunked"), chunks(der)


# Each way as often as it stands here.
WAYS = [escaped_get, raw_get, post, post, chunked_post]
COUNTS = [1, 1, 1, 1, 2, 5]


def line(*fields):
    return "\t".join(field if isinstance(field, str) else field.hex() or "-" for field in fields)


def question(ca, chance, number):
    """One of the ways to ask for one or some certificates of `ca`, with a nonce of its own or none."""
    way = WAYS[number % len(WAYS)]
    statuses = [chance.choice("ggru") for _ in range(chance.choice(COUNTS))]
    serials = [chance.choice(SERIALS[status]) for status in statuses]
    algorithm = chance.choice(["sha1", "sha256"])
    nonce = [ocsp.nonce(chance.randbytes(chance.choice([16, 32])))] if number % 2 else []
    der = ocsp.request(*(ocsp.certid(ca, serial, algorithm) for serial in serials), extensions=nonce)
    return line("ask", f"{way.__name__} {ca.name} {''.join(statuses)}", "".join(statuses), der, *way(der))


MOST = "gru" * 21 + "g"  # as many as the responder takes


def longest(ca):
    return ocsp.request(*(ocsp.certid(ca, SERIALS[status][i % 50]) for i, status in enumerate(MOST)))


def longest_question(ca):
    der = longest(ca)
    return line("ask", f"post {ca.name}, {len(MOST)} certificates", MOST, der, *post(der))


def questions(authorities, count, chance):
    asked = [question(authorities[i % len(authorities)], chance, i // len(authorities)) for i in range(count)]
    asked += [longest_question(ca) for ca in authorities]
    chance.shuffle(asked)
    return asked


def whole(der):
    start, body = post(der)
    return start + b"\r\n" + body


def nuisances(ca):
    """(name, octets per half second, what follows the last octet, octets)"""
    der = ocsp.request(ocsp.certid(ca, GOOD[0]))
    good, size = whole(der), len(der)
    start = lambda *lines: head("POST", "/", TYPE, *lines) + b"\r\n"
    promise = lambda length: start(f"Content-Length: {length}")
    chunked = start("Transfer-Encoding: chunked")
    return [
        ("a slow header", SLOW, "read", good),
        ("a slow body", 2000, "read", promise(65536) + bytes(65536)),
        ("a trickle of a body", SLOW, "read", promise(size) + der),
        ("a header without end", SLOW, "hold", head("GET", "/") + b"X-Padding: " + b"x" * 4000),
        ("never reads", AT_ONCE, "hold", good * 500),
        ("never reads long replies", AT_ONCE, "hold", whole(longest(ca)) * 600),
        ("never reads the page", AT_ONCE, "hold", (head("GET", "/") + b"\r\n") * 1000),
        ("a body over the limit", AT_ONCE, "read", promise(100000) + bytes(100000)),
        ("a body far over the limit", AT_ONCE, "read", promise(10**9) + bytes(300000)),
        ("a body over the program's limit", AT_ONCE, "read", promise(20000) + bytes(20000)),
        ("Content-Length too large", AT_ONCE, "read", promise(size + 50) + der),
        ("Content-Length too large, closed", AT_ONCE, "shut", promise(size + 50) + der),
        ("Content-Length too short", AT_ONCE, "read", promise(size - 20) + der),
        ("Content-Length that is none", AT_ONCE, "read", promise("-1") + der),
        ("octets that are no HTTP", AT_ONCE, "read", random.Random(1).randbytes(3000)),
        ("TLS", AT_ONCE, "read", bytes.fromhex("16030100c8010000c40303") + bytes(200)),
        ("octets that are no DER", AT_ONCE, "read", promise(200) + random.Random(2).randbytes(200)),
        ("reset in the header", AT_ONCE, "reset", good[:40]),
        ("reset in the body", AT_ONCE, "reset", good[:-10]),
        ("reset before the reply", AT_ONCE, "reset", good),
        ("closed in the body", AT_ONCE, "shut", good[:-10]),
        ("a GET of 8 KiB", AT_ONCE, "read", head("GET", "/" + "A" * 8192, "Connection: close") + b"\r\n"),
        ("a GET of 70 KiB", AT_ONCE, "read", head("GET", "/" + "A" * 70000, "Connection: close") + b"\r\n"),
        ("a chunk's size that is none", AT_ONCE, "read", chunked + b"zzz\r\n" + der),
        ("a chunk of 2^64 - 1", AT_ONCE, "read", chunked + b"ffffffffffffffff\r\n" + der),
        ("a chunk that never comes", AT_ONCE, "hold", chunked + b"100\r\n" + der[:10]),
        ("chunked and counted", AT_ONCE, "read", start("Transfer-Encoding: chunked", f"Content-Length: {size}") + chunks(der)),
        ("garbage behind a request", AT_ONCE, "read", good + b"\r\n" * 3 + bytes(500)),
        ("20 requests in one", AT_ONCE, "read", good * 20 + b"GET\r\n\r\n"),
        ("Expect: 100-continue, and no body", AT_ONCE, "hold", start("Expect: 100-continue", "Content-Length: 80")),
    ]


def write_script(site, authorities, count=1000, seed=1):
    """Writes the script into the site's folder; a seed gives the same questions in the same order."""
    chance = random.Random(seed)
    lines = questions(authorities, count, chance)
    lines += [line("annoy", name, str(pace), ending, octets) for name, pace, ending, octets in nuisances(authorities[0])]
    return site.write("script", "".join(text + "\n" for text in lines))


def redis_entries():
    """(serial, (status, revocation_time, revocation_reason)) of each certificate that is known."""
    return [(serial, (0,)) for serial in GOOD] + [(serial, (1, lab.REVOKED_AT, 1)) for serial in REVOKED]


def index_entries():
    return [("V", serial, "") for serial in GOOD] + [("R", serial, REVOKED_INDEX) for serial in REVOKED]
