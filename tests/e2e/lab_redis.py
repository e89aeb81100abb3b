"""Redis for the tests: a real redis-server, a small client, and servers that follow a script."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import lab


def cluster():
    """The options of a node of a cluster, whose bus needs a port of its own."""
    return ["--cluster-enabled", "yes", "--cluster-port", str(lab.free_port())]


def encode(*words):
    """One command as RESP has it."""
    octets = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(octets) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in octets)


def connect(address):
    """`address`: a socket's path, or (host, port)."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=10)
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(10)
    made.connect(address)
    return made


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """A test run that is killed leaves no server behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Client:
    """Speaks to Redis apart from hiredis; an error reply is returned as a string that begins with "-"."""

    def __init__(self, address):
        self.socket = connect(address)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        self.socket.sendall(encode(*words))
        return self.reply()

    def reply(self):
        line = self.file.readline().rstrip(b"\r\n")
        if not line:
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode() if kind == b"-" else rest.decode()

    def close(self):
        self.file.close()
        self.socket.close()


def words_of(line):
    """A line of MONITOR: TIME [DATABASE CLIENT] "word" "word" …, with Redis' own escapes undone."""
    escapes = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}

    def undo(match):
        text = match.group(1)
        return bytes([int(text[1:], 16)]) if text[0] == "x" and len(text) == 3 else escapes.get(text, text.encode())

    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    pieces = (re.split(r"\\(x[0-9a-f]{2}|.)", word) for word in quoted)
    out = []
    for piece in pieces:
        word = b""
        for i, text in enumerate(piece):
            word += undo(re.match("(?s)(.*)", text)) if i % 2 else text.encode()
        out.append(word)
    return out


class Server:
    """redis-server on a Unix socket and, with port=True, on loopback; its folder is removed by close()."""

    def __init__(self, folder, *options, port=False):
        self.folder, self.options = folder, options
        self.path = os.path.join(folder, "redis.sock")
        self.port = lab.free_port() if port else 0
        self.process = None
        os.makedirs(folder, exist_ok=True)
        self.start()

    def start(self):
        listen = ["--unixsocket", self.path, "--unixsocketperm", "777", "--port", str(self.port)]
        listen += ["--bind", "127.0.0.1", "-::1"] if self.port else []
        command = ["redis-server", *listen, "--save", "", "--dir", self.folder, "--daemonize", "no", *self.options]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.process = subprocess.Popen(command, **quiet, preexec_fn=die_with_parent)
        deadline = time.monotonic() + 10
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.005)

    def answers(self):
        try:
            client = self.client()
            client("PING")
            client.close()
            return True
        except OSError:
            return False

    def client(self):
        return Client(self.path)

    def do(self, *words):
        client = self.client()
        try:
            return client(*words)
        finally:
            client.close()

    def put(self, serial, status, time=None, reason=None, subject="/CN=ca", key=None):
        """As the Ruby writer does it."""
        fields = ["status", status]
        fields += ["revocation_time", time] if time is not None else []
        fields += ["revocation_reason", reason] if reason is not None else []
        return self.do("HMSET", key or f"cert:{subject}:{serial}", *fields)

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        """As by kill -9: nothing is tidied up, the socket's file stays."""
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.resume()
            self.kill()
        shutil.rmtree(self.folder)


def hanging_address(test):
    """HOST:PORT to which a connection is neither made nor refused: the queue is full, the kernel drops what else knocks."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    test.addCleanup(listener.close)
    for _ in range(4):
        knocking = socket.socket()
        test.addCleanup(knocking.close)
        knocking.setblocking(False)
        knocking.connect_ex(listener.getsockname())
    return "127.0.0.1:%d" % listener.getsockname()[1]


def listen(made, path, backlog=16):
    """Binds the socket to a path, whatever was there."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    made.bind(path)
    made.listen(backlog)


class Scripted:
    """
    A server on `address` that follows `script` with each client: octets are sent, a number is waited (seconds), "hear"
    waits for octets, "hang" waits for the client's end. Afterwards it closes. What it heard is in .heard.
    """

    def __init__(self, address, script):
        self.script, self.heard, self.clients = script, b"", 0
        if isinstance(address, tuple):
            self.listener = socket.create_server(address)
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            listen(self.listener, address)
        self.address = self.listener.getsockname()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients += 1
            with client:
                try:
                    self.follow(client)
                except OSError:
                    pass

    def follow(self, client):
        client.settimeout(10)
        for step in self.script:
            if isinstance(step, bytes):
                client.sendall(step)
            elif isinstance(step, float):
                time.sleep(step)
            elif step == "hear":
                self.heard += client.recv(1 << 20)
            else:
                while octets := client.recv(1 << 20):
                    self.heard += octets

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def fill(redis):
    """Two certificates of /CN=ca: GOOD, and REVOKED (keyCompromise)."""
    redis.put(lab.GOOD, 0)
    redis.put(lab.REVOKED, 1, lab.REVOKED_AT, 1)


def redis_ca(name, delegate, **more):
    """The configuration of a CA whose status is in Redis."""
    return {
        "ca_cert": {"cert": f"{name}.pem"},
        "ocsp_cert": {"cert": delegate.cert_file, "key": delegate.key_file},
        "status": "redis",
        **more,
    }


class RedisTest(lab.LabTest):
    """One CA, its delegate; the responder asks `address`, by default the socket of the class's folder."""

    redis = {}  # keys of the configuration's redis: section
    policy = {}

    @classmethod
    def compile_site(cls):
        cls.socket = cls.lab.path("redis/redis.sock")
        os.makedirs(os.path.dirname(cls.socket), exist_ok=True)
        cls.compile_redis(f"unix:{cls.socket}")

    @classmethod
    def compile_redis(cls, address, **redis):
        section = {"address": address, "timeout_ms": 250, **cls.redis, **redis}
        return cls.lab.compile({"ca": redis_ca("ca", cls.delegate, **cls.policy)}, redis=section, **cls.settings)

    @classmethod
    def start_redis(cls, *options, **how):
        server = Server(cls.lab.path("redis"), *options, **how)
        cls.addClassCleanup(server.close)
        return server
