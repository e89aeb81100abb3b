"""What becomes of the files that ocspctl replaces where the disk is full, the folder cannot be written, a system call fails or a
signal ends it: the old one stays, octet for octet, nothing is left beside it, and it is said what to do."""

import collections
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import lab
import lab_redis
import lab_setgid
from lab import GOOD, REVOKED
from lab_web import NOBODY
from test_faults import can_trace

ROOM = 64 * 1024  # of the full disk, in all
NEVER_FAILING = ("exit_group", "futex", "brk")  # as strace would have them fail: glibc cannot take it
NEEDS_ROOT = lab_setgid.why_not()


class Disk:
    """A file system of its own, mounted on `folder` where only `enter` sees it; the test reads it beneath `seen`."""

    def __init__(self, folder, options):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        reader, writer = os.pipe()
        self.keeper = os.fork()
        if self.keeper == 0:
            lab_redis.die_with_parent()
            lab_setgid.call(lab_setgid.LIBC.unshare(lab_setgid.CLONE_NEWNS))
            lab_setgid.mount(None, "/", None, lab_setgid.MS_REC | lab_setgid.MS_PRIVATE)
            lab_setgid.call(lab_setgid.LIBC.mount(b"none", folder.encode(), b"tmpfs", 0, options.encode()))
            os.write(writer, b"x")
            signal.pause()
        os.close(writer)
        with os.fdopen(reader) as pipe:
            assert pipe.read(1), "not mounted"
        self.seen = f"/proc/{self.keeper}/root{folder}"

    def enter(self):
        with open(f"/proc/{self.keeper}/ns/mnt", "rb") as namespace:
            here = os.getcwd()
            lab_setgid.call(lab_setgid.LIBC.setns(namespace.fileno(), lab_setgid.CLONE_NEWNS))
            os.chdir(here)

    def remount_read_only(self):
        pid = os.fork()
        if pid == 0:
            self.enter()
            status = lab_setgid.LIBC.mount(None, self.folder.encode(), None, 1 | 32, None)  # MS_RDONLY | MS_REMOUNT
            os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0

    def fill(self):
        with contextlib.suppress(OSError), open(os.path.join(self.seen, "filler"), "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def close(self):
        os.kill(self.keeper, signal.SIGKILL)
        os.waitpid(self.keeper, 0)


class Replacing(lab_redis.RedisTest):
    """`made`: by its name, what each command writes, as it was before and as it is after a change of its source."""

    COMMANDS = {
        "snapshot": ("compile", "-c", "config.yaml"),
        "index.table": ("table", "--index", "index.txt", "--ca-cert", "ca.pem", "--force"),
        "crl.table": ("table", "--crl", "ca.crl", "--ca-cert", "ca.pem", "--force"),
        "out.tsv": ("export", "-c", "config.yaml", "--ca", "ca"),
    }

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()
        cls.sources(1)
        for name in cls.COMMANDS:
            cls.lab.must(*cls.COMMANDS[name], "-o", f"{name}.old")
        cls.sources(3000)

    @classmethod
    def sources(cls, count):
        """Before and after: of one serial, and of so many that what is written is larger than the full disk."""
        serials = [0x10_0000_0000 + i for i in range(count)]
        cls.lab.index("index.txt", [("V", serial, "") for serial in serials])
        cls.lab.crl("ca.crl", cls.ca, [(serial, lab.REVOKED_AT, None) for serial in serials], number=count)
        for serial in serials:
            cls.server.put(serial, 0)
        cls.policy = {} if count == 1 else {"archive_cutoff_days": 7}
        cls.compile_redis(f"unix:{cls.socket}")

    def command(self, name, output):
        return [lab.program("ocspctl"), *self.COMMANDS[name], "-o", output]

    def run_command(self, name, output, **how):
        quiet = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60}
        return subprocess.run(self.command(name, output), cwd=self.lab.folder, **quiet, **how)

    def old(self, name):
        with open(self.lab.path(f"{name}.old"), "rb") as file:
            return file.read()

    def assert_unharmed(self, name, folder, others=()):
        """The old file is there, and nothing but it and `others`."""
        with open(os.path.join(folder, name), "rb") as file:
            self.assertEqual(file.read(), self.old(name))
        self.assertEqual(sorted(os.listdir(folder)), sorted([name, *others]))

    def assert_refused(self, done, place, *words):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, f"(?m)^{re.escape(place)}: error: ")
        for word in words:
            self.assertIn(word, done.stderr)

    @contextlib.contextmanager
    def folder_with(self, name):
        """A folder that has the old file and nothing else."""
        with tempfile.TemporaryDirectory(dir=self.lab.folder) as folder:
            shutil.copy(self.lab.path(f"{name}.old"), os.path.join(folder, name))
            yield folder


@unittest.skipIf(NEEDS_ROOT, NEEDS_ROOT)
class FullDisk(Replacing):
    def disk(self, name, options):
        disk = Disk(self.lab.path("disk"), options)
        self.addCleanup(disk.close)
        shutil.copy(self.lab.path(f"{name}.old"), os.path.join(disk.seen, name))
        return disk

    def test_no_room(self):
        for name in self.COMMANDS:
            with self.subTest(name):
                disk = self.disk(name, f"size={ROOM}")
                disk.fill()
                path = os.path.join(disk.folder, name)
                done = self.run_command(name, path, preexec_fn=disk.enter)
                self.assert_refused(done, path, f"write {path}.new0: No space left on device; make room and try again")
                self.assert_unharmed(name, disk.seen, ["filler"])

    def test_no_room_for_one_more_file(self):
        for name in self.COMMANDS:
            with self.subTest(name):
                disk = self.disk(name, "nr_inodes=2")  # the folder and the old file
                path = os.path.join(disk.folder, name)
                done = self.run_command(name, path, preexec_fn=disk.enter)
                self.assert_refused(done, path, f"create {path}.new0: No space left on device; make room and try again")
                self.assert_unharmed(name, disk.seen)

    def test_read_only(self):
        for name in self.COMMANDS:
            with self.subTest(name):
                disk = self.disk(name, f"size={ROOM}")
                disk.remount_read_only()
                path = os.path.join(disk.folder, name)
                done = self.run_command(name, path, preexec_fn=disk.enter)
                self.assert_refused(done, path, "Read-only file system; choose a place that can be written")
                self.assert_unharmed(name, disk.seen)

    def test_a_folder_of_anothers(self):
        """as another user than root, whom no mode stops"""
        for name in ("index.table", "crl.table"):  # the other commands read what is secret
            with self.subTest(name), self.folder_with(name) as folder:
                os.chmod(folder, 0o755)
                program = shutil.copy(lab.program("ocspctl"), self.lab.path("ocspctl"))
                done = subprocess.run(
                    [program, *self.command(name, os.path.join(folder, name))[1:]], cwd=self.lab.folder, capture_output=True,
                    text=True, user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[],
                )  # fmt: skip
                self.assert_refused(done, os.path.join(folder, name), "Permission denied; run as a user who may")
                self.assert_unharmed(name, folder)


class Limit(Replacing):
    def test_a_limit_of_the_size_of_files(self):
        """the second way to be full, which needs no rights: half of what is to be written"""
        for name in self.COMMANDS:
            with self.subTest(name), self.folder_with(name) as folder:
                self.lab.must(*self.COMMANDS[name], "-o", f"whole.{name}")
                half = os.path.getsize(self.lab.path(f"whole.{name}")) // 2
                limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (half, half))
                path = os.path.join(folder, name)
                done = self.run_command(name, path, preexec_fn=limit)
                self.assert_refused(done, path, "File too large; raise the limit of file sizes (ulimit -f)")
                self.assert_unharmed(name, folder)


class FullOutput(Replacing):
    """What is printed and lost is no success."""

    def test_standard_output(self):
        table = self.lab.must("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", "t") and "t"
        for words in (
            ("show", "snapshot"),
            ("compile", "--help"),
            ("--help",),
            ("--version",),
            ("compile", "-c", "config.yaml", "-o", "s"),
            ("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", table),
            ("export", "-c", "config.yaml", "--ca", "ca"),
            ("import", "-c", "config.yaml", "--ca", "ca", "--index", "index.txt"),
            ("status", "-c", "config.yaml", "--ca", "ca", "5"),
        ):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [lab.program("ocspctl"), *words], cwd=self.lab.folder, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE
                )
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stderr.count(b"standard output could not be written to its end"), 1, done.stderr)

    def test_what_is_closed_is_not_taken_for_a_file(self):
        """its number would be the new file's, or the connection's, and what is printed would go there"""
        self.lab.index("three.txt", [("V", 1, ""), ("V", 2, ""), ("V", 3, "")])
        self.lab.index("two.txt", [("V", 1, ""), ("V", 2, "")])
        self.lab.must("table", "--index", "two.txt", "--ca-cert", "ca.pem", "-o", "right")
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                self.lab.must("table", "--index", "three.txt", "--ca-cert", "ca.pem", "-o", "closed")
                self.run_closed(closed, "table --index two.txt --ca-cert ca.pem -o closed")
                with open(self.lab.path("right"), "rb") as right, open(self.lab.path("closed"), "rb") as made:
                    self.assertEqual(made.read()[:8], right.read()[:8])
                self.server.do("FLUSHALL")
                self.server.put(3, 1, 1735689600, 1)
                self.assertEqual(self.run_closed(closed, "issue -c config.yaml --ca ca 1 2 3 4"), 1)
                self.assertEqual([self.server.do("HGET", f"cert:/CN=ca:{n}", "status") for n in (1, 2, 3, 4)], [b"0", b"0", b"1", b"0"])

    def run_closed(self, closed, words):
        command = f"{lab.program('ocspctl')} {words} {closed}"
        return subprocess.run(["/bin/sh", "-c", command], cwd=self.lab.folder, capture_output=True, timeout=20).returncode

    def test_of_those_whose_exit_status_is_a_verdict(self):
        """what nobody could read is neither well nor equal: 3, cannot tell; what went wrong besides keeps its number"""
        for words, status in (
            (("check", "snapshot"), 3),
            (("check", "--days", "36500", "snapshot"), 1),
            (("check", "--help"), 3),
            (("compare", "--help"), 3),
            (("doctor", "--help"), 3),
        ):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [lab.program("ocspctl"), *words], cwd=self.lab.folder, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE
                )
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(b"standard output could not be written to its end", done.stderr)


class Failing(Replacing):
    """Each system call from the temporary file's making on, failing once."""

    ERRORS = ("EIO", "ENOSPC", "EINTR")

    def trace(self, name, path, *how):
        words = ["strace", "-qq", *how, *self.command(name, path)]
        return subprocess.run(words, cwd=self.lab.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    def calls(self, name):
        """Name and number, as strace counts them."""
        with self.folder_with(name) as folder:
            log = self.lab.path("trace")
            done = self.trace(name, os.path.join(folder, name), "-o", log)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(folder, name), "rb") as file:
                self.new = file.read()
        with open(log, encoding="utf-8") as file:
            lines = list(file)
        first = next(number for number, line in enumerate(lines) if re.match(r'openat\(.*\.new0", O_WRONLY', line))
        numbers, found = collections.Counter(), []
        for at, line in enumerate(lines):
            if call := re.match(r"(\w+)\(", line):
                numbers[call[1]] += 1
                if at >= first and call[1] not in NEVER_FAILING:
                    found.append((call[1], numbers[call[1]]))
        return found

    def fail_at(self, name, call, number, error):
        with self.folder_with(name) as folder:
            path = os.path.join(folder, name)
            what = f"inject={call}:error={error}:when={number}"
            done = self.trace(name, path, "-o", os.devnull, "-e", f"trace={call}", "-e", what)
            with open(path, "rb") as file:
                found = file.read()
            self.assertIn(done.returncode, (0, 1), done.stderr)
            if done.returncode == 0:
                self.assert_whole(name, found)
            elif found == self.old(name):
                self.assertRegex(done.stderr, ": error: .*; ")
            else:  # the summary is lost, and nothing else
                self.assert_whole(name, found)
                self.assertIn("standard output", done.stderr)
            left = set(os.listdir(folder)) - {name}  # where its own file cannot be told from another writer's, it keeps off
            self.assertLessEqual(left, {f"{name}.new0"} if call == "newfstatat" else set())
            return done.returncode

    def assert_whole(self, name, found):
        """A table has its time in it."""
        self.assertEqual(len(found), len(self.new))
        if name in ("snapshot", "out.tsv", "crl.table"):
            self.assertEqual(found, self.new)

    def test_each_call_of_a_replacement(self):
        if not can_trace():
            self.skipTest("strace cannot trace here")
        if "asan" in lab.BUILD:
            self.skipTest("LeakSanitizer cannot be traced")
        for name in ("snapshot", "index.table"):
            outcomes, calls = collections.Counter(), self.calls(name)
            self.assertLessEqual({"write", "fsync", "fchmod", "rename"}, {call for call, _ in calls})
            for call, number in calls:
                for error in self.ERRORS:
                    with self.subTest(name, call=call, number=number, error=error):
                        outcomes[self.fail_at(name, call, number, error)] += 1
            print(f"# {name}: {len(calls)} calls, {dict(outcomes)} by exit status", flush=True)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to give a file to another group")
    def test_the_group(self):
        """fchown: the old one's is to be kept"""
        if not can_trace() or "asan" in lab.BUILD:
            self.skipTest("strace cannot trace here")
        for name in ("snapshot", "index.table"):
            with self.subTest(name), self.folder_with(name) as folder:
                path = os.path.join(folder, name)
                os.chown(path, -1, NOBODY.pw_gid)
                done = self.trace(name, path, "-o", os.devnull, "-e", "trace=fchown", "-e", "inject=fchown:error=EPERM:when=1")
                self.assert_refused(done, path, "cannot give the new file to the old one's group ", "member of that group; the old file stays")
                self.assert_unharmed(name, folder)
                self.assertEqual(os.stat(path).st_gid, NOBODY.pw_gid)


class Ended(lab.LabTest):
    """In the middle of a large table."""

    @classmethod
    def prepare(cls):
        super().prepare()
        line = "V\t491231235959Z\t\t{:016X}\tunknown\t/CN=x\n"
        with open(cls.lab.path("large.txt"), "w", encoding="ascii") as file:
            file.writelines(line.format(0x1000_0000_0000_0000 + i) for i in range(300000))

    def setUp(self):
        self.lab.index("index.txt", [("V", GOOD, ""), ("R", REVOKED, "250101000000Z")])
        folder = self.lab.path("ended")
        os.mkdir(folder)
        self.addCleanup(shutil.rmtree, folder)
        self.table = os.path.join(folder, "ca.table")
        self.lab.must("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", self.table)
        with open(self.table, "rb") as file:
            self.before = file.read()

    def start(self, **how):
        words = [lab.program("ocspctl"), "table", "--index", "large.txt", "--ca-cert", "ca.pem", "-o", self.table]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen(words, cwd=self.lab.folder, **quiet, **how)

    def caught_in_the_middle(self, **how):
        """A process that is stopped while its temporary file is there. Where it was too fast, another."""
        for _ in range(20):
            process = self.start(**how)
            while not (there := os.path.exists(self.table + ".new0")) and process.poll() is None:
                pass
            if there:
                process.send_signal(signal.SIGSTOP)
                os.waitpid(process.pid, os.WUNTRACED)
                if process.poll() is None and os.path.exists(self.table + ".new0"):
                    return process
            process.communicate()
            with open(self.table, "wb") as file:
                file.write(self.before)
        self.fail("always too fast")

    def end(self, number, **how):
        process = self.caught_in_the_middle(**how)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        return process.returncode

    def assert_as_before(self, *others):
        with open(self.table, "rb") as file:
            self.assertEqual(file.read(), self.before)
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.table))), ["ca.table", *others])

    def test_signals(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            with self.subTest(number):
                self.assertEqual(self.end(number), -number)  # and whoever started it sees which
                self.assert_as_before()

    def test_a_signal_that_is_ignored(self):
        """by nohup"""
        ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.assertEqual(self.end(signal.SIGHUP, preexec_fn=ignore), 0)
        self.assertGreater(os.path.getsize(self.table), 1000000)
        self.assertEqual(os.listdir(os.path.dirname(self.table)), ["ca.table"])

    def test_killed_and_again(self):
        """what is left is the next run's to take away, and does not disturb it"""
        self.assertEqual(self.end(signal.SIGKILL), -signal.SIGKILL)
        self.assert_as_before("ca.table.new0")
        self.lab.must("table", "--index", "index.txt", "--ca-cert", "ca.pem", "-o", self.table)
        self.assertEqual(os.listdir(os.path.dirname(self.table)), ["ca.table"])
