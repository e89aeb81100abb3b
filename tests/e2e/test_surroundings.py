"""H12: what a web server's child may find, or miss, around it."""

import os
import signal
import subprocess
import unittest

import lab
import ocsp
from lab import GOOD


class Surroundings(lab.LabTest):
    settings = {"deadline_ms": 600}

    def run_in(self, request=None, **how):
        """One run with nothing but the snapshot's place in the environment, and `how` of subprocess.run()."""
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, **how.pop("env", {})}
        done = subprocess.run(
            [os.path.abspath(lab.program("ocsp-cgi"))],
            input=self.request(GOOD) if request is None else request, capture_output=True, env=environment, timeout=20, **how,
        )  # fmt: skip
        return lab.Reply(done)

    def assert_good(self, reply):
        self.assertEqual((reply.exit_status, reply.http, reply.ocsp.statuses), (0, 200, ["good"]), reply.log_text)
        self.assertEqual(len(reply.log_lines), 1)

    def test_a_working_folder_that_is_gone(self):
        """H12"""
        folder = self.lab.path("gone")
        os.mkdir(folder)

        def enter_and_remove():
            os.chdir(folder)
            os.rmdir(folder)

        self.assert_good(self.run_in(preexec_fn=enter_and_remove))

    def test_no_path_no_locale_no_home(self):
        """H12: the environment may be empty, or strange"""
        self.assert_good(self.run_in())
        strange = {"PATH": "", "LC_ALL": "xx_XX.none", "LANG": "tr_TR.UTF-8", "TZ": ":/nowhere", "OPENSSL_CONF": "/nowhere"}
        self.assert_good(self.run_in(env=strange))

    @unittest.skipIf("asan" in lab.BUILD, "only what is shipped forgets them")
    def test_who_starts_it_does_not_say_what_the_processor_can(self):
        """libcrypto would believe in instructions that this one lacks, or do without those that take the same time for every key"""
        for told in ("0xffffffffffffffff:0xffffffffffffffff", "0:0"):
            self.assert_good(self.run_in(env={"OPENSSL_ia32cap": told, "A": "B", "OPENSSL_": "", "Z": "OPENSSL_ia32cap=0"}))

    def test_an_environment_of_a_hundred_kilobytes(self):
        """H12"""
        self.assert_good(self.run_in(env={f"HTTP_X_{number}": "x" * 1000 for number in range(100)}))

    def test_descriptors_left_open(self):
        """H12: what stands behind 0, 1 and 2 is neither used nor missed"""
        others = [os.open("/dev/null", os.O_RDWR) for _ in range(20)]
        try:
            self.assert_good(self.run_in(pass_fds=others))
        finally:
            for descriptor in others:
                os.close(descriptor)

    def test_every_signal_blocked_or_ignored(self):
        """H12: uwsgi blocks them; a parent may have ignored SIGPIPE, SIGALRM and SIGCHLD"""
        self.assert_good(self.run_in(preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())))

        def ignore():
            for number in (signal.SIGPIPE, signal.SIGALRM, signal.SIGCHLD, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)

        self.assert_good(self.run_in(preexec_fn=ignore, restore_signals=False))

    def test_an_ignored_alarm_does_not_stop_the_deadline(self):
        """H12, H3"""
        ignore = lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN)
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "CONTENT_LENGTH": "1000", "REQUEST_METHOD": "POST"}
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with subprocess.Popen([lab.program("ocsp-cgi")], env=environment, preexec_fn=ignore, **pipes) as process:
            self.assertEqual(process.wait(timeout=8), 0)
            self.assertIn(b"Status: 408", process.stdout.read())

    def test_one_whole_line_for_each_of_many_at_once(self):
        """H12, H14: on one pipe, as a web server collects them"""
        reader, writer = os.pipe()
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot}
        request = ocsp.request(*(ocsp.certid(self.ca, 2**150 + number) for number in range(60)))
        runs = []
        for _ in range(12):
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": writer}
            process = subprocess.Popen([lab.program("ocsp-cgi")], env=environment, **pipes)
            process.stdin.write(request)
            process.stdin.flush()
            runs.append(process)
        for process in runs:
            process.stdin.close()
        for process in runs:
            self.assertEqual(process.wait(timeout=20), 0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            lines = pipe.read().split(b"\n")
        self.assertEqual(lines.pop(), b"")
        self.assertEqual(len(lines), len(runs))
        for line in lines:
            self.assertTrue(line.startswith(b"{") and line.endswith(b"}"), line)
            self.assertLess(len(line), 4096)
