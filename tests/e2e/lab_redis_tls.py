"""Redis with TLS for the tests: its certificates, a real server, and somebody between it and its clients."""

import functools
import ipaddress
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

import lab
import lab_redis
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID


@functools.cache
def is_built():
    """Whether the programs under test have TLS, by their own words."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"redis": {"tls": {"ca": "ca.pem"}}, "certificate_authorities": {"ca": {"ca_cert": {"cert": "c", "key": "k"}}}}, file)
        file.flush()
        done = subprocess.run([lab.program("ocspctl"), "compile", "-c", file.name, "-o", "/dev/null"], capture_output=True, text=True)
    return "built without TLS" not in done.stderr


def names(*wanted):
    """subjectAltName of host names and addresses."""
    def general(name):
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    return (x509.SubjectAlternativeName([general(name) for name in wanted]), False)


def purpose(oid):
    return (x509.ExtendedKeyUsage([oid]), False)


def server_certificate(site, name, issuer, *hosts, **how):
    return site.certificate(name, issuer, extensions=[names(*hosts), purpose(ExtendedKeyUsageOID.SERVER_AUTH)], **how)


def client_certificate(site, name, issuer, **how):
    return site.certificate(name, issuer, extensions=[purpose(ExtendedKeyUsageOID.CLIENT_AUTH)], **how)


class Server(lab_redis.Server):
    """With a port that speaks TLS; the Unix socket is for the tests themselves. `clients`: whether it wants certificates."""

    def __init__(self, site, certificate, ca, *options, folder="redis", clients="no"):
        self.tls_port = lab.free_port()
        options = ["--tls-port", str(self.tls_port), "--tls-auth-clients", clients, *options]
        options += ["--tls-cert-file", certificate.path, "--tls-key-file", site.path(certificate.key_file)]
        options += ["--tls-ca-cert-file", ca.path, "--bind", "127.0.0.1", "-::1"]
        super().__init__(site.path(folder), *options)


class Between:
    """
    Hands octets on between its clients and `port`. Of what the server says, the first `limit` octets; then it closes, or
    with `hangs` is silent; or the octet at `flips` is changed; or each octet is `pause` seconds late. `said` is how many
    there were in the last connection.
    """

    def __init__(self, port, limit=None, hangs=False, flips=None, pause=None):
        self.target, self.limit, self.hangs, self.flips, self.pause = port, limit, hangs, flips, pause
        self.said = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.said = 0
            with client, socket.create_connection(("127.0.0.1", self.target)) as server:
                back = threading.Thread(target=self.hand_on, args=(client, server))
                back.start()
                self.answer(server, client)
                for end in (client, server):
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                back.join()

    @staticmethod
    def hand_on(client, server):
        try:
            while octets := client.recv(65536):
                server.sendall(octets)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def answer(self, server, client):
        try:
            while octets := server.recv(65536):
                octets = bytearray(octets)
                if self.flips is not None and self.said <= self.flips < self.said + len(octets):
                    octets[self.flips - self.said] ^= 1
                if self.limit is not None and self.said + len(octets) > self.limit:
                    client.sendall(octets[: self.limit - self.said])
                    self.said = self.limit
                    if self.hangs:
                        client.recv(1)  # until it gives up
                        while client.recv(65536):
                            pass
                    return
                for part in [octets] if self.pause is None else [octets[i : i + 1] for i in range(len(octets))]:
                    client.sendall(part)
                    self.said += len(part)
                    time.sleep(self.pause or 0)
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


class RedisTlsTest(lab_redis.RedisTest):
    """One CA, whose statuses are in Redis; another CA for Redis itself and its clients."""

    @classmethod
    def compile_site(cls):
        cls.redis_ca = cls.lab.authority("redis-ca")
        cls.certificate = server_certificate(cls.lab, "redis-server", cls.redis_ca, "127.0.0.1", "localhost")
        cls.client_certificate = client_certificate(cls.lab, "redis-client", cls.redis_ca)
        os.chmod(cls.lab.path(cls.client_certificate.key_file), 0o600)
        cls.tls = {"ca": cls.redis_ca.cert_file}
        cls.own = {"cert": cls.client_certificate.cert_file, "key": cls.client_certificate.key_file}

    @classmethod
    def start_tls(cls, *options, certificate=None, **how):
        server = Server(cls.lab, certificate or cls.certificate, cls.redis_ca, *options, **how)
        cls.addClassCleanup(server.close)
        return server

    @classmethod
    def compile_tls(cls, port, tls=None, host="127.0.0.1", **redis):
        cls.compile_redis(f"{host}:{port}", **{"tls": {**cls.tls, **(tls or {})}, "timeout_ms": 2000, **redis})
