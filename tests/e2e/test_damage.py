"""Whatever is cut or flipped: an answer of conformance.md, exit status 0, one log line, and never a wrong good."""

import os

import asn1
import lab
import ocsp
from lab import GOOD, REVOKED

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def certids_of(request):
    tbs = asn1.parse(request).children()[0]
    (requests,) = [node for node in tbs.children() if node.tag == 0x30]
    return [node.children()[0].raw for node in requests.children()]


class Damage(lab.LabTest):
    settings = {"nonce": "copy"}

    def assert_right_or_refused(self, request, response, refusals):
        """Either one of these errors, or exactly what was asked about, with the database's status, well signed."""
        if response.status != "successful":
            self.assertIn(response.status, refusals)
            return
        self.assertEqual([single.certid for single in response.singles], certids_of(request))
        for single in response.singles:
            self.assertEqual(single.certid, self.certid(single.serial), "an answer for another CA")
            self.assertEqual(single.status, {GOOD: "good", REVOKED: "revoked"}.get(single.serial, "unknown"))
        try:
            self.delegate.key.public_key().verify(response.signature, response.tbs, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            self.fail("a faulty signature")

    def whole_request(self):
        return self.request(GOOD, REVOKED, extensions=[ocsp.nonce(b"0123456789abcdef")])

    def test_a_request_cut_at_every_length(self):
        """Q1: a whole one in front of the cut does not exist, so all are malformed"""
        request = self.whole_request()
        for length in range(len(request)):
            with self.subTest(length=length):
                self.assert_error(request[:length], "malformedRequest")

    def test_a_request_with_every_bit_flipped(self):
        """Q1–Q11, S1"""
        request = self.whole_request()
        for bit in range(8 * len(request)):
            with self.subTest(octet=bit // 8, bit=bit % 8):
                flipped = bytearray(request)
                flipped[bit // 8] ^= 1 << bit % 8
                response = self.answer(bytes(flipped))
                self.assert_right_or_refused(bytes(flipped), response, ("malformedRequest", "unauthorized"))

    def test_a_get_cut_at_every_length(self):
        """H1, H2"""
        target = "/" + lab.base64_of(self.whole_request())
        for length in range(len(target)):
            with self.subTest(length=length):
                reply = self.lab.get(target[:length])
                self.assertEqual((reply.exit_status, reply.http), (0, 200))
                self.assertIn(reply.ocsp.status, ("malformedRequest", "successful"))
                if reply.ocsp.status == "successful":  # only padding was cut off
                    self.assertIn(target[length:], ("%3D", "%3D%3D", "3D", "D"))

    def damaged(self, name, content):
        path = self.lab.write(name, content)
        os.chmod(path, 0o640)
        return path

    def test_a_snapshot_cut_at_every_64th_octet(self):
        """H5: internalError with HTTP 200, and a log line that names file, offset and reason"""
        with open(self.lab.snapshot, "rb") as file:
            snapshot = file.read()
        request = self.request(GOOD)
        for length in [*range(0, len(snapshot), 64), len(snapshot) - 1]:
            with self.subTest(length=length):
                path = self.damaged("cut", snapshot[:length])
                reply = self.lab.ask(request, OCSP_CGI_SNAPSHOT=path)
                self.assertEqual((reply.exit_status, reply.http, reply.ocsp.status), (0, 200, "internalError"))
                self.assertRegex(reply.log["message"], rf"{path}: offset \d+: \w+" if length else f"{path}: empty")

    def test_a_snapshot_longer_than_it_says(self):
        with open(self.lab.snapshot, "rb") as file:
            path = self.damaged("long", file.read() + bytes(64))
        self.assert_error(self.request(GOOD), "internalError", OCSP_CGI_SNAPSHOT=path)

    def test_a_snapshot_with_flipped_bits(self):
        """Either noticed, or not touched by this request: never a wrong status, never a faulty signature"""
        with open(self.lab.snapshot, "rb") as file:
            snapshot = file.read()
        request = self.request(GOOD, REVOKED)
        refused = 0
        for octet in range(0, len(snapshot), 11):
            with self.subTest(octet=octet):
                flipped = bytearray(snapshot)
                flipped[octet] ^= 1 << octet % 8
                response = self.answer(request, OCSP_CGI_SNAPSHOT=self.damaged("flipped", flipped))
                self.assert_right_or_refused(request, response, ("internalError",))
                refused += response.status == "internalError"
        self.assertGreater(refused, 20)

    def with_table(self, content):
        """The site's table replaced for one request."""
        table = self.lab.path("ca.table")
        with open(table, "rb") as file:
            whole = file.read()
        self.lab.write("replacement", content)
        os.rename(self.lab.path("replacement"), table)
        self.addCleanup(self.lab.write, "ca.table", whole)

    def test_a_table_cut_at_every_64th_octet(self):
        """S7: never good, never unknown"""
        with open(self.lab.path("ca.table"), "rb") as file:
            table = file.read()
        for length in [*range(0, len(table), 64), len(table) - 1]:
            with self.subTest(length=length):
                self.with_table(table[:length])
                self.assert_error(self.request(GOOD), "internalError")
        self.doCleanups()

    def test_a_table_with_every_bit_flipped(self):
        with open(self.lab.path("ca.table"), "rb") as file:
            table = file.read()
        request = self.request(GOOD, REVOKED)
        for octet in range(len(table)):
            with self.subTest(octet=octet):
                flipped = bytearray(table)
                flipped[octet] ^= 1 << octet % 8
                self.with_table(flipped)
                self.assert_right_or_refused(request, self.answer(request), ("internalError", "tryLater"))
        self.doCleanups()


class Files(lab.LabTest):
    """What stands in the snapshot's place but is no snapshot that may be trusted."""

    def assert_refused(self, path, reason):
        reply = self.lab.ask(self.request(GOOD), OCSP_CGI_SNAPSHOT=path)
        self.assertEqual((reply.exit_status, reply.http, reply.ocsp.status), (0, 200, "internalError"))
        self.assertIn(path, reply.log["message"])
        self.assertRegex(reply.log["message"], reason)

    def test_missing(self):
        self.assert_refused(self.lab.path("nowhere"), "No such file")

    def test_a_folder(self):
        self.assert_refused(self.lab.folder, "regular file|directory")

    def test_a_symbolic_link(self):
        os.symlink(self.lab.snapshot, self.lab.path("link"))
        self.assert_refused(self.lab.path("link"), "link")

    def test_a_pipe_does_not_hang_it(self):
        os.mkfifo(self.lab.path("pipe"))
        self.assert_refused(self.lab.path("pipe"), "regular file")

    def test_writable_by_others(self):
        with open(self.lab.snapshot, "rb") as file:
            path = self.lab.write("writable", file.read())
        os.chmod(path, 0o666)
        self.assert_refused(path, "writable")

    def test_another_file_format(self):
        for content in (b"", b"-----BEGIN CERTIFICATE-----\n" * 100, bytes(8192)):
            path = self.lab.write("other", content)
            os.chmod(path, 0o640)
            self.assert_refused(path, "offset" if content else "empty")

    def test_a_table_for_a_snapshot(self):
        with open(self.lab.path("ca.table"), "rb") as file:
            path = self.lab.write("table", file.read())
        os.chmod(path, 0o640)
        self.assert_refused(path, "offset")

    def test_readable_by_others(self):
        """It holds private keys"""
        with open(self.lab.snapshot, "rb") as file:
            path = self.lab.write("readable", file.read())
        os.chmod(path, 0o644)
        self.assert_refused(path, "readable by others")
