"""`ocspctl compare`: two responders over two Redis that should hold the same, behind HTTP."""

import http.client
import http.server
import os
import shutil
import socket
import threading

import lab
import lab_redis
from lab import REVOKED_AT
from lab_http import Web
from lab_redis import redis_ca

EQUAL, DIFFERENT, USAGE, NOT_ASKED = 0, 1, 2, 3
SERIALS = 60


class Words(http.server.BaseHTTPRequestHandler):
    """A web server that is no responder."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        octets = b"Hello"
        self.send_response_only(self.server.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *ignored):
        pass


class Moody(Words):
    """Another status each time; None: what a responder behind it says."""

    def do_POST(self):
        status = next(self.server.statuses)
        if status:
            self.server.status = status
            super().do_POST()
            return
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=10)
        behind.request("POST", "/", octets, {"Content-Type": "application/ocsp-request"})
        reply = behind.getresponse()
        octets = reply.read()
        behind.close()
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.getheader("Content-Type"))
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


class Compare(lab.LabTest):
    """The old one answers from a copy of the snapshot's site with a Redis of its own."""

    @classmethod
    def prepare(cls):
        cls.servers, cls.webs = {}, {}
        ca = cls.lab.authority("ca")
        delegates = {name: cls.lab.delegate(name, ca) for name in ("old-ocsp", "new-ocsp")}
        for side in ("old", "new"):
            cls.servers[side] = lab_redis.Server(cls.lab.path(f"redis-{side}"))
            cls.addClassCleanup(cls.servers[side].close)
            other = {"responder_id": "name", "ocsp_validity_hours": 24} if side == "old" else {}
            site = {"ca": redis_ca("ca", delegates[f"{side}-ocsp"], **other)}
            cls.lab.compile(site, redis={"address": f"unix:{cls.servers[side].path}"}, nonce="copy" if side == "old" else "ignore")
            shutil.copy(cls.lab.snapshot, cls.lab.path(f"{side}.snapshot"))
            cls.webs[side] = Web(cls.lab.path(f"{side}.snapshot"))
            cls.addClassCleanup(cls.webs[side].close)
        cls.urls = [cls.webs["old"].url, cls.webs["new"].url]

    def setUp(self):
        for server in self.servers.values():
            server.do("FLUSHALL")
            for serial in range(1, SERIALS + 1):
                if serial % 3:
                    server.put(serial, 0)
                else:
                    server.put(serial, 1, REVOKED_AT + serial, serial % 7)

    def compare(self, *arguments, expect, urls=None):
        done = self.lab.ctl("compare", *(urls or self.urls), "-c", "config.yaml", *arguments)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def differences(self, *arguments, **how):
        lines = self.compare(*arguments, expect=DIFFERENT, **how).stdout.splitlines()
        return [line for line in lines if line.startswith("different: ")]

    def test_equal_although_signer_and_times_differ(self):
        done = self.compare("--from-redis", expect=EQUAL)
        self.assertIn("CA ca: 60 of 60 serials in Redis, and 100 that nobody has issued", done.stdout)
        self.assertIn("compared by POST: 160 verdicts, 0 different, 0 could not be asked", done.stdout)
        self.assertIn("good 40, revoked 20, unknown 100, an OCSP error 0, nothing of use 0", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_by_get(self):
        for web in self.webs.values():
            web.requests.clear()
        done = self.compare("--from-redis", "--absent", "5", "--get", expect=EQUAL)
        self.assertIn("compared by GET: 65 verdicts, 0 different", done.stdout)
        for web in self.webs.values():
            self.assertEqual({method for method, _ in web.requests}, {"GET"})
            self.assertEqual(len(web.requests), 65)

    def test_below_a_mount(self):
        self.compare("--from-redis", "--get", urls=[self.urls[0] + "ocsp", self.urls[1] + "ocsp/"], expect=EQUAL)

    def test_each_kind_of_difference_is_named(self):
        """With the serial in both bases and both verdicts."""
        old = self.servers["old"]
        old.put(17, 1, REVOKED_AT, 1)
        old.put(18, 1, REVOKED_AT, 4)
        old.do("DEL", "cert:/CN=ca:19")
        old.put(20, "abc")
        old.put(21, 1, REVOKED_AT + 21, 5)
        new_only = self.differences("--from-redis")
        self.assertEqual(
            sorted(new_only),
            [
                "different: CA ca, serial 0x11 (17): old: revoked 2025-01-01T00:00:00Z keyCompromise; new: good",
                "different: CA ca, serial 0x12 (18): old: revoked 2025-01-01T00:00:00Z superseded; "
                "new: revoked 2025-01-01T00:00:18Z superseded",
                "different: CA ca, serial 0x13 (19): old: unknown; new: good",
                "different: CA ca, serial 0x14 (20): old: OCSP error internalError; new: good",
                "different: CA ca, serial 0x15 (21): old: revoked 2025-01-01T00:00:21Z cessationOfOperation; "
                "new: revoked 2025-01-01T00:00:21Z",
            ],
        )

    def test_no_reason_and_unspecified_say_the_same(self):
        self.servers["old"].put(5, 1, REVOKED_AT, 0)
        self.servers["new"].put(5, 1, REVOKED_AT)
        self.compare("--from-redis", expect=EQUAL)

    def test_serials_that_are_given(self):
        self.servers["old"].put(16, 1, REVOKED_AT, 1)
        self.compare("--ca", "ca", "1", "2", "0x11", expect=EQUAL)
        (line,) = self.differences("--ca", "ca", "1", "0x10")
        self.assertIn("serial 0x10 (16)", line)

    def test_a_sample_is_no_larger_than_wanted_and_differs(self):
        samples = []
        for _ in range(3):
            self.webs["new"].requests.clear()
            done = self.compare("--from-redis", "--sample", "10", "--absent", "0", "--get", expect=EQUAL)
            self.assertIn("CA ca: 10 of 60 serials in Redis, and 0 that nobody has issued", done.stdout)
            self.assertIn("10 verdicts", done.stdout)
            samples.append(set(self.webs["new"].requests))
            self.assertEqual(len(samples[-1]), 10)
        self.assertFalse(samples[0] == samples[1] == samples[2])

    def test_a_subject_of_a_patterns_characters(self):
        """What MATCH takes for a pattern is a subject's own here; the other CA's serials are not asked for."""
        ca = self.lab.authority("glob", subject=lab.common_name("a*[b]?"))
        delegate = self.lab.delegate("glob-ocsp", ca)
        server = self.servers["new"]
        config = {"certificate_authorities": {"glob": redis_ca("glob", delegate)}, "redis": {"address": f"unix:{server.path}"}}
        self.lab.write("glob.yaml", lab.json.dumps(config))
        self.lab.must("compile", "-c", "glob.yaml", "-o", "glob.snapshot")
        web = Web(self.lab.path("glob.snapshot"))
        self.addCleanup(web.close)
        for serial in (7, 8, 9):
            server.put(serial, 0, subject="/CN=a*[b]?")
        server.put(10, 0, subject="/CN=aXb?")
        done = self.lab.ctl("compare", web.url, web.url, "-c", "glob.yaml", "--from-redis")
        self.assertEqual(done.returncode, EQUAL, done.stderr)
        self.assertIn("CA glob: 3 of 3 serials in Redis", done.stdout)

    def test_an_answer_that_nobody_believes_is_no_verdict(self):
        """A responder of another CA: unauthorized on one side, and then on both, which shows nothing."""
        other = self.lab.authority("other")
        delegate = self.lab.delegate("other-ocsp", other)
        config = {"certificate_authorities": {"other": redis_ca("other", delegate)}}
        self.lab.write("other.yaml", lab.json.dumps(config))
        self.lab.must("compile", "-c", "other.yaml", "-o", "other.snapshot")
        web = Web(self.lab.path("other.snapshot"))
        self.addCleanup(web.close)
        (line,) = self.differences("--ca", "ca", "1", urls=[self.urls[0], web.url])
        self.assertIn("old: good; new: OCSP error unauthorized", line)
        done = self.compare("--ca", "ca", "1", urls=[web.url, web.url], expect=NOT_ASKED)
        self.assertIn("neither has answered good, revoked or unknown once", done.stderr)

    def test_web_servers_that_are_no_responders(self):
        for status, words in ((200, "not of type application/ocsp-response"), (404, "HTTP 404"), (500, "HTTP 500")):
            web = Web("", Words)
            web.status = status
            self.addCleanup(web.close)
            with self.subTest(status=status):
                (line,) = self.differences("--ca", "ca", "1", urls=[web.url, self.urls[1]])
                self.assertIn(words, line)
                done = self.compare("--from-redis", urls=[web.url, web.url], expect=NOT_ASKED)
                self.assertIn(words, done.stderr)
                self.assertIn("0 verdicts, 0 different, 3 could not be asked", done.stdout)

    def test_a_wrong_url_is_told_once(self):
        """Not by a line for each certificate; and it is no difference."""
        web = Web("", Words)
        web.status = 403
        self.addCleanup(web.close)
        for urls in ([web.url, self.urls[1]], [self.urls[0], web.url]):
            with self.subTest(urls=urls):
                done = self.compare("--from-redis", urls=urls, expect=NOT_ASKED)
                self.assertNotIn("different: ", done.stdout)
                self.assertIn("0 verdicts, 0 different, 20 could not be asked", done.stdout)
                (line,) = done.stderr.splitlines()
                self.assertIn(f"{web.url}: HTTP 403 to each of the first 20 questions", line)
                self.assertIn("is this the responder's URL?", line)
        serials = [str(serial) for serial in range(1, 20)]
        self.assertEqual(len(self.differences("--ca", "ca", *serials, urls=[web.url, self.urls[1]])), 19)

    def test_one_that_fails_in_several_ways_is_told_for_each_certificate(self):
        web = Web("", Moody)
        web.statuses = iter([403] * 38 + [500] * 100)
        self.addCleanup(web.close)
        serials = [str(serial) for serial in range(1, 31)]
        lines = self.differences("--ca", "ca", *serials, urls=[web.url, self.urls[1]])
        self.assertEqual([line.split()[4] for line in lines], [f"0x{serial:02x}" for serial in range(1, 31)])
        self.assertEqual([line.count("HTTP 403") for line in lines], [1] * 19 + [0] * 11)

    def test_one_that_begins_well_and_fails_then_is_told_for_each_certificate(self):
        """The first question has an answer: the old one's own Redis says so, and only then the web server fails."""
        web = Web("", Moody)
        web.statuses = iter([None] + [403] * 100)
        web.behind = self.webs["old"].server_port
        self.addCleanup(web.close)
        serials = [str(serial) for serial in range(1, 31)]
        self.assertEqual(len(self.differences("--ca", "ca", *serials, urls=[web.url, self.urls[1]])), 29)

    def test_what_cannot_be_asked(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            for url, words in (
                ("http://127.0.0.1:1/", "Connect"),
                (f"http://127.0.0.1:{silent.getsockname()[1]}/", "timed out"),
                ("http://unix:/nonexistent.sock:/", "cannot connect to the socket /nonexistent.sock: no such file"),
                ("ftp://127.0.0.1/", "http:// or https://"),
                ("127.0.0.1", "http:// or https://"),
            ):
                with self.subTest(url=url):
                    done = self.compare("--ca", "ca", "1", "--timeout", "2000", urls=[self.urls[0], url], expect=NOT_ASKED)
                    self.assertIn(url, done.stderr)
                    self.assertIn(words.lower(), done.stderr.lower())

    def test_redis_is_gone(self):
        self.servers["new"].kill()
        try:
            done = self.compare("--from-redis", expect=NOT_ASKED)
            self.assertIn("cannot connect", done.stderr)
        finally:
            self.servers["new"].start()

    def test_an_empty_redis_is_told(self):
        self.servers["new"].do("FLUSHALL")
        self.servers["old"].do("FLUSHALL")
        done = self.compare("--from-redis", expect=EQUAL)
        self.assertIn("no key that begins with cert:/CN=ca:", done.stderr)

    def test_usage(self):
        for arguments in (
            (),
            (self.urls[0], "--from-redis"),
            (*self.urls,),
            (*self.urls, "17"),
            (*self.urls, "--from-redis", "--sample", "x"),
            (*self.urls, "--from-redis", "--timeout", "0"),
            (*self.urls, "--from-redis", "--unheard"),
        ):
            with self.subTest(arguments=arguments):
                done = self.lab.ctl("compare", *arguments)
                self.assertEqual((done.returncode, done.stdout), (USAGE, ""))
                self.assertIn("ocspctl compare --help", done.stderr)
        self.assertEqual(self.lab.ctl("compare", "--help").returncode, 0)

    def test_over_a_unix_socket(self):
        """As thin and others listen: http://unix:/path:/."""
        path = self.lab.path("web.sock")
        target = ("127.0.0.1", self.webs["old"].server_port)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.addCleanup(listener.close)
        threading.Thread(target=relay, args=(listener, target), daemon=True).start()
        self.compare("--ca", "ca", "1", "3", urls=[f"http://unix:{path}:/ocsp", self.urls[1]], expect=EQUAL)
        self.assertTrue(os.path.exists(path))


def relay(listener, target):
    """Octets from each client of a Unix socket to a port, and back."""

    def pump(source, sink):
        while octets := source.recv(65536):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)

    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection(target)
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        threading.Thread(target=pump, args=(server, client), daemon=True).start()
