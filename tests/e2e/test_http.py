"""HTTP over CGI: how a request arrives, how the reply leaves."""

import email.utils
import hashlib
import os
import pty
import signal
import subprocess

import lab
import ocsp
from lab import GOOD, REVOKED, UNKNOWN


class Get(lab.LabTest):
    settings = {"nonce": "ignore"}

    @classmethod
    def prepare(cls):
        super().prepare()
        # A nonce is put into the request until its base64 has what servers and clients get wrong.
        for number in range(100000):
            nonce = ocsp.nonce(hashlib.sha256(b"%d" % number).digest()[: 15 + number % 3])
            cls.der = ocsp.request(ocsp.certid(cls.ca, REVOKED), extensions=[nonce])
            cls.base64 = lab.base64.b64encode(cls.der).decode()
            if "//" in cls.base64 and "+" in cls.base64 and cls.base64.endswith("="):
                return
        raise AssertionError("no such base64")

    def assert_revoked(self, reply):
        self.assertEqual((reply.exit_status, reply.http, reply.ocsp.status), (0, 200, "successful"), reply.log_text)
        self.assertEqual(reply.ocsp.singles[0].serial, REVOKED)
        self.assertEqual(reply.ocsp.statuses, ["revoked"])

    def test_the_forms_that_clients_write(self):
        """H1"""
        raw, escaped = self.base64, lab.base64_of(self.der)
        for target in (
            "/" + escaped,
            "/" + raw,
            "/ocsp/" + escaped,
            "/a/b.cgi/" + raw,
            "//" + raw,
            "/ocsp//" + escaped,
            "http://ocsp.example.org/" + escaped,
            "http://ocsp.example.org:8080/ocsp/" + raw,
            "/" + escaped + "?x=1",
            "/" + escaped.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"),
            "/" + raw.rstrip("="),
            "/" + raw.replace("+", "%20"),
            "/" + raw.replace("+", "-").replace("/", "_"),
            "/" + raw.replace("+", "-").replace("/", "_").rstrip("="),
            "/" + raw[:64] + "%0D%0A" + raw[64:],
            "/" + raw[:64] + "%0A" + raw[64:] + "%0A",
        ):
            with self.subTest(target=target):
                self.assert_revoked(self.lab.get(target))

    def test_junk_and_double_escaping_are_malformed(self):
        """H1"""
        raw, escaped = self.base64, lab.base64_of(self.der)
        targets = ["/", "", "/robots.txt", "/?x=1", "/?" + escaped, "/" + escaped.replace("%", "%25")]
        targets += ["/" + raw + "!", "/!" + raw, "/" + raw + "AAAA", "/" + raw + "%00", "/" + raw[4:], "/%", "/%4"]
        targets += ["/" + lab.base64_of(self.der + b"\x00"), "/" + lab.base64_of(self.der + self.der), "/" + "A" * 100000]
        for target in targets:
            with self.subTest(target=target[:200]):
                reply = self.lab.get(target)
                self.assertEqual((reply.exit_status, reply.http, reply.ocsp.status), (0, 200, "malformedRequest"))
                self.assertEqual(len(reply.log_lines), 1)

    def test_path_info_only_where_there_is_no_request_uri(self):
        """H1"""
        self.assert_revoked(self.lab.ask(REQUEST_METHOD="GET", PATH_INFO="/" + self.base64))
        self.assert_revoked(self.lab.get("/" + self.base64, PATH_INFO="/" + lab.base64_of(self.request(GOOD))))
        reply = self.lab.get("/ocsp", PATH_INFO="/" + self.base64)
        self.assertEqual(reply.ocsp.status, "malformedRequest")

    def test_script_name_is_not_trusted(self):
        """H1: nginx sends the whole decoded URI in it"""
        self.assert_revoked(self.lab.get("/ocsp/" + self.base64, SCRIPT_NAME="/ocsp/" + self.base64))

    def test_merged_slashes_are_named_and_not_repaired(self):
        """H2"""
        reply = self.lab.get("/" + self.base64.replace("//", "/"))
        self.assertEqual(reply.ocsp.status, "malformedRequest")
        self.assertIn("merges slashes", reply.log["message"])

    def test_head_is_get_without_the_body(self):
        """H4"""
        get = self.lab.get("/" + self.base64)
        head = self.lab.ask(REQUEST_METHOD="HEAD", REQUEST_URI="/" + self.base64)
        self.assertEqual((head.exit_status, head.http, head.body), (0, 200, b""))
        self.assertEqual([name for name, _ in head.headers], [name for name, _ in get.headers])
        self.assertEqual(head.header("Content-Type"), "application/ocsp-response")
        self.assertGreater(int(head.header("Content-Length")), 100)

    def test_standard_input_and_arguments_are_never_read(self):
        """H1a: a pipe that stays open does not hang it, another request in it changes nothing"""
        self.assert_revoked(self.lab.get("/" + self.base64, QUERY_STRING="-help"))
        self.assert_revoked(self.lab.ask(self.request(GOOD), REQUEST_METHOD="GET", REQUEST_URI="/" + self.base64))
        self.assert_revoked(
            self.lab.ask(arguments=["-help", "/" + self.base64], REQUEST_METHOD="GET", REQUEST_URI="/" + self.base64)
        )
        for method in ("GET", "HEAD"):
            environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "REQUEST_METHOD": method, "REQUEST_URI": "/" + self.base64}
            with subprocess.Popen([lab.program("ocsp-cgi")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
                self.assertEqual(process.wait(timeout=4), 0)


class Post(lab.LabTest):
    settings = {"deadline_ms": 400}

    def post(self, der, content_type="application/ocsp-request", length=None, **environment):
        if content_type is not None:
            environment["CONTENT_TYPE"] = content_type
        if length is not None:
            environment["CONTENT_LENGTH"] = str(length)
        return self.lab.ask(der, REQUEST_METHOD="POST", **environment)

    def test_content_types(self):
        """H3"""
        der = self.request(GOOD)
        for content_type in (
            None,
            "",
            "application/ocsp-request",
            "Application/OCSP-Request",
            "application/ocsp-request; charset=utf-8",
            "application/ocsp-request;x=y",
        ):
            with self.subTest(content_type=content_type):
                self.assertEqual(self.post(der, content_type, len(der)).ocsp.statuses, ["good"])
        for content_type in ("application/x-www-form-urlencoded", "text/plain", "application/ocsp-requests", "x"):
            with self.subTest(content_type=content_type):
                reply = self.post(der, content_type, len(der))
                self.assertEqual((reply.exit_status, reply.http), (0, 415))
                self.assertIn(b"application/ocsp-request", reply.body)
                self.assertTrue(reply.header("Content-Type").startswith("text/plain"))

    def test_content_length(self):
        """H3: digits only; never read past it; unset or empty is to the end of the file"""
        der = self.request(GOOD)
        for length in (None, "", len(der), f"00{len(der)}"):
            with self.subTest(length=length):
                self.assertEqual(self.post(der, length=length).ocsp.statuses, ["good"])
        self.assertEqual(self.post(der + b"trailing", length=len(der)).ocsp.statuses, ["good"])
        for length in ("-1", "+70", "70 ", "0x46", "1e3", "70,70"):
            with self.subTest(length=length):
                self.assertEqual((self.post(der, length=length).http), 400)
        self.assertEqual(self.post(der, length=len(der) + 1).http, 400)
        self.assertEqual(self.post(der, length=len(der) - 1).ocsp.status, "malformedRequest")

    def test_an_empty_body_is_malformed(self):
        """Q1"""
        for length in (None, 0):
            self.assertEqual(self.post(b"", length=length).ocsp.status, "malformedRequest")

    def test_too_large(self):
        """H3, Q9"""
        for length in (16385, 10**6, 10**20, "9" * 400):
            with self.subTest(length=length):
                self.assertEqual(self.post(bytes(16385), length=length).http, 413)
        self.assertEqual(self.post(bytes(16385)).http, 413)
        self.assertEqual(self.post(bytes(2 * 1024 * 1024)).http, 413)
        self.assertEqual(self.post(bytes(16384)).ocsp.status, "malformedRequest")

    def test_what_is_refused_is_drained_first(self):
        """H3: the writer of a body that fits a pipe several times is not cut off"""
        body = bytes(900 * 1024)
        reader, writer = os.pipe()
        with subprocess.Popen(
            [lab.program("ocsp-cgi")],
            stdin=reader,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body))},
        ) as process:
            os.close(reader)
            written = 0
            while written < len(body):
                written += os.write(writer, body[written:])
            os.close(writer)
            self.assertIn(b"Status: 413", process.communicate(timeout=10)[0])

    def test_a_stalled_body_is_408_within_the_deadline(self):
        """H3, and exit status 0 with one log line"""
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "70"}
        with subprocess.Popen(
            [lab.program("ocsp-cgi")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            process.stdin.write(b"\x30")
            process.stdin.flush()
            self.assertEqual(process.wait(timeout=3), 0)
            self.assertIn(b"Status: 408 Request Timeout\r\n", process.stdout.read())
            self.assertEqual(process.stderr.read().count(b"\n"), 1)

    def test_methods(self):
        """H4"""
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            with self.subTest(method=method):
                reply = self.lab.ask(REQUEST_METHOD=method, REQUEST_URI="/")
                self.assertEqual(reply.http, 405)
                self.assertEqual(reply.header("Allow"), "GET, HEAD, POST")
        for method in ("get", "BREW", "", "POST "):
            with self.subTest(method=method):
                self.assertEqual(self.lab.ask(REQUEST_METHOD=method, REQUEST_URI="/").http, 501)

    def test_by_hand_standard_input_is_the_body(self):
        """design: no REQUEST_METHOD"""
        reply = self.lab.ask(self.request(GOOD, REVOKED))
        self.assertEqual(reply.http, 200)
        self.assertEqual(reply.ocsp.statuses, ["good", "revoked"])

    def test_the_order_of_the_header_lines(self):
        """H6"""
        for reply in (self.post(self.request(GOOD)), self.lab.get("/x"), self.lab.ask(REQUEST_METHOD="PUT")):
            names = [name for name, _ in reply.headers]
            self.assertEqual(names[:3], ["Status", "Content-Type", "Content-Length"])
            self.assertEqual(int(reply.header("Content-Length")), len(reply.body))
            for forbidden in ("Date", "Server"):
                self.assertNotIn(forbidden, names)


class Caching(lab.LabTest):
    settings = {"cache_headers": True, "max_cache_age": 60, "nonce": "copy"}

    def get(self, *serials, **environment):
        return self.lab.get("/" + lab.base64_of(self.request(*serials)), **environment)

    def test_a_cacheable_answer(self):
        """H7, H10"""
        for serial in (GOOD, REVOKED):
            with self.subTest(serial=serial):
                reply = self.get(serial, LC_ALL="de_DE.UTF-8", LANG="fr_FR", TZ="Asia/Tokyo")
                single = reply.ocsp.singles[0]
                self.assertEqual(reply.header("Last-Modified"), email.utils.formatdate(single.this_update, usegmt=True))
                expires = email.utils.formatdate(reply.ocsp.produced_at + 60, usegmt=True)
                self.assertEqual(reply.header("Expires"), expires)
                self.assertEqual(reply.header("ETag"), f'"{hashlib.sha256(reply.body).hexdigest()}"')
                self.assertEqual(reply.header("Cache-Control"), "max-age=60, public, no-transform, must-revalidate")

    def test_what_must_not_be_kept(self):
        """H8: unknown, an OCSP error, an HTTP error"""
        replies = [self.get(UNKNOWN), self.get(GOOD, UNKNOWN), self.lab.get("/x"), self.lab.ask(b""), self.lab.ask(REQUEST_METHOD="PUT")]
        for reply in replies:
            self.assertEqual(reply.header("Cache-Control"), "no-store")
            for name in ("ETag", "Expires", "Last-Modified"):
                self.assertIsNone(reply.header(name))

    def test_a_successful_post_says_nothing(self):
        """H8"""
        reply = self.lab.ask(self.request(GOOD), REQUEST_METHOD="POST")
        self.assertEqual([name for name, _ in reply.headers], ["Status", "Content-Type", "Content-Length"])


class CachingWithoutMaximum(lab.LabTest):
    settings = {"cache_headers": True, "nonce": "ignore"}
    policy = {"ocsp_validity_hours": 2}

    def test_fresh_until_just_before_next_update(self):
        """H7"""
        reply = self.lab.get("/" + lab.base64_of(self.request(GOOD)))
        single = reply.ocsp.singles[0]
        age = single.next_update - reply.ocsp.produced_at - 1
        self.assertEqual(reply.header("Cache-Control"), f"max-age={age}, public, no-transform, must-revalidate")
        self.assertEqual(reply.header("Expires"), email.utils.formatdate(single.next_update, usegmt=True))


class CachingOff(lab.LabTest):
    settings = {"cache_headers": False, "nonce": "ignore"}

    def test_no_cache_header(self):
        """H7"""
        reply = self.lab.get("/" + lab.base64_of(self.request(GOOD)))
        self.assertEqual([name for name, _ in reply.headers], ["Status", "Content-Type", "Content-Length"])


class Process(lab.LabTest):
    """What a web server may do to a program's descriptors and signals."""

    def start(self, **how):
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot}
        return subprocess.Popen([lab.program("ocsp-cgi")], env=environment, **{"stderr": subprocess.PIPE, **how})

    def test_a_full_disk_behind_standard_output(self):
        """H6: a non-zero exit and a log line"""
        with open("/dev/full", "wb") as full, self.start(stdin=subprocess.PIPE, stdout=full) as process:
            _, log = process.communicate(self.request(GOOD), timeout=10)
            self.assertGreater(process.returncode, 0)
            self.assertIn(b"No space left", log)

    def test_by_hand_on_a_terminal(self):
        """Says what it is instead of waiting for a request; a web server's REQUEST_METHOD says that it is none"""
        try:
            mine, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"this system gives no terminal: {error}")
        self.addCleanup(os.close, mine)
        with self.start(stdin=theirs, stdout=subprocess.PIPE) as process:
            os.close(theirs)
            out, said = process.communicate(timeout=10)
            self.assertEqual((process.returncode, out), (2, b""))
            self.assertIn(b"openssl ocsp", said)

    def test_a_client_that_left(self):
        """H6: EPIPE, not SIGPIPE"""
        reader, writer = os.pipe()
        os.close(reader)
        with self.start(stdin=subprocess.PIPE, stdout=writer) as process:
            os.close(writer)
            _, log = process.communicate(self.request(GOOD), timeout=10)
            self.assertGreater(process.returncode, 0)
            self.assertIn(b"Broken pipe", log)

    def test_closed_descriptors(self):
        """H12: what is opened never lands on 0, 1 or 2"""
        for descriptor in (0, 1, 2):
            with self.subTest(descriptor=descriptor):
                environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot}
                done = subprocess.run(
                    ["/bin/sh", "-c", f'exec "$0" {descriptor}{"<" if descriptor == 0 else ">"}&-', lab.program("ocsp-cgi")],
                    input=self.request(GOOD), capture_output=True, env=environment, timeout=10,
                )
                self.assertEqual(done.returncode, 1 if descriptor == 1 else 0, "a reply that nobody can read is a failure")
                if descriptor == 0:
                    self.assertTrue(done.stdout.endswith(b"\x30\x03\x0a\x01\x01"), "an empty body is malformedRequest")

    def test_blocked_signals(self):
        """H12: uwsgi starts programs with SIGALRM blocked; the deadline must strike all the same"""
        block = lambda: signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
        with self.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=block) as process:
            self.assertEqual(process.wait(timeout=8), 0)
            self.assertIn(b"Status: 408", process.stdout.read())
