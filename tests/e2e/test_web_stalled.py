"""Clients that stop in the middle of a request (conformance H3), at all web servers at once: each takes its seconds."""

import time

import lab_web
import lab_web_test
from lab_web_test import TYPE

STOPS = {
    "in a body with a length": (b"Content-Length: 100\r\n\r\n0b",),
    "in a chunk": (b"Transfer-Encoding: chunked\r\n\r\n64\r\n0b",),
    "between two chunks": (b"Transfer-Encoding: chunked\r\n\r\n2\r\n0b\r\n",),
}


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
