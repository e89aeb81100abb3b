"""ocspctl against what is hostile: a Redis that is none, CRLs made to be slow, names made for terminals; and its secrets."""

import base64
import json
import contextlib
import os
import resource
import signal
import stat
import subprocess
import time

import lab
import lab_redis
from lab import REVOKED_AT
from lab_redis import RedisTest
from test_redis_import import WHEN, Importing

KEY = "cert:/CN=ca:"


class Secrets(lab.LabTest):
    def killed(self, *words):
        """The wait status of a program that was aborted where a core file of any size is allowed."""
        child = os.fork()
        if child == 0:
            try:
                os.chdir(self.lab.folder)
                resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
                os.execvp(words[0], words)
            finally:
                os._exit(127)
        time.sleep(0.5)
        os.kill(child, signal.SIGABRT)
        return os.waitpid(child, 0)[1]

    def test_no_core_file(self):
        """It waits for its configuration, a pipe that nobody writes into."""
        if not os.WCOREDUMP(self.killed("sleep", "60")):
            self.skipTest("nothing leaves a core file here")
        os.mkfifo(self.lab.path("pipe.yaml"))
        status = self.killed(lab.program("ocspctl"), "compile", "-c", "pipe.yaml", "-o", "x")
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))

    def warned(self, mode, redis):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis=redis)
        os.chmod(self.lab.path("config.yaml"), mode)
        for name in (self.delegate.key_file, "redis.password"):
            os.chmod(self.lab.path(name), 0o600)
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "x")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("hunter2", done.stderr + done.stdout)
        return done.stderr

    def test_a_password_that_every_user_can_read(self):
        self.lab.write("redis.password", "hunter2\n")
        inside, beside = {"password": "hunter2"}, {"password_file": "redis.password"}
        self.assertIn("every user can read the password in it (mode 0644)", self.warned(0o644, inside))
        self.assertEqual(self.warned(0o640, inside), "")
        self.assertEqual(self.warned(0o644, beside), "")
        self.assertIn("every user can write it", self.warned(0o666, beside))
        os.chmod(self.lab.path("redis.password"), 0o644)
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "x")
        self.assertIn("password file", done.stderr)

    def test_show_and_check_name_no_secret(self):
        self.lab.compile({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"password": "hunter2"})
        with open(self.lab.snapshot, "rb") as file:
            octets = file.read()
        scalar = self.delegate.key.private_numbers().private_value.to_bytes(32, "big")
        self.assertTrue(b"hunter2" in octets and scalar in octets, "what is looked for is in the snapshot")
        for command in ("show", "check"):
            done = self.lab.ctl(command, "snapshot")
            said = (done.stdout + done.stderr).lower().replace(":", "").replace(" ", "")
            self.assertIn("ca", said)
            for secret in ("hunter2", scalar.hex()[:16], base64.b64encode(scalar).decode()[:12].lower(), "privatekey"):
                self.assertNotIn(secret, said)

    def test_an_unknown_tag_or_alias_for_a_password_is_not_repeated(self):
        for password in ("!hunter2", "*hunter2"):
            with self.subTest(password=password):
                self.lab.write("tag.yaml", f"redis:\n  password: {password}\ncertificate_authorities: {{}}\n")
                done = self.lab.ctl("compile", "-c", "tag.yaml", "-o", "x")
                self.assertEqual(done.returncode, 1)
                self.assertIn("tag.yaml:2:13: error:", done.stderr)
                self.assertNotIn("hunter2", done.stderr)


def array(*items):
    return b"*%d\r\n" % len(items) + b"".join(items)


def bulk(octets):
    return b"$%d\r\n%s\r\n" % (len(octets), octets)


class Redis(RedisTest):
    def against(self, *script, command="export", words=()):
        """What ocspctl says of a server that follows the script."""
        server = lab_redis.Scripted(self.socket, script)
        try:
            started = time.monotonic()
            done = self.lab.ctl(command, "-c", "config.yaml", "--ca", "ca", *words)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertLess(time.monotonic() - started, 30)
            self.assertLess(len(done.stderr), 2000)
            return done.stderr
        finally:
            server.close()

    def test_a_scan_that_never_ends(self):
        pages = [array(bulk(cursor), array(bulk(KEY.encode() + b"5"))) for cursor in (b"9", b"7", b"8", b"5")]
        for circle in (1, 2, 3):
            with self.subTest(circle=circle):
                script = [step for page in [pages[-1], *pages[:circle] * 30] for step in ("hear", page)]
                self.assertIn("SCAN refused: an odd reply", self.against(*script, "hang"))

    def test_a_reply_without_an_end(self):
        flood = b"x" * (1 << 20)
        self.assertIn("a reply of more than", self.against("hear", b"$999999999\r\n", *[flood] * 80, "hang"))

    def test_nested_replies(self):
        self.assertIn("redis", self.against("hear", b"*1\r\n" * 100000, "hang"))

    def test_an_array_of_a_size_that_does_not_come(self):
        self.assertIn("redis", self.against("hear", b"*2147483647\r\n$1\r\n0\r\n"))

    def test_an_endless_error_for_a_terminal(self):
        said = self.against("hear", b"-ERR \x1b[2J\xc2\x9b2J" + b"y" * 100000 + b"\r\n", "hang")
        self.assertNotIn("\x1b", said)
        self.assertNotIn("\x9b", said)

    def test_names_for_a_terminal(self):
        """on standard output, too: of files, CAs and addresses"""
        name = "x\u009b2J\u202e"
        self.lab.index("index.txt", [("V", 1, "")])
        config = {"redis": {"address": "unix:/\x1b[2J"}, "certificate_authorities": {name: lab_redis.redis_ca("ca", self.delegate)}}
        self.lab.write("terminal.yaml", json.dumps(config))
        for words in (
            ("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", f"{name}.table"),
            ("compile", "-c", "terminal.yaml", "-o", f"{name}.snapshot"),
            ("show", f"{name}.snapshot"),
            ("check", f"{name}.snapshot"),
        ):
            with self.subTest(words[0]):
                done = self.lab.ctl(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("x??2J???", done.stdout)
                for octet in ("\x1b", "\u009b", "\u202e"):
                    self.assertNotIn(octet, done.stdout + done.stderr)

    def test_a_key_for_a_terminal(self):
        page = array(bulk(b"0"), array(bulk(KEY.encode() + b"\x1b[2J" + b"9" * 5000)))
        said = self.against("hear", page, "hang")
        self.assertIn("ends in no serial number", said)
        self.assertNotIn("\x1b", said)

    def test_fields_that_are_no_texts(self):
        for fields in (array(array(), array(), array()), array(b":0\r\n", b"$-1\r\n", b"$-1\r\n"), array(), b":0\r\n", b"$-1\r\n"):
            with self.subTest(fields=fields):
                server = lab_redis.Scripted(self.socket, ["hear", fields, "hang"])
                with contextlib.closing(server):
                    done = self.lab.ctl("status", "-c", "config.yaml", "--ca", "ca", "5")
                self.assertEqual(done.returncode, 1)
                self.assertNotIn("good", done.stdout)


class Forcing(Importing):
    def test_a_file_that_contradicts_itself_is_not_forced(self):
        """The good line behind the revoked one would win."""
        for entries in ([("R", 9, WHEN), ("V", 9, "")], [("V", 9, ""), ("R", 9, WHEN)]):
            with self.subTest(entries=entries):
                self.server.do("FLUSHALL")
                self.server.put(9, 1, REVOKED_AT, 1)
                self.lab.index("both.txt", entries)
                self.refused(["both.txt:2:", "contradicts line 1"], "import", "--index", "both.txt", "--force")
                self.assertEqual(self.fields(9)["status"], "1")

    def test_what_stands_twice_and_is_equal_is_forced(self):
        self.server.put(9, 1, REVOKED_AT, 1)
        self.lab.index("same.txt", [("V", 9, ""), ("V", 9, "")])
        self.run_ctl("import", "--index", "same.txt", "--force")
        self.assertEqual(self.fields(9)["status"], "0")


class ExportFile(Importing):
    def test_the_umask_counts(self):
        self.server.put(9, 0)
        for mask, mode in ((0o077, 0o600), (0o027, 0o640), (0o022, 0o644)):
            words = [lab.program("ocspctl"), "export", "-c", "config.yaml", "--ca", "ca", "-o", "out.tsv"]
            done = subprocess.run(words, cwd=self.lab.folder, capture_output=True, umask=mask)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(stat.S_IMODE(os.stat(self.lab.path("out.tsv")).st_mode), mode)

    def test_nothing_else_is_written_over(self):
        """a key, a certificate, a table, a snapshot; the configuration and what it names"""
        self.server.put(9, 0)
        self.lab.write("a.der", self.ca.der())
        self.lab.write("a.snapshot", b"OCSPSNAP")
        self.lab.write("a.table", b"OCSPTABL")
        for name, kind in (
            ("ca.key", "PEM"),
            ("ca.pem", "the certificate that config.yaml:"),
            ("a.der", "DER"),
            ("a.snapshot", "a snapshot"),
            ("a.table", "a status table"),
            ("config.yaml", "the configuration itself"),
        ):
            with self.subTest(name):
                with open(self.lab.path(name), "rb") as file:
                    before = file.read()
                done = self.lab.ctl("export", "-c", "config.yaml", "--ca", "ca", "-o", name)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, f"(?m)^{name}: error: this is {kind}.*; it stays. Name another file with -o")
                with open(self.lab.path(name), "rb") as file:
                    self.assertEqual(file.read(), before)
        for before in (b"", b"serial\n", b"anything"):
            self.lab.write("out.tsv", before)
            self.assertEqual(self.lab.ctl("export", "-c", "config.yaml", "--ca", "ca", "-o", "out.tsv").returncode, 0)
