"""An HTTP client of the tests' own, which sends exactly what it is told and reads strictly."""

import socket

import ocsp


class WebReply:
    """One HTTP/1.1 response, read strictly: what is neither counted nor chunked lasts until the server closes."""

    def __init__(self, stream, method="GET"):
        line = stream.readline()
        if not line:
            raise ConnectionError("closed without a reply")
        version, code, *_ = line.decode("ascii").rstrip("\r\n").split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), line
        self.status = int(code)
        self.headers = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, value = line.decode("ascii").rstrip("\r\n").split(":", 1)
            self.headers.append((name.lower(), value.strip()))
        self.chunked = self.header("transfer-encoding") == "chunked"
        self.body = b"" if method == "HEAD" or self.status in (100, 204, 304) else self.read_body(stream)

    def read_body(self, stream):
        if self.chunked:
            body = b""
            while size := int(stream.readline().split(b";")[0], 16):
                body += stream.read(size)
                assert stream.readline() == b"\r\n"
            assert stream.readline() == b"\r\n"
            return body
        length = self.header("content-length")
        if length is None:
            return stream.read()
        body = stream.read(int(length))
        assert len(body) == int(length), "a body that is cut off"
        return body

    def header(self, name):
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, f"{name} twice: {values}"
        return values[0] if values else None

    @property
    def ocsp(self):
        assert self.header("content-type") == "application/ocsp-response", (self.status, self.headers, self.body[:300])
        return ocsp.Response(self.body)


class Client:
    """A connection whose every octet is the test's: nothing normalises a target or adds a header."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.stream.close()
        self.socket.close()

    def send(self, method, target, *headers, body=b""):
        head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", "Host: localhost", *headers))
        try:
            self.socket.sendall(head.encode("ascii") + b"\r\n" + body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server that refuses a long body may close before it is all sent; its reply is there to be read

    def ask(self, method, target, *headers, body=b""):
        self.send(method, target, *headers, body=body)
        return WebReply(self.stream, method)

    def reply(self, method="GET"):
        return WebReply(self.stream, method)
