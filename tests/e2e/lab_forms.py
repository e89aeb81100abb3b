"""What every web server must bring to ocsp-cgi and back: one table of awkward requests, for a class of tests per server."""

import base64
import hashlib
import os
import socket
import subprocess

import lab
import lab_web_test
import ocsp
from lab_web_client import Client
from lab_web_test import TYPE

MOUNTS = ("", "/ocsp", "/cgi-bin/ocsp")


class Forms(lab_web_test.WebTest):
    # What a server refuses by itself, without running ocsp-cgi: form of GET → HTTP status.
    refused = {}
    lower_case_get = 501
    get_with_body = 200

    @classmethod
    def prepare(cls):
        super().prepare()
        certid = ocsp.certid(cls.ca, cls.revoked)
        cls.nonce = lab_web_test.awkward_nonce(certid)
        cls.der = ocsp.request(certid, extensions=[ocsp.nonce(cls.nonce)])

    def assert_revoked(self, reply):
        return self.assert_answer(reply, self.revoked, "revoked", self.nonce)

    def assert_alive(self):
        self.assert_revoked(self.post(self.der))

    # ---- GET ----

    def targets(self):
        raw, escaped = base64.b64encode(self.der).decode(), lab.base64_of(self.der)
        url = raw.replace("+", "-").replace("/", "_")
        for mount in MOUNTS:
            yield f"raw at {mount}/", f"{mount}/{raw}"
            yield f"escaped at {mount}/", f"{mount}/{escaped}"
            yield f"double slash at {mount}/", f"{mount}//{raw}"
            yield f"double slash, escaped, at {mount}/", f"{mount}//{escaped}"
            yield f"absolute form at {mount}/", f"http://localhost{mount}/{raw}"
            yield f"absolute form, escaped, at {mount}/", f"http://localhost{mount}/{escaped}"
        yield "lower-case escapes", "/" + escaped.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")
        yield "only the plus escaped", "/" + raw.replace("+", "%2B")
        yield "only the slash escaped", "/" + raw.replace("/", "%2F")
        yield "every other slash escaped", "/" + raw.replace("//", "/%2F")
        yield "no padding", "/" + raw.rstrip("=")
        yield "no padding, escaped", "/" + escaped.replace("%3D", "")
        yield "query string", f"/{raw}?x=1"
        yield "query string that becomes arguments", f"/ocsp/{escaped}?-help+bar"
        yield "empty query string", f"/{raw}?"
        yield "base64url", "/" + url
        yield "base64url without padding", "/" + url.rstrip("=")
        yield "space for plus", "/" + raw.replace("+", "%20")
        yield "CR LF", f"/{raw[:64]}%0D%0A{raw[64:]}%0D%0A"

    def test_get(self):
        """H1"""
        for name, target in self.targets():
            with self.subTest(name=name, target=target), Client(self.web.port) as client:
                reply = client.ask("GET", target)
                if name in self.refused:
                    self.assertEqual(reply.status, self.refused[name])
                else:
                    self.assert_revoked(reply)

    def test_get_of_nothing_is_malformed(self):
        """H1, H5"""
        escaped = lab.base64_of(self.der)
        for target in ("/ocsp", "/ocsp/", "/ocsp/?" + escaped, "/ocsp/robots.txt", "/ocsp/" + escaped.replace("%", "%25")):
            with self.subTest(target=target):
                self.assertEqual(self.client().ask("GET", target).ocsp.status, "malformedRequest")

    def test_a_page_for_people(self):
        """Who opens the address in a browser reads what it is; a POST there is a request"""
        with open(os.path.join(lab.ROOT, "www", "index.html"), "rb") as file:
            page = file.read()
        for target in ("/", "/?", "/?x=1"):
            with self.subTest(target=target):
                reply = self.client().ask("GET", target)
                self.assertEqual((reply.status, reply.body), (200, page))
                self.assertTrue(reply.header("content-type").startswith("text/html"), reply.headers)
        self.assertEqual(self.client().ask("HEAD", "/").status, 200)
        self.assert_alive()

    def test_merged_slashes_are_not_repaired(self):
        """H2"""
        target = "/" + base64.b64encode(self.der).decode().replace("//", "/")
        self.assertEqual(self.client().ask("GET", target).ocsp.status, "malformedRequest")
        self.web.wait_until(lambda: "merges slashes" in self.web.log_text())

    def test_a_long_get(self):
        """Many CertIDs in one path: an answer, or the server's own refusal"""
        der = ocsp.request(*[ocsp.certid(self.ca, self.good)] * 20)
        reply = self.get(der)
        self.assertEqual(reply.ocsp.statuses, ["good"] * 20)
        reply = self.get(ocsp.request(*[ocsp.certid(self.ca, self.good)] * 64))
        if reply.status == 200:
            self.assertEqual(reply.ocsp.statuses, ["good"] * 64)
        else:
            self.assertIn(reply.status, (400, 403, 404, 414))

    def test_get_with_a_body(self):
        """H1a: a body is not what is asked about, and is not read; mod_cgid loses some replies to such a request"""
        for _ in range(10):
            try:
                reply = self.client().ask("GET", "/" + lab.base64_of(self.der), TYPE, "Content-Length: 5", body=b"hello")
            except ConnectionError:
                continue
            if reply.status == self.get_with_body:
                break
        self.assertEqual(reply.status, self.get_with_body)
        if reply.status == 200:
            self.assert_revoked(reply)

    # ---- POST ----

    def test_post(self):
        """H3"""
        for mount in MOUNTS:
            for name, headers in (
                ("plain", [TYPE]),
                ("upper case", ["CONTENT-TYPE: APPLICATION/OCSP-REQUEST"]),
                ("with a parameter", ["Content-Type: application/ocsp-request; charset=utf-8"]),
                ("without a type", ["Accept: */*"]),
                ("with an empty type", ["Content-Type:"]),
            ):
                with self.subTest(mount=mount, name=name), Client(self.web.port) as client:
                    reply = client.ask("POST", mount or "/", *headers, f"Content-Length: {len(self.der)}", body=self.der)
                    self.assert_revoked(reply)

    def test_chunked_post(self):
        """H3"""
        middle = len(self.der) // 2
        for parts in ([self.der], [self.der[:middle], self.der[middle:]], [self.der[i : i + 1] for i in range(len(self.der))]):
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
            with self.subTest(parts=len(parts)):
                self.assert_revoked(self.client().ask("POST", "/ocsp", TYPE, "Transfer-Encoding: chunked", body=body))

    def test_expect_continue(self):
        """curl asks so before a long body"""
        client = self.client()
        client.send("POST", "/", TYPE, f"Content-Length: {len(self.der)}", "Expect: 100-continue")
        client.socket.sendall(self.der)
        reply = client.reply()
        self.assert_revoked(client.reply() if reply.status == 100 else reply)

    def test_post_of_another_type(self):
        """H3"""
        for content_type in ("text/plain", "application/x-www-form-urlencoded"):
            reply = self.post(self.der, f"Content-Type: {content_type}")
            self.assertEqual(reply.status, 415)
            self.assertIn(b"application/ocsp-request", reply.body)

    def test_an_empty_post_is_malformed(self):
        """Q1, H5"""
        self.assertEqual(self.post(b"").ocsp.status, "malformedRequest")

    def test_too_large(self):
        """H3: refused by the program, and where the server has a limit, by that"""
        for size in (16385, 65000, 70000, 10 * 1024 * 1024):
            with self.subTest(size=size), Client(self.web.port) as client:
                try:
                    reply = client.ask("POST", "/", TYPE, f"Content-Length: {size}", body=bytes(size))
                    self.assertEqual((reply.status, b"OCSPRequest" in reply.body), (413, size < 65536))
                except ConnectionError:
                    self.assertGreater(size, 65536)  # closed while the rest was on its way
        self.assert_alive()

    def test_too_large_in_chunks(self):
        """H3: nobody knows the length in advance"""
        chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
        for count in (2, 640):
            with self.subTest(octets=count * 0x4000), Client(self.web.port) as client:
                try:
                    reply = client.ask("POST", "/", TYPE, "Transfer-Encoding: chunked", body=chunk * count + b"0\r\n\r\n")
                    self.assertEqual(reply.status, 413)
                except ConnectionError:
                    self.assertGreater(count, 2)
        self.assert_alive()

    def test_cut_short(self):
        """H3: no answer to half a request"""
        client = self.client()
        client.send("POST", "/", TYPE, f"Content-Length: {len(self.der)}", body=self.der[:-1])
        client.socket.shutdown(socket.SHUT_WR)
        try:
            self.assertIn(client.reply().status, (400, 408))
        except ConnectionError:
            pass
        self.assert_alive()

    def test_content_lengths_that_are_none(self):
        """H3"""
        for length in ("-1", "+70", "0x46", "99999999999999999999"):
            with self.subTest(length=length), Client(self.web.port) as client:
                self.assertIn(client.ask("POST", "/", TYPE, f"Content-Length: {length}", body=self.der).status, (400, 413))

    # ---- methods, connections ----

    def test_head(self):
        """H4: GET's headers, and nothing behind them that the next request would read"""
        client = self.client()
        target = "/" + lab.base64_of(self.der)
        head, get = client.ask("HEAD", target), client.ask("GET", target)
        self.assert_revoked(get)
        self.assertEqual((head.status, head.header("content-type")), (200, "application/ocsp-response"))
        self.assertEqual(head.header("cache-control"), get.header("cache-control"))

    def test_other_methods(self):
        """H4"""
        for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
            with self.subTest(method=method), Client(self.web.port) as client:
                reply = client.ask(method, "/", "Content-Length: 0")
                self.assertEqual((reply.status, reply.header("allow")), (405, "GET, HEAD, POST"))
        self.assertEqual(self.client().ask("get", "/" + lab.base64_of(self.der)).status, self.lower_case_get)

    def test_keep_alive(self):
        """One connection, good and bad requests in turn"""
        client, target = self.client(), "/" + lab.base64_of(self.der)
        for _ in range(3):
            self.assert_revoked(client.ask("GET", target))
            self.assert_revoked(client.ask("POST", "/ocsp", TYPE, f"Content-Length: {len(self.der)}", body=self.der))
            self.assertEqual(client.ask("GET", "/ocsp/x").ocsp.status, "malformedRequest")
            self.assertEqual(client.ask("PUT", "/", "Content-Length: 3", body=b"abc").status, 405)
            self.assertEqual(client.ask("HEAD", target).status, 200)

    def test_pipelining(self):
        """Answers in the order of the requests"""
        client, wanted = self.client(), []
        for serial, status in ((self.good, "good"), (self.revoked, "revoked"), (0x99, "unknown")) * 2:
            der = self.request(serial)
            client.send("GET", "/" + lab.base64_of(der))
            client.send("POST", "/", TYPE, f"Content-Length: {len(der)}", body=der)
            wanted += [(serial, status)] * 2
        for serial, status in wanted:
            self.assert_answer(client.reply(), serial, status)

    def test_http_1_0(self):
        client = self.client()
        client.socket.sendall(f"GET /{lab.base64_of(self.der)} HTTP/1.0\r\n\r\n".encode())
        self.assert_revoked(client.reply())

    # ---- what the reply and the log look like ----

    def test_the_reply(self):
        """H6: a length, one type without a parameter, one Date; H7 as the program wrote it"""
        reply = self.get(self.request(self.good))
        response = self.assert_answer(reply, self.good, "good")
        self.assertEqual((reply.chunked, reply.header("content-length")), (False, str(len(reply.body))))
        self.assertEqual(reply.header("cache-control"), "max-age=60, public, no-transform, must-revalidate")
        self.assertEqual(reply.header("etag"), f'"{hashlib.sha256(reply.body).hexdigest()}"')
        self.assertEqual(len(reply.header("date")), len(reply.header("last-modified")))
        self.assertLessEqual(response.produced_at, lab.now())
        for der in (self.der, self.request(0x99), b"\x30\x00"):
            self.assertEqual(self.get(der).header("cache-control"), "no-store")

    def test_status_page(self):
        """H11"""
        for target in ("/ocsp/status", "/cgi-bin/ocsp/status/"):
            reply = self.client().ask("GET", target)
            self.assertEqual((reply.status, reply.body, reply.header("cache-control")), (200, b"OK", "no-store"))
            self.assertTrue(reply.header("content-type").startswith("text/plain"))

    def test_one_log_line_per_request(self):
        """H12: where this server's configuration says that it is, whatever the server does once it has the reply"""
        before, wanted = self.web.log_lines(), []
        for _ in range(3):
            wanted += [self.post(self.der).status, self.post(bytes(20000)).status, self.get(self.der).status]
        said = self.web.log_lines()[len(before) :]
        self.assertEqual(sorted(line["http"] for line in said), sorted(wanted))
        for line in said:
            self.assertEqual("CONTENT_LENGTH is 20000" in line.get("message", ""), line["http"] == 413)
        self.assertEqual({line["level"] for line in said}, {"info"})

    # ---- clients ----

    def shell(self, *arguments):
        how = {"cwd": self.lab.folder, "stdin": subprocess.DEVNULL, "timeout": 30}
        done = subprocess.run(arguments, capture_output=True, text=True, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def assert_openssl_accepts(self, name, serial, status):
        how = ["-issuer", "ca.pem", "-serial", hex(serial), "-respin", name, "-CAfile", "ca.pem", "-no_nonce"]
        said = self.shell("openssl", "ocsp", *how)
        self.assertIn("Response verify OK", said)
        self.assertIn(f"{hex(serial)}: {status}", said)

    def test_openssl(self):
        for mount in MOUNTS:
            said = self.shell(
                *("openssl", "ocsp", "-issuer", "ca.pem", "-serial", hex(self.good), "-serial", hex(self.revoked)),
                *("-url", f"http://127.0.0.1:{self.web.port}{mount}", "-CAfile", "ca.pem", "-nonce"),
            )
            self.assertIn("Response verify OK", said)
            self.assertNotIn("WARNING", said)  # of a nonce that did not come back
            self.assertIn(f"{hex(self.good)}: good", said)
            self.assertIn(f"{hex(self.revoked)}: revoked", said)

    def test_curl_and_wget(self):
        url = f"http://127.0.0.1:{self.web.port}/ocsp"
        der = self.request(self.good)
        self.lab.write("request.der", der)
        for name, arguments in {
            "curl-post": ["curl", "-sSf", "-o", "reply.der", "-H", TYPE, "--data-binary", "@request.der", url],
            "curl-get": ["curl", "-sSf", "-o", "reply.der", f"{url}/{base64.b64encode(der).decode()}"],
            "curl-get-escaped": ["curl", "-sSf", "-o", "reply.der", f"{url}/{lab.base64_of(der)}"],
            "wget-get": ["wget", "-q", "-O", "reply.der", f"{url}/{lab.base64_of(der)}"],
            "wget-get-raw": ["wget", "-q", "-O", "reply.der", f"{url}/{base64.b64encode(der).decode()}"],
            "wget-post": ["wget", "-q", "-O", "reply.der", f"--header={TYPE}", "--post-file=request.der", url],
        }.items():
            with self.subTest(name):
                self.shell(*arguments)
                self.assert_openssl_accepts("reply.der", self.good, "good")
                os.remove(self.lab.path("reply.der"))
