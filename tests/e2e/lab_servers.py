"""Servers of a test's own: a redis-server, and a web server that runs ocsp-cgi. Both end with the test that made them."""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from lab import program


class Redis:
    """A redis-server on a Unix socket in a folder of its own."""

    def __init__(self, *settings):
        self.folder = tempfile.mkdtemp(prefix="ocsp-cgi-redis-")
        self.socket = os.path.join(self.folder, "redis.sock")
        self.settings = settings
        self.process = None
        self.start()

    def start(self):
        fixed = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "", "--daemonize", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *fixed, *self.settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while not self.is_listening():
            assert self.process.poll() is None and time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.01)

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def cli(self, *words, password=None):
        how = ["redis-cli", "-s", self.socket, *(["-a", password, "--no-auth-warning"] if password else [])]
        done = subprocess.run([*how, *words], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.resume()
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)


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
