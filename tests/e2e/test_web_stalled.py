"""Clients that stop in the middle of a request (conformance H3) or of a reply, at all web servers at once: each takes its seconds."""

import contextlib
import socket
import time

import lab_web
import lab_web_test
from lab_web_test import TYPE

STOPS = {
    "in a body with a length": (b"Content-Length: 100\r\n\r\n0b",),
    "in a chunk": (b"Transfer-Encoding: chunked\r\n\r\n64\r\n0b",),
    "between two chunks": (b"Transfer-Encoding: chunked\r\n\r\n2\r\n0b\r\n",),
}


def is_held(client):
    """Is the server's end open? When it is closed, the kernel still tries to deliver; the client's end does not tell."""
    port = client.getsockname()[1]
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return any(int(remote.partition(":")[2], 16) == port and state == "01" for _, _, remote, state, *_ in rows)


class Stalled(lab_web_test.WebTest):
    @classmethod
    def server(cls, site):
        cls.webs = []
        for kind in (lab_web.Apache, lab_web.ApacheCgi, lab_web.Lighttpd, lab_web.Nginx):
            cls.webs.append(kind(site))
            cls.addClassCleanup(cls.webs[-1].close)
        return cls.webs[0]

    def test_who_stops_is_told_or_left(self):
        """within the seconds of www/; the others are served meanwhile"""
        clients = []
        started = time.monotonic()
        for web in self.webs:
            for name, (rest,) in STOPS.items():
                client = self.client(web.port)
                client.socket.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{TYPE}\r\n".encode() + rest)
                clients.append((type(web).__name__, name, client))
        for web in self.webs:
            self.assert_answer(self.post(self.request(self.good), port=web.port), self.good, "good")
        for server, name, client in clients:
            with self.subTest(server=server, name=name):
                try:
                    self.assertIn(client.reply().status, (400, 408))
                except ConnectionError:
                    pass
                self.assertLess(time.monotonic() - started, 10)
        for web in self.webs:
            self.assert_answer(self.post(self.request(self.good), port=web.port), self.good, "good")

    def deaf_client(self, port, octets):
        """One that asks for more than all buffers hold, and reads nothing."""
        deaf = socket.socket()
        self.addCleanup(deaf.close)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", port))
        deaf.settimeout(0.5)
        with contextlib.suppress(TimeoutError, ConnectionError):
            deaf.sendall(octets)
        return deaf

    def test_who_does_not_read_is_left(self):
        """within the seconds of www/"""
        der = self.request(*[self.good] * 64)
        octets = f"POST / HTTP/1.1\r\nHost: localhost\r\n{TYPE}\r\nContent-Length: {len(der)}\r\n\r\n".encode() + der
        clients = {type(web).__name__: self.deaf_client(web.port, octets * 2000) for web in self.webs}
        deadline = time.monotonic() + 40
        while held := [server for server, client in clients.items() if is_held(client)]:
            self.assertLess(time.monotonic(), deadline, f"still held by {held}")
            time.sleep(0.2)
