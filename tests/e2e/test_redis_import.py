"""ocspctl import and export: a whole CA into a real Redis, from an index.txt, a CRL or an export, and out again."""

import os
import pty
import subprocess
import threading
import time

import lab
from lab import REVOKED_AT
from test_redis_writer import ISO, Writing, key

from cryptography.x509 import ReasonFlags

HEADER = "serial_hex\tserial_decimal\tstatus\trevocation_time\trevocation_reason\n"
WHEN = "250101000000Z"


def counts(stdout):
    """The summary's numbers by their names."""
    line = next(line for line in stdout.splitlines() if " serials: " in line)
    words = line.split(" serials: ")[1].replace("in conflict", "conflicts").split(", ")
    return {word.split()[1]: int(word.split()[0]) for word in words}


class Importing(Writing):
    def records(self):
        """All of Redis: key → fields."""
        client = self.server.client()
        keys = client("KEYS", "*")
        found = {}
        for name in keys:
            flat = client("HGETALL", name)
            found[name] = {flat[i]: flat[i + 1] for i in range(0, len(flat), 2)}
        client.close()
        return found

    def do(self, *arguments, **expected):
        done = self.run_ctl("import", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual({name: count for name, count in counts(done.stdout).items() if count}, expected)
        return done.stdout

    def export(self):
        done = self.run_ctl("export")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


class Index(Importing):
    entries = [("V", 1, ""), ("E", 2, ""), ("R", 3, WHEN), ("R", 4, f"{WHEN},keyCompromise")]

    def setUp(self):
        super().setUp()
        self.lab.index("index.txt", self.entries)

    def test_every_kind_of_line_as_the_ruby_writer_would_have_written_it(self):
        said = self.do("--index", "index.txt", added=4)
        self.assertIn("0 more of ca", said)
        self.assertEqual([self.fields(i) for i in (1, 2)], [{"status": "0"}] * 2)
        self.assertEqual([self.fields(i) for i in (3, 4)], [self.revoked(0), self.revoked(1)])
        self.assertEqual(self.answer(self.request(1, 2, 3, 4)).statuses, ["good", "good", "revoked", "revoked"])

    def test_again_changes_nothing(self):
        self.do("--index", "index.txt", added=4)
        before = self.records()
        self.do("--index", "index.txt", equal=4)
        self.assertEqual(self.records(), before)

    def test_dry_run_writes_nothing(self):
        self.server.put(3, 0)
        before = self.records()
        said = self.do("--index", "index.txt", "--dry-run", added=3, changed=1)
        self.assertIn("dry run, nothing written", said)
        self.assertEqual(self.records(), before)

    def test_what_is_newly_revoked_or_otherwise_revoked_changes(self):
        self.server.put(3, 0)
        self.server.put(4, 1, REVOKED_AT + 5, 4)
        self.do("--index", "index.txt", added=2, changed=2)
        self.assertEqual([self.fields(i) for i in (3, 4)], [self.revoked(0), self.revoked(1)])

    def test_what_the_responder_answers_equally_is_equal(self):
        """A missing reason is unspecified; good is good whatever a record still has of its past."""
        self.server.put(1, 0, REVOKED_AT, 6)
        self.server.put(3, 1, REVOKED_AT)
        self.do("--index", "index.txt", added=2, equal=2)

    def test_what_is_revoked_in_redis_only_stays_revoked(self):
        self.server.put(1, 1, REVOKED_AT, 1)
        self.server.put(2, "abc")
        done = self.run_ctl("import", "--index", "index.txt")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(counts(done.stdout)["conflicts"], 2)
        self.assertIn(f"index.txt:1: error: 0x01 (1): good here, but in Redis revoked since {ISO}, keyCompromise", done.stderr)
        self.assertIn('index.txt:2: error: 0x02 (2): good here, but in Redis undecodable: status "abc"', done.stderr)
        self.assertEqual((self.fields(1), self.fields(2)), (self.revoked(1), {"status": "abc"}))
        self.assertEqual(counts(done.stdout)["added"], 2)

    def test_force_makes_it_what_the_file_says(self):
        self.server.put(1, 1, REVOKED_AT, 1)
        self.server.put(2, "00", "x")
        self.do("--index", "index.txt", "--force", added=2, changed=2)
        self.assertEqual(self.answer(self.request(1, 2, 3)).statuses, ["good", "good", "revoked"])

    def test_a_serial_that_stands_twice(self):
        """In whatever order, revoked wins; what is the same twice is equal."""
        for name, entries, status in (
            ("same", [("V", 9, ""), ("V", 9, "")], "0"),
            ("revoked_later", [("V", 9, ""), ("R", 9, WHEN)], "1"),
            ("revoked_before", [("R", 9, WHEN), ("V", 9, "")], "1"),
        ):
            with self.subTest(name=name):
                self.server.do("FLUSHALL")
                self.lab.index("twice.txt", entries)
                done = self.run_ctl("import", "--index", "twice.txt")
                self.assertEqual(self.fields(9)["status"], status)
                self.assertEqual(done.returncode, 1 if name == "revoked_before" else 0, done.stderr)

    def test_many_conflicts_are_counted_and_some_are_said(self):
        self.lab.index("many.txt", [("V", i, "") for i in range(1, 101)])
        for i in range(1, 101):
            self.server.put(i, 1, REVOKED_AT, 1)
        done = self.run_ctl("import", "--index", "many.txt")
        self.assertEqual((done.returncode, counts(done.stdout)["conflicts"]), (1, 100))
        self.assertEqual(done.stderr.count("good here"), 20)
        self.assertIn("only counted", done.stderr)

    def test_what_the_file_does_not_know_stays(self):
        self.server.put(77, 0)
        self.server.put(5, 0, subject="/CN=ca:5")
        self.server.put(6, 0, subject="/CN=cb")
        self.assertIn("1 more of ca", self.do("--index", "index.txt", added=4))
        self.assertEqual(self.fields(77), {"status": "0"})

    def test_an_error_anywhere_in_the_file_and_nothing_is_written(self):
        good = open(self.lab.path("index.txt")).read()
        for line in ("nonsense\n", "R\t491231235959Z\t\t05\tunknown\t/CN=x\n", f"V\t491231235959Z\t\t{'80' * 64}\tunknown\t/CN=x\n"):
            with self.subTest(line=line):
                self.lab.write("broken.txt", good * 600 + line)
                self.refused(["broken.txt:2401: error", "nothing was written"], "import", "--index", "broken.txt")
                self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_another_kind_of_file_or_none(self):
        self.lab.write("empty.tsv", "")
        self.lab.write("large.pem", "x\n" * 1000)
        for option, name, words in (
            ("--index", "ca.pem", "six fields"),
            ("--index", "large.pem", "too many errors"),
            ("--crl", "index.txt", "CRL"),
            ("--tsv", "index.txt", "not the first line"),
            ("--tsv", "empty.tsv", "not the first line"),
            ("--index", "missing", "cannot open"),
            ("--tsv", "missing", "cannot open"),
        ):
            with self.subTest(option=option, name=name):
                self.refused([words, "nothing was written"], "import", option, name)

    def test_a_pipe_cannot_be_read_twice(self):
        self.refused("regular file", "import", "--index", "/dev/stdin", given="x")

    def test_usage(self):
        self.refused("is needed", "import", status=2)
        self.refused("at a time", "import", "--index", "a", "--crl", "b", status=2)
        self.refused("argument", "import", "--index", "a", "b", status=2)

    def test_wrongtype_is_a_failure_of_one(self):
        self.server.do("SET", key(2), "text")
        done = self.refused(["index.txt:2", "WRONGTYPE"], "import", "--index", "index.txt")
        self.assertEqual({name: count for name, count in counts(done.stdout).items() if count}, {"added": 3, "failed": 1})

    def test_a_user_with_the_rights_that_help_names(self):
        self.server.do("ACL", "SETUSER", "default", "-@all", "+hmget", "+hsetnx", "+hmset", "+scan", "+ping")
        self.addCleanup(self.restart)
        self.do("--index", "index.txt", added=4)
        self.export()

    def test_a_user_who_may_not_write_or_scan(self):
        self.server.do("ACL", "SETUSER", "default", "-@all", "+hmget", "+ping")
        self.addCleanup(self.restart)
        self.refused(["NOPERM", "stopped before its end"], "import", "--index", "index.txt")
        done = self.run_ctl("import", "--index", "index.txt", "--dry-run")
        self.assertEqual(done.returncode, 0)  # not to be told how many others there are is no failure
        self.refused("SCAN refused: NOPERM", "export")

    def restart(self):
        self.server.kill()
        self.server.start()


class Crl(Importing):
    revoked_there = [(2, REVOKED_AT, None), (3, REVOKED_AT, ReasonFlags.superseded), (2**150 + 1, REVOKED_AT, ReasonFlags.key_compromise)]

    def test_knows_only_the_revoked(self):
        self.lab.crl("ca.crl", self.ca, self.revoked_there)
        self.server.put(1, 1, REVOKED_AT, 6)
        self.server.put(2, 0)
        said = self.do("--crl", "ca.crl", added=2, changed=1)
        self.assertIn("1 more of ca", said)
        self.assertEqual([self.fields(i) for i in (1, 2, 3)], [self.revoked(6), self.revoked(0), self.revoked(4)])
        self.assertEqual(self.fields(2**150 + 1), self.revoked(1))
        self.do("--crl", "ca.crl", equal=3)

    def test_of_another_ca_or_with_a_false_signature_is_refused(self):
        other = self.lab.authority("other")
        self.lab.crl("other.crl", other, self.revoked_there)
        self.lab.crl("forged.crl", self.ca, self.revoked_there, signer=other)
        for name in ("other.crl", "forged.crl"):
            with self.subTest(name=name):
                self.refused([name, "nothing was written"], "import", "--crl", name)
        self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_an_old_one_is_a_warning(self):
        self.lab.crl("old.crl", self.ca, self.revoked_there, days=(-9, -2))
        done = self.run_ctl("import", "--crl", "old.crl")
        self.assertEqual(done.returncode, 0)
        self.assertIn("old.crl: warning: nextUpdate", done.stderr)


class Export(Importing):
    def test_sorted_by_serial_with_both_bases(self):
        self.server.put(256, 0)
        self.server.put(2, 1, REVOKED_AT, 1)
        self.server.put(128, 1)
        self.server.put(3, 0, REVOKED_AT, 6)
        self.server.put(5, 2)
        self.assertEqual(
            self.export(),
            HEADER
            + f"0x02\t2\trevoked\t{ISO}\tkeyCompromise\n"
            + f"0x03\t3\tgood\t{ISO}\tcertificateHold\n"
            + "0x05\t5\tunknown\t\t\n"
            + "0x80\t128\trevoked\t\t\n"
            + "0x0100\t256\tgood\t\t\n",
        )

    def test_export_flush_import_export_is_the_same_to_the_octet_and_in_redis(self):
        for i in range(1, 3000):
            self.server.put(i * 7919**9, i % 3, REVOKED_AT + i if i % 2 else None, i % 7 if i % 4 else None)
        before, text = self.records(), self.export()
        self.lab.write("a.tsv", text)
        self.server.do("FLUSHALL")
        self.do("--tsv", "a.tsv", added=2999)
        self.assertEqual(self.records(), before)
        self.assertEqual(self.export(), text)
        self.do("--tsv", "a.tsv", equal=2999)

    def test_into_a_file(self):
        self.server.put(2, 0)
        self.assertEqual(self.done("export", "-o", "out.tsv"), ["out.tsv: 1 serials of ca"])
        self.assertEqual(open(self.lab.path("out.tsv")).read(), HEADER + "0x02\t2\tgood\t\t\n")

    def test_nothing_is_only_a_header(self):
        self.assertEqual(self.export(), HEADER)

    def test_only_this_ca(self):
        self.server.put(2, 0)
        for subject in ("/CN=cb", "/CN=ca:3", "/CN=c", "/CN=caa", "x/CN=ca"):
            self.server.put(4, 0, subject=subject)
        self.assertEqual(self.export(), HEADER + "0x02\t2\tgood\t\t\n")

    def test_undecodable_records_and_keys_are_said_and_left_out(self):
        self.server.put(2, 0)
        self.server.put(3, "abc")
        self.server.put(4, 1, REVOKED_AT, 8)
        self.server.put(10, 1, f"0{REVOKED_AT}", 1)
        for name in ("007", "0x5", "-6", "x", ""):
            self.server.put(name, 0)
        self.server.do("SET", key(9), "text")
        left_out = ['0x03 (3): left out: undecodable: status "abc"', "0x04 (4)", "0x0a (10)", "WRONGTYPE"]
        done = self.refused([*left_out, "9 of the records"], "export")
        self.assertEqual(done.stdout, HEADER + "0x02\t2\tgood\t\t\n")
        for name in ("007", "0x5", "-6", "x"):
            self.assertIn(f"redis key {key(name)} ends in no serial", done.stderr)

    def test_a_lost_connection_leaves_the_old_file(self):
        self.lab.write("out.tsv", "old")
        self.server.kill()
        self.addCleanup(self.server.start)
        self.refused("cannot connect", "export", "-o", "out.tsv")
        self.assertEqual(open(self.lab.path("out.tsv")).read(), "old")


class Glob(Importing):
    """A subject with the characters that SCAN's patterns give a meaning, and a backslash."""

    policy = {"redis_subject": "/CN=[a-c]*?\\x41^"}

    def test_only_its_own_keys(self):
        self.done("issue", 5)
        self.server.put(6, 0, subject="/CN=[a-c]*?A^")
        self.server.put(7, 0, subject="/CN=bxyA^")
        self.server.put(8, 0, subject="/CN=[a-c]zz\\x41^")
        self.assertEqual(self.export(), HEADER + "0x05\t5\tgood\t\t\n")
        self.assertIsNotNone(self.server.do("HGET", key(5, "/CN=[a-c]*?\\x41^"), "status"))


class Large(Importing):
    """A hundred thousand serials."""

    count = 100000

    @classmethod
    def prepare(cls):
        super().prepare()
        with open(cls.lab.path("large.txt"), "w") as file:
            for i in range(cls.count):
                serial = f"{(i + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 152) | 1 << 150:038X}"
                revoked = f"R\t491231235959Z\t{WHEN},superseded" if i % 10 == 0 else "V\t491231235959Z\t"
                file.write(f"{revoked}\t{serial}\tunknown\t/CN=x\n")

    def start_import(self, **how):
        words = [lab.program("ocspctl"), "import", "-c", "config.yaml", "--ca", "ca", "--index", "large.txt"]
        return subprocess.Popen(words, cwd=self.lab.folder, stdout=subprocess.PIPE, text=True, **how)

    def wait_for_some(self):
        while self.server.do("DBSIZE") < self.count // 10:
            time.sleep(0.001)

    def wait_for_append_only_file(self):
        """Killed while it writes the first one, Redis would come back with nothing."""
        idle = ("aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0")
        while not all(word in self.server.do("INFO", "persistence").decode() for word in idle):
            time.sleep(0.005)

    def whole(self):
        """The text of an export of all of it."""
        self.run_ctl("import", "--index", "large.txt")
        text = self.export()
        self.assertEqual(text.count("\n"), self.count + 1)
        return text

    def test_in_how_many_seconds(self):
        start = time.monotonic()
        self.do("--index", "large.txt", added=self.count)
        print(f"# {self.count} serials imported in {time.monotonic() - start:.2f} s")
        start = time.monotonic()
        self.do("--index", "large.txt", equal=self.count)
        print(f"# {self.count} equal ones skipped in {time.monotonic() - start:.2f} s")

    def test_redis_killed_in_the_middle_and_the_same_command_again(self):
        expected = self.whole()
        self.server.do("FLUSHALL")
        self.server.do("CONFIG", "SET", "appendonly", "yes")
        self.addCleanup(self.server.do, "CONFIG", "SET", "appendonly", "no")
        self.wait_for_append_only_file()
        self.server.options = ("--appendonly", "yes")
        importing = self.start_import(stderr=subprocess.PIPE)
        self.wait_for_some()
        self.server.kill()
        said, complaint = importing.communicate()
        self.server.start()
        self.assertEqual(importing.returncode, 1, said + complaint)
        self.assertIn("stopped before its end; give the same command again", complaint)
        self.assertLess(counts(said)["added"], self.count)
        while not isinstance(there := self.server.do("DBSIZE"), int):
            time.sleep(0.01)  # LOADING
        self.assertGreaterEqual(there, counts(said)["added"])
        self.do("--index", "large.txt", added=self.count - there, equal=there)
        self.assertEqual(self.export(), expected)

    def test_interrupted_and_again(self):
        expected = self.whole()
        self.server.do("FLUSHALL")
        importing = self.start_import(stderr=subprocess.PIPE)
        self.wait_for_some()
        importing.kill()
        importing.communicate()
        there = self.server.do("DBSIZE")
        self.assertLess(there, self.count)
        self.do("--index", "large.txt", added=self.count - there, equal=there)
        self.assertEqual(self.export(), expected)

    def test_two_imports_at_once_both_succeed(self):
        importers = [self.start_import(stderr=subprocess.PIPE) for _ in range(2)]
        said = [importer.communicate() for importer in importers]
        self.assertEqual([importer.returncode for importer in importers], [0, 0], said)
        self.assertEqual(self.server.do("DBSIZE"), self.count)

    def test_two_imports_and_a_revocation_at_once(self):
        """What another writer revokes while it is imported as good stays revoked."""
        serials = [line.split("\t")[3] for line in open(self.lab.path("large.txt")) if line[0] == "V"][-2000:]
        importers = [self.start_import(stderr=subprocess.DEVNULL) for _ in range(2)]
        client = self.server.client()
        for serial in serials:
            client("HMSET", key(int(serial, 16)), "status", 1, "revocation_time", REVOKED_AT, "revocation_reason", 1)
        client.close()
        for importer in importers:
            importer.communicate()
        for serial in serials:
            self.assertEqual(self.fields(int(serial, 16)), self.revoked(1))
        self.assertEqual(self.server.do("DBSIZE"), self.count)

    def test_a_bar_on_a_terminal_and_none_elsewhere(self):
        self.assertEqual(self.run_ctl("import", "--index", "large.txt").stderr, "")
        try:
            mine, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"this system gives no terminal: {error}")
        shown = []

        def read():
            try:
                while octets := os.read(mine, 65536):
                    shown.append(octets)
            except OSError:
                pass  # the terminal's other end was closed

        reader = threading.Thread(target=read)
        reader.start()
        importing = self.start_import(stderr=theirs)
        os.close(theirs)
        importing.communicate()
        reader.join()
        os.close(mine)
        self.assertRegex(b"".join(shown).decode(), r"imported \[#+ *\] +\d+%  \d+ of 100000")
        self.assertTrue(b"".join(shown).endswith(b"\r\x1b[K"))
