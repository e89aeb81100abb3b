"""Redis over TLS: right answers, a server that cannot be trusted or understood, and the operator's commands. In the sandbox."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

import lab
import lab_redis
import lab_redis_tls
from lab import GOOD, REVOKED, REVOKED_AT, UNKNOWN
from lab_redis_tls import RedisTlsTest, client_certificate, server_certificate

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "faults"))
import injection  # noqa: E402

TRY_LATER = "tryLater"
SLACK = 5  # seconds: another machine's load, not ours


@unittest.skipIf(lab_redis_tls.is_built(), "this build has TLS")
class Without(lab_redis.RedisTest):
    """A build without it: nothing is compiled that would be asked in the clear instead."""

    def test_tls_is_refused(self):
        for redis in ({"address": "rediss://redis.example:6380"}, {"address": "127.0.0.1:6380", "tls": {"ca": "ca.pem"}}):
            with self.subTest(redis):
                self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis=redis)
                for words in (["compile", "-o", "refused"], ["issue", "--ca", "ca", "1"], ["export", "--ca", "ca"]):
                    done = self.lab.ctl(*words, "-c", "config.yaml")
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*without TLS; .*REDIS_TLS=1.*stunnel.*replica")
                self.assertFalse(os.path.exists(self.lab.path("refused")))


@unittest.skipUnless(lab_redis_tls.is_built(), "this build has no TLS")
class Tls(RedisTlsTest):
    def assert_answers(self):
        response = self.answer(self.request(GOOD, REVOKED, UNKNOWN))
        self.assertEqual(response.statuses, ["good", "revoked", "unknown"])
        self.assertEqual((response.singles[1].revocation_time, response.singles[1].reason), (REVOKED_AT, 1))

    def assert_fails(self, *words, status=TRY_LATER, level="error"):
        """In time, as `status`, uncacheable, with one log line in which the words stand."""
        started = time.monotonic()
        reply = self.lab.ask(self.request(GOOD))
        self.assertLess(time.monotonic() - started, 2 + SLACK)
        self.assertEqual((reply.exit_status, reply.http), (0, 200), reply.log_text)
        self.assertEqual(reply.ocsp.status, status, reply.log_text)
        self.assertEqual(reply.header("Cache-Control"), "no-store")
        self.assertEqual(reply.log["level"], level)
        for word in words:
            self.assertIn(word, reply.log["message"])
        return reply.log["message"]

    @contextlib.contextmanager
    def between(self, port, tls=None, timeout_ms=2000, **how):
        proxy = lab_redis_tls.Between(port, **how)
        try:
            self.compile_tls(proxy.port, tls, timeout_ms=timeout_ms)
            yield proxy
        finally:
            proxy.close()


    @contextlib.contextmanager
    def listening(self, certificate, *options):
        """`openssl s_server` in the place of Redis, for what Redis would not do."""
        port = lab.free_port()
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *options]
        command += ["-cert", certificate.path, "-key", self.lab.path(certificate.key_file)]
        quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, **quiet, preexec_fn=lab_redis.die_with_parent)
        try:
            self.compile_tls(port)
            deadline = time.monotonic() + 10
            while "Connection refused" in self.lab.ask(self.request(GOOD)).log["message"]:
                self.assertLess(time.monotonic(), deadline)
            yield port
        finally:
            server.kill()
            server.communicate()


class Answers(Tls):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_tls()
        lab_redis.fill(cls.server)

    def test_an_address(self):
        self.compile_tls(self.server.tls_port)
        self.assert_answers()

    def test_a_url(self):
        self.compile_tls(self.server.tls_port, host="rediss://127.0.0.1")
        self.assert_answers()

    def test_a_name(self):
        """resolved once, and still what the certificate must be for"""
        try:
            socket.getaddrinfo("localhost", None)
        except socket.gaierror as error:
            self.skipTest(f"this system does not resolve localhost: {error}")
        self.compile_tls(self.server.tls_port, host="localhost")
        self.assert_answers()
        self.assertRegex(self.lab.must("show", "snapshot").stdout, "certificate is for localhost\n(.*\n)*.*by TLS")

    def test_no_time_zone(self):
        """the file that TZ names is not opened, neither is another: certificates have their times in UTC"""
        headers = subprocess.run(["readelf", "-lW", lab.program("ocsp-cgi")], capture_output=True, text=True, check=True).stdout
        if "INTERP" in headers:
            self.skipTest("a dynamic program has libc's own times")
        self.compile_tls(self.server.tls_port)
        pipe = self.lab.path("zone")
        os.mkfifo(pipe)
        reply = self.lab.ask(self.request(REVOKED), TZ=pipe)
        self.assertEqual(reply.ocsp.statuses, ["revoked"], reply.log_text)

    def test_each_version(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            with self.subTest(version):
                self.server.do("CONFIG", "SET", "tls-protocols", version)
                self.compile_tls(self.server.tls_port)
                self.assert_answers()
        self.server.do("CONFIG", "SET", "tls-protocols", "")

    def test_each_cipher_of_tls_1_2(self):
        for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
            with self.subTest(cipher):
                self.server.do("CONFIG", "SET", "tls-protocols", "TLSv1.2", "tls-ciphers", cipher)
                self.compile_tls(self.server.tls_port)
                self.assert_answers()
        self.server.do("CONFIG", "SET", "tls-protocols", "", "tls-ciphers", "")

    def test_a_certificate_that_is_trusted_itself(self):
        self.compile_tls(self.server.tls_port, {"ca": self.certificate.cert_file})
        self.assert_answers()

    def test_several_cas(self):
        other = self.lab.authority("another-redis-ca")
        both = open(other.path).read() + open(self.redis_ca.path).read()
        self.lab.write("both.pem", both)
        self.compile_tls(self.server.tls_port, {"ca": "both.pem"})
        self.assert_answers()

    def test_64_serials_with_an_acl_user_and_a_database(self):
        self.server.do("ACL", "SETUSER", "ocsp", "on", ">secret", "~cert:*", "+hmget", "+select")
        client = self.server.client()
        client("SELECT", 5)
        for serial in range(1, 65):
            client("HMSET", f"cert:/CN=ca:{serial}", "status", serial % 2)
        client.close()
        self.compile_tls(self.server.tls_port, username="ocsp", password="secret", database=5)
        response = self.answer(self.request(*range(1, 65)))
        self.assertEqual(response.statuses, ["revoked", "good"] * 32)

    def test_a_list_whose_first_cannot_be_trusted(self):
        """a handshake that fails is a connection that fails; and there is memory for as many as there may be"""
        stranger = self.start_tls(certificate=server_certificate(self.lab, "stranger", self.ca, "127.0.0.1"), folder="stranger")
        lab_redis.fill(stranger)
        ports = [lab.free_port(), *[stranger.tls_port] * 6, self.server.tls_port]
        addresses = [f"127.0.0.1:{port}" for port in ports]
        self.compile_redis(addresses, tls=self.tls, timeout_ms=2000)
        self.assert_answers()

    def test_redis_goes_and_returns(self):
        self.compile_tls(self.server.tls_port)
        self.server.kill()
        self.assert_fails("cannot connect (Connection refused)")
        self.server.start()
        lab_redis.fill(self.server)
        self.assert_answers()

    def test_the_status_page(self):
        self.compile_tls(self.server.tls_port)
        self.assertEqual(self.lab.get("/status").body, b"OK")
        with self.between(self.server.tls_port, limit=0):
            reply = self.lab.get("/status")
        self.assertEqual((reply.http, reply.body), (503, b"Down"))
        self.assertIn("TLS", reply.log["message"])

    def test_one_write_and_no_call_that_the_sandbox_would_not_know(self):
        """the handshake is over before it is entered; then sendto, recvfrom, poll"""
        if not shutil.which("strace") or subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
            self.skipTest("strace cannot trace here")
        self.compile_tls(self.server.tls_port, self.own)
        for version in ("TLSv1.2", "TLSv1.3"):
            self.server.do("CONFIG", "SET", "tls-protocols", version)
            trace = self.lab.path("trace")
            command = ["strace", "-f", "-o", trace, lab.program("ocsp-cgi")]
            done = subprocess.run(command, input=self.request(GOOD, REVOKED), capture_output=True, env={"OCSP_CGI_SNAPSHOT": self.lab.snapshot})
            self.assertEqual(done.returncode, 0)
            calls = [match[1] for match in (re.match(r"\d+ +(\w+)\((.*)", line) for line in open(trace)) if match]
            entered = next((i for i, line in enumerate(open(trace)) if "PR_SET_SECCOMP" in line), None)
            if entered is None:
                self.skipTest("this build has no sandbox")
            after = calls[entered + 1 :]
            self.assertEqual(after.count("sendto"), 1, after)
            self.assertLessEqual(after.count("recvfrom"), 4, after)
            known = {"sendto", "recvfrom", "poll", "ppoll", "write", "clock_gettime", "exit_group", "setitimer", "brk"}
            self.assertLessEqual(set(after), known)
        self.server.do("CONFIG", "SET", "tls-protocols", "")


class Clients(Tls):
    """A server that wants certificates."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_tls(clients="yes")
        lab_redis.fill(cls.server)

    def test_each_kind_of_key(self):
        for kind in ("p256", "p384", "rsa2048", "ed25519"):
            with self.subTest(kind):
                own = client_certificate(self.lab, f"client-{kind}", self.redis_ca, key=kind)
                self.compile_tls(self.server.tls_port, {"cert": own.cert_file, "key": own.key_file})
                self.assert_answers()

    def test_a_chain(self):
        between = self.lab.certificate("between", self.redis_ca, extensions=[(lab.x509.BasicConstraints(True, None), True)])
        own = client_certificate(self.lab, "end", between)
        self.lab.write("chain.pem", open(own.path).read() + open(between.path).read())
        self.compile_tls(self.server.tls_port, {"cert": "chain.pem", "key": own.key_file})
        self.assert_answers()

    def test_none_is_given(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            self.server.do("CONFIG", "SET", "tls-protocols", version)
            self.compile_tls(self.server.tls_port)
            self.assert_fails("TLS: the server", "redis.tls.cert and key")
        self.server.do("CONFIG", "SET", "tls-protocols", "")

    def test_one_that_the_server_does_not_trust(self):
        stranger = client_certificate(self.lab, "stranger", self.ca)
        expired = client_certificate(self.lab, "expired", self.redis_ca, days=(-30, -1))
        for own in (stranger, expired):
            for version in ("TLSv1.2", "TLSv1.3"):
                self.server.do("CONFIG", "SET", "tls-protocols", version)
                self.compile_tls(self.server.tls_port, {"cert": own.cert_file, "key": own.key_file})
                self.assert_fails("TLS: the server", "redis.tls.cert and key")
        self.server.do("CONFIG", "SET", "tls-protocols", "")


class Ends(Tls):
    """Certificates that will end, or have: compile and check say so, before it is night and Redis refuses to talk."""

    def compiled(self, tls):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": "127.0.0.1:6379", "tls": tls})
        done = self.lab.ctl("compile", "-c", self.lab.path("config.yaml"), "-o", self.lab.snapshot)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def checked(self):
        done = self.lab.ctl("check", self.lab.snapshot)
        return done.returncode, done.stdout

    def test_the_responders_own(self):
        for days, level, warned, said in (
            ((-30, 400), 0, False, r"^ok: the certificates of redis\.tls\.cert are good until 20"),
            ((-30, 13), 1, False, r"^warning: a certificate of redis\.tls\.cert ends on .*; replace it and compile"),
            ((-30, -1), 2, True, r"^critical: a certificate of redis\.tls\.cert is not valid now.*Redis cannot be asked"),
            ((1, 400), 2, True, r"^critical: a certificate of redis\.tls\.cert is not valid now"),
        ):
            with self.subTest(days=days):
                own = client_certificate(self.lab, "ending", self.redis_ca, days=days)
                os.chmod(self.lab.path(own.key_file), 0o600)
                warning = self.compiled({**self.tls, "cert": own.cert_file, "key": own.key_file})
                self.assertEqual("ending.pem is not valid now" in warning, warned, warning)
                code, lines = self.checked()
                self.assertEqual(code, level, lines)
                self.assertRegex(lines, re.compile(said, re.M))

    def test_a_build_that_could_not_ask(self):
        plain = os.path.join(os.path.dirname(os.path.dirname(lab.program("ocspctl"))), "ocspctl")
        if not os.path.exists(plain):
            self.skipTest("there is no build without TLS beside this one")
        self.compiled(self.tls)
        done = subprocess.run([plain, "check", self.lab.snapshot], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("warning: Redis is to be asked over TLS, which this ocspctl is built without", done.stdout)

    def test_a_chain_is_as_good_as_its_worst(self):
        between = self.lab.certificate("between", self.redis_ca, extensions=[(lab.x509.BasicConstraints(True, None), True)], days=(-30, -1))
        own = client_certificate(self.lab, "end", between)
        os.chmod(self.lab.path(own.key_file), 0o600)
        self.lab.write("chain.pem", self.pem(own, between))
        warning = self.compiled({**self.tls, "cert": "chain.pem", "key": own.key_file})
        self.assertIn("chain.pem is not valid now", warning)
        self.assertEqual(self.checked()[0], 2)

    def pem(self, *certificates):
        return b"".join(certificate.certificate.public_bytes(lab.ENCODING.PEM) for certificate in certificates)

    def test_of_the_trusted_one_is_enough(self):
        ended, later = self.lab.authority("ended-ca", days=(-30, -1)), self.lab.authority("later-ca", days=(1, 300))
        for authorities, level, said in (
            ([self.redis_ca], 0, "ok: the certificates of redis.tls.ca are good until"),
            ([ended, self.redis_ca], 1, "one of the 2 certificates of redis.tls.ca has ended"),
            ([ended], 2, "a certificate of redis.tls.ca is not valid now"),
            ([later], 2, "a certificate of redis.tls.ca is not valid now"),
        ):
            with self.subTest(said):
                self.lab.write("cas.pem", self.pem(*authorities))
                warning = self.compiled({"ca": "cas.pem"})
                self.assertEqual("cas.pem is not valid now" in warning, level == 2, warning)
                code, lines = self.checked()
                self.assertEqual(code, level, lines)
                self.assertIn(said, lines)


class Distrusted(Tls):
    """What the server shows is not what the configuration trusts: nothing is sent to it."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.number = 0

    def assert_distrusts(self, certificate, *words, tls=None, **where):
        Distrusted.number += 1
        server = lab_redis_tls.Server(self.lab, certificate, self.redis_ca, folder=f"redis-{self.number}")
        try:
            lab_redis.fill(server)
            self.compile_tls(server.tls_port, tls, password="a secret", **where)
            self.assert_fails("cannot connect (TLS: ", *words)
            self.assertNotIn("cmdstat_auth", server.do("INFO", "commandstats").decode())
        finally:
            server.close()

    def test_another_ca(self):
        self.assert_distrusts(self.certificate, "redis.tls.ca must hold", tls={"ca": self.ca.cert_file})

    def test_a_ca_of_the_same_name(self):
        twin = self.lab.certificate("twin", subject=lab.common_name("redis-ca"), extensions=[(lab.x509.BasicConstraints(True, None), True)])
        self.assert_distrusts(self.certificate, "redis.tls.ca", tls={"ca": twin.cert_file})

    def test_expired(self):
        expired = server_certificate(self.lab, "expired", self.redis_ca, "127.0.0.1", days=(-30, -1))
        self.assert_distrusts(expired, "certificate has expired", "renew it")

    def test_not_yet_valid(self):
        early = server_certificate(self.lab, "early", self.redis_ca, "127.0.0.1", days=(1, 30))
        self.assert_distrusts(early, "not yet valid", "clock")

    def test_another_address(self):
        other = server_certificate(self.lab, "other", self.redis_ca, "192.0.2.1", "localhost")
        self.assert_distrusts(other, "IP address mismatch", "subjectAltName")

    def test_another_name(self):
        try:
            socket.getaddrinfo("localhost", None)
        except socket.gaierror as error:
            self.skipTest(f"this system does not resolve localhost: {error}")
        other = server_certificate(self.lab, "named", self.redis_ca, "127.0.0.1", "redis.example")
        self.assert_distrusts(other, "(localhost)", "ostname mismatch", "subjectAltName", host="localhost")

    def test_a_name_in_the_subject_alone(self):
        """RFC 9525: it does not count"""
        try:
            socket.getaddrinfo("localhost", None)
        except socket.gaierror as error:
            self.skipTest(f"this system does not resolve localhost: {error}")
        old = self.lab.certificate("old", self.redis_ca, subject=lab.common_name("localhost"))
        self.assert_distrusts(old, "ostname mismatch", host="localhost")

    def test_a_certificate_for_clients(self):
        wrong = self.lab.certificate(
            "wrong",
            self.redis_ca,
            extensions=[lab_redis_tls.names("127.0.0.1"), lab_redis_tls.purpose(lab.ExtendedKeyUsageOID.CLIENT_AUTH)],
        )
        self.assert_distrusts(wrong, "serverAuth")

    def test_a_weak_key(self):
        weak = server_certificate(self.lab, "weak", self.redis_ca, "127.0.0.1", key="rsa1024")
        with self.listening(weak, "-cipher", "ALL:@SECLEVEL=0"):
            self.assert_fails("cannot connect (TLS: ")


class Broken(Tls):
    """A server, or what is on the way to it, that ends, hangs, lies or does not speak TLS."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_tls()
        lab_redis.fill(cls.server)

    def test_redis_without_tls(self):
        plain = lab_redis.Server(self.lab.path("plain"), port=True)
        self.addCleanup(plain.close)
        lab_redis.fill(plain)
        self.compile_tls(plain.port, timeout_ms=300, password="a secret")
        self.assert_fails("cannot connect (TLS: ", "does this port speak TLS")
        self.assertNotIn("cmdstat_auth", plain.do("INFO", "commandstats").decode())

    def test_tls_that_was_forgotten(self):
        self.compile_redis(f"127.0.0.1:{self.server.tls_port}", timeout_ms=2000)
        self.assert_fails("where its port speaks TLS, give redis.tls")
        done = self.lab.ctl("status", "-c", "config.yaml", "--ca", "ca", str(GOOD))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "its port want redis.tls|closed the connection")

    def test_what_is_no_tls(self):
        for octets in (b"-ERR unknown command\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*3\r\n$1\r\n0\r\n$-1\r\n$-1\r\n" * 9):
            server = lab_redis.Scripted(("127.0.0.1", 0), ["hear", octets])
            self.compile_tls(server.address[1], password="a secret")
            self.assert_fails("cannot connect (TLS: ", "speak TLS")
            self.assertEqual(server.heard[:2], b"\x16\x03")
            self.assertNotIn(b"a secret", server.heard)
            server.close()

    def test_closed_without_a_word(self):
        server = lab_redis.Scripted(("127.0.0.1", 0), ["hear"])
        self.compile_tls(server.address[1])
        self.assert_fails("cannot connect (TLS: the server ended the handshake)")
        server.close()

    def test_old_versions(self):
        with self.listening(self.certificate, "-cipher", "ALL:@SECLEVEL=0", "-tls1_1"):
            self.assert_fails("cannot connect (TLS: the server has no TLS 1.2)")

    def test_ciphers_that_would_draw_randomness_for_each_record(self):
        """within the sandbox there is none: they are not offered"""
        with self.listening(self.certificate, "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-tls1_2"):
            self.assert_fails("cannot connect (TLS: the server refuses the handshake)")

    def test_a_handshake_that_hangs(self):
        server = lab_redis.Scripted(("127.0.0.1", 0), ["hang"])
        self.compile_tls(server.address[1], timeout_ms=250)
        started = time.monotonic()
        self.assert_fails("cannot connect (TLS: no handshake in time)")
        self.assertLess(time.monotonic() - started, 0.25 + SLACK)
        server.close()

    def test_a_server_that_is_stopped(self):
        self.compile_tls(self.server.tls_port, timeout_ms=250)
        self.server.pause()
        try:
            self.assert_fails("no handshake in time")
        finally:
            self.server.resume()

    def whole_conversation(self):
        """How many octets the server says to one request."""
        with self.between(self.server.tls_port) as proxy:
            self.assert_answers()
            return proxy.said

    def statuses_through(self, **how):
        """Right, or an error; never anything else, and never an end without a reply."""
        with self.between(self.server.tls_port, timeout_ms=150, **how):
            reply = self.lab.ask(self.request(REVOKED))
            self.assertEqual((reply.exit_status, reply.http), (0, 200), f"{how}: {reply.log_text}")
            response = reply.ocsp
            self.assertIn(response.status, ("successful", TRY_LATER), f"{how}: {reply.log_text}")
            if response.status == "successful":
                self.assertEqual(response.statuses, ["revoked"], how)
            else:
                self.assertIn(f"redis 127.0.0.1:", reply.log["message"])
        return response.status

    def test_cut_after_any_octet(self):
        whole = self.whole_conversation()
        outcomes = [self.statuses_through(limit=limit) for limit in range(1, whole - 40, 61)]
        self.assertEqual(set(outcomes), {TRY_LATER})
        for limit in range(whole - 40, whole + 1, 9):
            self.statuses_through(limit=limit)

    def test_silent_after_any_octet(self):
        whole = self.whole_conversation()
        for limit in range(1, whole, 211):
            self.statuses_through(limit=limit, hangs=True)

    def test_changed_at_any_octet(self):
        """what is flipped is never believed"""
        whole = self.whole_conversation()
        outcomes = [self.statuses_through(flips=at) for at in range(0, whole, 37)]
        self.assertGreater(outcomes.count(TRY_LATER), len(outcomes) // 2)


class BesideATable(Tls):
    """Of a snapshot's two CAs one is answered from a table, which needs no Redis."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.other = cls.lab.authority("other")
        cls.other_delegate = cls.lab.delegate("other-ocsp", cls.other)

    def compile_both(self, *ports):
        redis = {"address": [f"127.0.0.1:{port}" for port in ports], "tls": self.tls, "timeout_ms": 5000}
        live = lab_redis.redis_ca("ca", self.delegate)
        self.lab.compile({"ca": live, "other": lab.table_ca("other", self.other_delegate)}, redis=redis)
        self.index_table("other")

    def assert_table_answers(self):
        reply = self.lab.ask(lab.ocsp.request(lab.ocsp.certid(self.other, REVOKED)))
        self.assertEqual((reply.ocsp.statuses, reply.log["level"]), (["revoked"], "info"), reply.log_text)

    def test_a_server_that_speaks_no_tls(self):
        server = lab_redis.Scripted(("127.0.0.1", 0), ["hear", b"no TLS at all"])
        self.compile_both(server.address[1])
        self.assert_table_answers()
        server.close()

    def test_certificates_that_fill_the_memory(self):
        """whoever answers in the place of the servers needs no key for it"""
        many = lab.x509.Name([lab.x509.NameAttribute(lab.NameOID.COMMON_NAME, "a")] * 30)
        large = open(self.lab.certificate("large", subject=many).path).read()
        for count, said in ((14, "TLS: "), (80, "more than 16 KiB")):
            self.lab.write("chain.pem", large * count)
            with self.listening(self.redis_ca, "-cert_chain", self.lab.path("chain.pem")) as port:
                for servers in (1, 8):
                    self.compile_both(*[port] * servers)
                    self.assert_table_answers()
                    self.assertIn(said, self.lab.ask(self.request(GOOD)).log["message"])


@unittest.skipIf("asan" in lab.BUILD, "the sanitizers bring a heap of their own and cannot be traced")
class Faults(Tls):
    """As test_faults has it without TLS: what fails on our side is an error, never an answer that is wrong."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_tls()
        lab_redis.fill(cls.server)
        cls.compile_tls(cls.server.tls_port, cls.own, timeout_ms=500)

    def asked(self):
        how = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot}
        return injection.Asked("tls", lab.program("faults/ocsp-cgi"), self.delegate, self.request(REVOKED), ["revoked"], **how)

    def report(self, what, asked):
        print(f"# {what}: " + ", ".join(f"{number} {outcome}" for outcome, number in asked.outcomes.most_common()), flush=True)

    def test_allocations(self):
        asked = self.asked()
        failed = [asked.fail_allocation(number, lasting) for number in range(1, 30000, 397) for lasting in (False, True)]
        if not any(failed):
            self.skipTest("only a static ocsp-cgi has an arena")
        self.report("allocations", asked)
        self.assertFalse(failed[-1], "there are more of them")
        self.assertGreater(asked.outcomes["internalError"] + asked.outcomes[TRY_LATER], 10)

    def test_system_calls(self):
        if not shutil.which("strace") or subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
            self.skipTest("strace cannot trace here")
        asked = self.asked()
        self.assertGreater(asked.fail_system_calls(injection.ERRORS_SHORT, 7), 10)
        self.report("system calls", asked)


class Operator(Tls):
    """ocspctl speaks TLS as ocsp-cgi does."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_tls(clients="yes")

    def setUp(self):
        self.server.do("FLUSHALL")
        self.compile_tls(self.server.tls_port, self.own)

    def run_ctl(self, command, *words):
        return self.lab.ctl(command, "-c", "config.yaml", "--ca", "ca", *words)

    def done(self, command, *words):
        done = self.run_ctl(command, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_issue_revoke_status_unrevoke(self):
        self.done("issue", str(GOOD), str(REVOKED))
        self.done("revoke", "--reason", "keyCompromise", "--time", "2025-01-01T00:00:00Z", str(REVOKED))
        self.assertIn("revoked", self.done("status", str(REVOKED)))
        self.assert_answers()
        self.done("unrevoke", str(REVOKED))
        self.assertEqual(self.answer(self.request(REVOKED)).statuses, ["good"])

    def test_import_and_export(self):
        """more than a record's 16 KiB, both ways"""
        entries = [("R", serial, "250101000000Z,superseded") for serial in range(1, 5001)]
        self.lab.index("index.txt", entries)
        self.done("import", "--index", "index.txt")
        exported = self.done("export")
        self.assertEqual(len([line for line in exported.splitlines() if line[:1].isdigit()]), 5000)
        self.assertEqual(self.answer(self.request(1, 5000, 5001)).statuses, ["revoked", "revoked", "unknown"])

    def assert_refused(self, *words):
        done = self.run_ctl("issue", str(GOOD))
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_server_that_is_not_trusted(self):
        self.compile_tls(self.server.tls_port, {**self.own, "ca": self.ca.cert_file})
        self.assert_refused("cannot connect: TLS: ", "redis.tls.ca must hold")

    def test_no_certificate(self):
        self.compile_tls(self.server.tls_port)
        self.assert_refused("TLS: the server", "redis.tls.cert and key")

    def test_an_octet_of_the_handshake_now_and_then(self):
        proxy = lab_redis_tls.Between(self.server.tls_port, pause=0.2)
        self.addCleanup(proxy.close)
        self.compile_tls(proxy.port, self.own)
        started = time.monotonic()
        self.assert_refused("TLS: no handshake for too long")
        self.assertLess(time.monotonic() - started, 5 + SLACK)

    def test_no_tls(self):
        server = lab_redis.Scripted(("127.0.0.1", 0), ["hear", b"-ERR what is that\r\n"])
        self.compile_tls(server.address[1], password="a secret")
        self.assert_refused("TLS: ", "does this port speak TLS")
        self.assertNotIn(b"a secret", server.heard)
        server.close()
