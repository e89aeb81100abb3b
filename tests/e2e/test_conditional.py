"""If-None-Match and cache_window: a copy that is still right is recognised, without a private key (RFC 9110 13, 9111)."""

import email.utils
import functools
import hashlib
import os
import re
import time

import lab
import lab_redis
import ocsp
from lab import DAY, GOOD, REVOKED, REVOKED_AT, UNKNOWN

from cryptography import x509

LONG, SHORT = 3600, 2  # windows, in seconds


class ConditionalTest(lab.LabTest):
    def get(self, *serials, tag=None, method="GET", snapshot=None, **more):
        environment = {"REQUEST_METHOD": method, "REQUEST_URI": "/" + lab.base64_of(self.request(*serials, **more))}
        if tag is not None:
            environment["HTTP_IF_NONE_MATCH"] = tag
        return self.lab.ask(OCSP_CGI_SNAPSHOT=snapshot or self.lab.snapshot, **environment)

    def wait_for_a_window(self, window, room=1.5):
        """Until at least `room` seconds of the present window are left."""
        left = window - time.time() % window
        if left < room:
            time.sleep(left + 0.05)

    def assert_not_modified(self, reply, tag):
        self.assertEqual((reply.exit_status, reply.http, reply.body), (0, 304, b""), reply.log_text)
        self.assertEqual([name for name, _ in reply.headers], ["Status", "ETag", "Cache-Control", "Expires"])
        self.assertEqual(reply.header("ETag"), tag)
        self.assertEqual((reply.log["http"], reply.log["bytes"]), (304, 0))

    def max_age(self, reply):
        return int(re.fullmatch(r"max-age=(\d+), public, no-transform, must-revalidate", reply.header("Cache-Control"))[1])

    def expires(self, reply):
        return int(email.utils.parsedate_to_datetime(reply.header("Expires")).timestamp())


def for_each_kind(test):
    """Runs a test of Window once for each kind of signature; it is told whether that is deterministic."""

    @functools.wraps(test)
    def run(self):
        for name, (_, _, deterministic) in self.kinds.items():
            self.ca = self.authorities[name]
            with self.subTest(name):
                self.wait_for_a_window(LONG, room=5)
                test(self, deterministic)

    return run


class Node:
    """A node of the site in a folder of its own, made from the same files as the others."""

    def __init__(self, site, name):
        os.mkdir(site.path(name))
        self.snapshot = site.path(f"{name}/snapshot")


class Window(ConditionalTest):
    """Two nodes compiled apart, for each kind of signature; their tables are of one CRL."""

    settings = {"nonce": "copy", "cache_headers": True, "max_cache_age": 60, "cache_window": LONG}
    kinds = {
        "pkcs1": ("rsa2048", {}, True),
        "ed25519": ("ed25519", {}, True),
        "ecdsa": ("p256", {}, False),
        "pss": ("rsa2048", {"rsa_padding": "pss"}, False),
    }

    @classmethod
    def prepare(cls):
        cls.authorities, configuration = {}, {}
        for name, (key, how, _) in cls.kinds.items():
            cls.authorities[name] = cls.lab.authority(name)
            delegate = cls.lab.delegate(name + "-ocsp", cls.authorities[name], key=key)
            configuration[name] = lab.table_ca(name, delegate)
            configuration[name]["ocsp_cert"].update(how)
            cls.lab.crl(name + ".crl", cls.authorities[name], [(REVOKED, REVOKED_AT, x509.ReasonFlags.key_compromise)])
        cls.nodes = [Node(cls.lab, "one"), Node(cls.lab, "two")]
        for node in cls.nodes:
            folder = os.path.dirname(node.snapshot)
            for name in cls.kinds:
                configuration[name]["status"] = {"table": f"{folder}/{name}.table"}
            cls.lab.configure(configuration, **cls.settings)
            for name in cls.kinds:
                cls.lab.table(name, "--crl", name + ".crl", output=f"{folder}/{name}.table")
            cls.lab.must("compile", "-c", "config.yaml", "-o", node.snapshot)

    def certid(self, serial, *how, **more):
        return ocsp.certid(self.ca, serial, *how, **more)

    @for_each_kind
    def test_two_nodes_give_one_etag_in_one_window(self, deterministic):
        """H9a: and the same octets where the signature is deterministic; a weak ETag where it is not"""
        for serial in (GOOD, REVOKED):
            first = self.get(serial, snapshot=self.nodes[0].snapshot)
            time.sleep(1.1)
            second = self.get(serial, snapshot=self.nodes[1].snapshot)
            self.assertEqual(first.header("ETag"), second.header("ETag"))
            self.assertRegex(first.header("ETag"), r'^"[0-9a-f]{64}"$' if deterministic else r'^W/"[0-9a-f]{64}"$')
            self.assertEqual(first.body == second.body, deterministic)
            self.assertEqual(first.ocsp.tbs, second.ocsp.tbs)

    @for_each_kind
    def test_a_copy_of_one_node_is_known_to_the_other(self, _):
        """H9, H9a: by weak comparison, in a list, to HEAD too"""
        tag = self.get(GOOD, snapshot=self.nodes[0].snapshot).header("ETag")
        bare = tag.removeprefix("W/")
        for sent in (tag, bare, "W/" + bare, f'"x", W/"a,b" ,{tag}'):
            for method in ("GET", "HEAD"):
                self.assert_not_modified(self.get(GOOD, tag=sent, method=method, snapshot=self.nodes[1].snapshot), tag)
        for sent in ("", '"x"', bare.strip('"'), bare[:-1], tag.upper()):
            self.assertEqual(self.get(GOOD, tag=sent, snapshot=self.nodes[1].snapshot).http, 200)
        other = self.get(REVOKED, tag=tag, snapshot=self.nodes[1].snapshot)
        self.assertEqual((other.http, other.ocsp.statuses), (200, ["revoked"]))

    def damaged(self, node):
        """The node's snapshot with every octet of its key pages turned over."""
        with open(node.snapshot, "rb") as file:
            octets = bytearray(file.read())
        keys = int.from_bytes(octets[56:64], "little")  # snapshot_header.keys_offset
        self.assertEqual(keys % 4096, 0)
        octets[keys:] = bytes(octet ^ 0xFF for octet in octets[keys:])
        path = self.lab.write("damaged", bytes(octets))
        os.chmod(path, 0o640)
        return path

    @for_each_kind
    def test_a_304_needs_no_private_key(self, _):
        """H9a: it is given by a snapshot whose keys are ruined, which can sign nothing"""
        damaged = self.damaged(self.nodes[1])
        tag = self.get(GOOD, snapshot=self.nodes[0].snapshot).header("ETag")
        self.assert_not_modified(self.get(GOOD, tag=tag, snapshot=damaged), tag)
        signed = self.get(GOOD, snapshot=damaged)
        self.assertEqual((signed.http, signed.ocsp.status), (200, "internalError"))
        self.assertEqual((signed.header("Cache-Control"), signed.header("ETag")), ("no-store", None))

    @for_each_kind
    def test_what_a_star_finds_is_not_made_fresh(self, _):
        """H9: nobody knows which copy it is about"""
        tag = self.get(GOOD, snapshot=self.nodes[0].snapshot).header("ETag")
        reply = self.get(GOOD, tag="*", snapshot=self.nodes[1].snapshot)
        self.assert_not_modified(reply, tag)
        self.assertEqual(self.max_age(reply), 0)

    @for_each_kind
    def test_times_are_rounded_down(self, _):
        """H9a, R3"""
        response = self.get(GOOD, snapshot=self.nodes[0].snapshot).ocsp
        single = response.singles[0]
        for moment in (response.produced_at, single.this_update, single.next_update):
            self.assertEqual(moment % LONG, 0)
        self.assertTrue(single.this_update <= response.produced_at <= lab.now() < single.next_update)

    @for_each_kind
    def test_several_certificates_have_one_etag_in_their_order(self, _):
        """H9a"""
        tag = self.get(GOOD, REVOKED, snapshot=self.nodes[0].snapshot).header("ETag")
        self.assert_not_modified(self.get(GOOD, REVOKED, tag=tag, snapshot=self.nodes[1].snapshot), tag)
        self.assertEqual(self.get(REVOKED, GOOD, tag=tag, snapshot=self.nodes[1].snapshot).http, 200)


class WindowOfSeconds(ConditionalTest):
    settings = {"nonce": "copy", "cache_headers": True, "cache_window": SHORT}
    policy = {"ocsp_validity_hours": 1}

    def test_the_etag_changes_with_the_window(self):
        """H9a"""
        self.wait_for_a_window(SHORT, room=1.5)
        first = self.get(GOOD)
        self.assert_not_modified(self.get(GOOD, tag=first.header("ETag")), first.header("ETag"))
        time.sleep(SHORT)
        second = self.get(GOOD, tag=first.header("ETag"))
        self.assertEqual((second.http, second.ocsp.statuses), (200, ["good"]))
        self.assertNotEqual(second.header("ETag"), first.header("ETag"))
        self.assertEqual((second.ocsp.produced_at - first.ocsp.produced_at) % SHORT, 0)

    def test_a_post_is_never_304_and_says_nothing_of_caches(self):
        """H8, H9"""
        tag = self.get(GOOD).header("ETag")
        for sent in (tag, "*"):
            reply = self.lab.ask(self.request(GOOD), REQUEST_METHOD="POST", HTTP_IF_NONE_MATCH=sent)
            self.assertEqual((reply.http, reply.ocsp.statuses), (200, ["good"]))
            self.assertEqual([name for name, _ in reply.headers], ["Status", "Content-Type", "Content-Length"])

    def test_unknown_a_nonce_and_errors_are_never_304(self):
        """H8, H9"""
        nonce = {"extensions": [ocsp.nonce(b"n" * 16)]}
        stranger = ocsp.request(ocsp.certid(self.lab.authority("stranger"), GOOD))
        replies = [
            self.get(UNKNOWN, tag="*"),
            self.get(GOOD, UNKNOWN, tag="*"),
            self.get(GOOD, tag="*", **nonce),
            self.lab.get("/" + lab.base64_of(stranger), HTTP_IF_NONE_MATCH="*"),
            self.lab.get("/junk", HTTP_IF_NONE_MATCH="*"),
        ]
        for reply in replies:
            self.assertEqual((reply.http, reply.header("Cache-Control"), reply.header("ETag")), (200, "no-store", None))
        for path, expected in (("/status", 200), ("/favicon.ico", 404)):
            self.assertEqual(self.lab.get(path, HTTP_IF_NONE_MATCH="*").http, expected)


class RevokedInAWindow(ConditionalTest):
    settings = {"nonce": "ignore", "cache_headers": True, "cache_window": LONG}

    def test_it_is_seen_at_once(self):
        """H9a: the copy that says good is not confirmed"""
        self.wait_for_a_window(LONG, room=10)
        before = self.get(GOOD)
        self.assert_not_modified(self.get(GOOD, tag=before.header("ETag")), before.header("ETag"))
        self.lab.index("index.txt", [("R", GOOD, lab.utc(lab.now()).strftime("%y%m%d%H%M%SZ"))])
        self.lab.table("ca", "--index", "index.txt")
        after = self.get(GOOD, tag=before.header("ETag"))
        self.assertEqual((after.http, after.ocsp.statuses), (200, ["revoked"]))
        self.assertNotEqual(after.header("ETag"), before.header("ETag"))


class LiveWindow(ConditionalTest, lab_redis.RedisTest):
    """Status from Redis, whose thisUpdate is now less the skew; neither that nor the validity is a multiple of the window."""

    settings = {"nonce": "ignore", "cache_headers": True, "cache_window": 7}
    policy = {"ocsp_start_skew_seconds": 10, "ocsp_validity_hours": 1}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()

    def test_one_etag_until_the_window_ends_or_the_status_changes(self):
        """H9a: the revocation is seen at once"""
        self.server.put(GOOD, 0)
        self.wait_for_a_window(7, room=4.6)
        first = self.get(GOOD)
        for _ in range(3):
            self.assert_not_modified(self.get(GOOD, tag=first.header("ETag")), first.header("ETag"))
            time.sleep(1.1)
        self.server.put(GOOD, 1, REVOKED_AT, 1)
        revoked = self.get(GOOD, tag=first.header("ETag"))
        self.assertEqual((revoked.http, revoked.ocsp.statuses), (200, ["revoked"]))
        self.assertEqual(revoked.ocsp.singles[0].this_update, first.ocsp.singles[0].this_update)


class EndingWindow(ConditionalTest):
    """A delegate that ends within the window."""

    settings = {"nonce": "ignore", "cache_headers": True, "cache_window": DAY}

    @classmethod
    def compile_site(cls):
        cls.delegate = cls.lab.delegate("ocsp", cls.ca, days=(-1, 100 / DAY))
        super().compile_site()

    def test_rounding_does_not_end_what_is_still_good(self):
        """H9a, R4"""
        self.wait_for_a_window(DAY, room=10)
        end = int((self.delegate.certificate.not_valid_after - lab.utc(0)).total_seconds())
        reply = self.get(GOOD)
        single = reply.ocsp.singles[0]
        self.assertTrue(lab.now() < single.next_update <= end)
        self.assertLess(self.expires(reply), end + 1)
        again = self.get(GOOD, tag=reply.header("ETag"))
        self.assert_not_modified(again, reply.header("ETag"))
        self.assertLess(self.max_age(again), end - reply.ocsp.produced_at)
        self.assertLessEqual(self.expires(again), end)


class WithoutWindow(ConditionalTest):
    """cache_window: 0, the default: the ETag is of the reply's own octets."""

    settings = {"nonce": "ignore", "cache_headers": True, "max_cache_age": 60}

    @classmethod
    def compile_site(cls):
        cls.delegate = cls.lab.delegate("ocsp", cls.ca, key="ed25519")
        super().compile_site()

    def test_304_only_for_the_same_octets(self):
        """H7, H9"""
        first = self.get(GOOD)
        tag = first.header("ETag")
        self.assertEqual(tag, f'"{hashlib.sha256(first.body).hexdigest()}"')
        time.sleep(1.1)
        later = self.get(GOOD, tag=tag)
        self.assertEqual(later.http, 200)
        self.assertNotEqual(later.header("ETag"), tag)

    def test_the_same_second_is_304(self):
        """H9: Ed25519 gives the same octets; a second may end in between, not three times"""
        for _ in range(3):
            tag = self.get(GOOD).header("ETag")
            again = self.get(GOOD, tag=tag)
            if again.http == 304:
                return self.assert_not_modified(again, tag)
        self.fail("never 304")

    def test_all_numbers_are_of_one_now(self):
        """H7, R3: producedAt, thisUpdate, nextUpdate, Last-Modified, max-age and Expires"""
        reply = self.get(GOOD)
        single, produced = reply.ocsp.singles[0], reply.ocsp.produced_at
        self.assertEqual(self.expires(reply) - self.max_age(reply), produced)
        self.assertEqual(reply.header("Last-Modified"), email.utils.formatdate(single.this_update, usegmt=True))
        self.assertLess(produced + self.max_age(reply), single.next_update)
        self.assertLessEqual(self.expires(reply), single.next_update)

