"""A web server of a test's own, which runs ocsp-cgi: HTTP for the tests that are about something else."""

import http.server
import os
import subprocess
import threading

from lab import program


class _Handler(http.server.BaseHTTPRequestHandler):
    """One CGI process for each request, as RFC 3875 has it."""

    def run(self):
        length = int(self.headers.get("Content-Length") or 0)
        environment = {
            "OCSP_CGI_SNAPSHOT": self.server.snapshot,
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": self.path,
            "CONTENT_LENGTH": str(length),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ},
        }
        body = self.rfile.read(length)
        done = subprocess.run([program("ocsp-cgi")], input=body, capture_output=True, env=environment, timeout=60)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status, *headers = head.decode("ascii").split("\r\n")
        self.server.requests.append((self.command, self.path))
        self.send_response_only(int(status.split()[1]))
        for line in headers:
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = run
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *ignored):
        pass


class Web(http.server.ThreadingHTTPServer):
    """ocsp-cgi behind HTTP on a free loopback port; `requests` remembers (method, target) of each request."""

    daemon_threads = True

    def __init__(self, snapshot, handler=_Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.snapshot = snapshot
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()
