"""The recommended installation (set-group-ID) under each web server, with a hostile program of the same user beside it."""

import json
import os
import shutil
import stat
import subprocess
import unittest

import lab
import lab_setgid
import lab_web_test
from lab_web import NOBODY
from lab_web_test import TYPE

WHY_NOT = lab_setgid.why_not() or ("the sanitizers trace the process" if "asan" in lab.BUILD else None)


@unittest.skipIf(WHY_NOT, WHY_NOT)
class SetgidTest(lab_web_test.WebTest):
    """One site for all tests of a class; `web` is its server."""

    kind = lab_setgid.Apache
    site = lab_setgid.Site
    settings = {**lab_web_test.WebTest.settings, "deadline_ms": 5000}

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.site()
        cls.addClassCleanup(cls.lab.close)
        cls.prepare()
        cls.web = cls.server(cls.lab)
        if cls.web:
            cls.addClassCleanup(cls.web.close)

    @classmethod
    def server(cls, site):
        return cls.kind(site)

    def answer_of_the_server(self, serial, status):
        der = self.request(serial)
        reply = self.client().ask("POST", self.web.target, TYPE, f"Content-Length: {len(der)}", body=der)
        self.assert_answer(reply, serial, status)

    def attack(self, pid=None):
        mine = lab_setgid.own_snapshot(self.lab)
        self.addCleanup(shutil.rmtree, os.path.dirname(mine))
        self.web.arm(
            command=[self.lab.cgi], folder="/tmp", snapshot=self.lab.snapshot, own_snapshot=mine,
            request=self.request(self.good).hex(), pid=pid,
        )  # fmt: skip
        port = getattr(self.web, "hostile_port", self.web.port)
        reply = self.client(port).ask("GET", self.web.hostile_target)
        self.assertEqual(reply.status, 200, (reply.body, self.web.log_text()[-2000:]))
        return json.loads(reply.body)

    def assert_refused(self, result):
        self.assertEqual(result.pop("ids"), [NOBODY.pw_uid, NOBODY.pw_gid])
        honest = result.pop("honest")
        self.assertEqual(honest["ocsp"], "successful", honest)
        self.assertGreaterEqual(len(result), 14)
        for name, outcome in result.items():
            with self.subTest(name):
                self.assertTrue(outcome.startswith("refused"), f"{name}: {outcome}")


class Installation(SetgidTest):
    def test_what_make_install_leaves(self):
        program, folder, snapshot = (os.stat(path) for path in (self.lab.cgi, self.lab.state, self.lab.file))
        self.assertEqual([stat.S_IMODE(found.st_mode) for found in (program, folder, snapshot)], [0o2755, 0o2750, 0o640])
        self.assertEqual({(found.st_uid, found.st_gid) for found in (program, folder, snapshot)}, {(0, self.group())})

    def group(self):
        return lab_setgid.grp.getgrnam(lab_setgid.GROUP).gr_gid

    def test_a_recompilation_does_not_take_the_site_down(self):
        """group and mode are kept, whoever's group compiles, and given anew by the folder where the file is gone"""
        for gone in (False, False, True):
            if gone:
                os.unlink(self.lab.file)
            self.lab.must("compile", "-c", "config.yaml", "-o", self.lab.file)
            found = os.stat(self.lab.file)
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, self.group(), 0o640))
            self.answer_of_the_server(self.good, "good")

    def test_a_snapshot_of_another_group_says_which_is_wanted(self):
        """never that it is to be given to the web server's user"""
        for path, mode in ((self.lab.file, 0o640), (self.lab.state, 0o2750)):
            with self.subTest(path):
                os.chown(path, 0, 0)
                try:
                    der = self.request(self.good)
                    reply = self.client().ask("POST", self.web.target, TYPE, f"Content-Length: {len(der)}", body=der)
                    self.assertEqual(reply.ocsp.status, "internalError")
                    message = self.web.log_lines()[-1]["message"]
                    self.assertIn("this program's own group, which ls -l of it shows", message)
                    self.assertIn("(Permission denied)", message)
                    self.assertNotIn("user", message)
                finally:
                    os.chown(path, 0, self.group())
                    os.chmod(path, mode)
        self.answer_of_the_server(self.good, "good")

    def test_only_files_of_root_count(self):
        """a snapshot, or a table, of the server's user beneath the folder"""
        for path, back in ((self.lab.file, self.lab.snapshot), (self.lab.path("ca.table"), "ca.table")):
            with self.subTest(path):
                os.chown(path, NOBODY.pw_uid, -1)
                try:
                    der = self.request(self.good)
                    reply = self.client().ask("POST", self.web.target, TYPE, f"Content-Length: {len(der)}", body=der)
                    self.assertEqual(reply.ocsp.status, "internalError")
                    self.assertIn("chown root", self.web.log_lines()[-1]["message"])
                finally:
                    os.chown(path, 0, -1)
        self.answer_of_the_server(self.good, "good")


class Where(SetgidTest):
    """Which names of a snapshot it takes from somebody of no group, where all that they name are root's and of its group."""

    @classmethod
    def server(cls, site):
        """none: nobody starts it"""

    def asked(self, name):
        """What the program answers nobody, who is in the folder with the group's rights no longer."""

        def prepare():
            lab_setgid.show(self.lab.state)
            os.chdir(lab_setgid.STATE)
            lab_setgid.become_nobody()

        done = subprocess.run(
            [self.lab.cgi], input=self.request(self.good), capture_output=True, env={"OCSP_CGI_SNAPSHOT": name}, preexec_fn=prepare,
            timeout=60,
        )  # fmt: skip
        return lab.Reply(done)

    def assert_taken(self, name):
        self.assertEqual(self.asked(name).ocsp.statuses, ["good"])

    def assert_not_taken(self, name, reason):
        with self.subTest(name):
            reply = self.asked(name)
            self.assertEqual(reply.ocsp.status, "internalError", reply.log_text)
            self.assertIn(f"{name}: {reason}", reply.log["message"])

    def of_root(self, folder):
        """A copy of the snapshot in a new folder, owner, group and mode as its own."""
        os.mkdir(folder, 0o755)
        copy = os.path.join(folder, "snapshot")
        shutil.copy(self.lab.file, copy)
        os.chown(folder, 0, os.stat(self.lab.file).st_gid)
        os.chown(copy, 0, os.stat(self.lab.file).st_gid)
        os.chmod(copy, 0o640)
        return copy

    def test_nothing_outside_of_the_folder(self):
        """a name through the folder's neighbour, and a relative one, are outside, too"""
        outside = self.of_root(self.lab.path("outside"))
        for name in (outside, "/var/lib/../lib/ocsp-cgi/snapshot", "//var/lib/ocsp-cgi/snapshot", "snapshot", "./snapshot"):
            self.assert_not_taken(name, "not beneath /var/lib/ocsp-cgi")

    def test_no_detour_inside(self):
        self.of_root(self.lab.state + "/more")
        self.assert_taken(self.lab.snapshot)
        self.assert_taken(lab_setgid.STATE + "/more/snapshot")
        for name in ("/snapshot", "./snapshot", "more/../snapshot", "../ocsp-cgi/snapshot", "more//snapshot", "more/./snapshot"):
            self.assert_not_taken(f"{lab_setgid.STATE}/{name}", 'has an empty part, "." or ".."')

    def test_no_symbolic_link_inside(self):
        """to what could be named by itself, or to what could not"""
        elsewhere = self.of_root(self.lab.path("elsewhere"))
        links = {
            "to-file": ("snapshot", "", "a symbolic link, which is not followed"),
            "to-folder": (".", "/snapshot", "a folder of it is none, or a symbolic link"),
            "to-file-outside": (elsewhere, "", "a symbolic link, which is not followed"),
            "to-folder-outside": (os.path.dirname(elsewhere), "/snapshot", "a folder of it is none, or a symbolic link"),
        }
        for link, (target, rest, reason) in links.items():
            os.symlink(target, f"{self.lab.state}/{link}")
            self.assert_not_taken(f"{lab_setgid.STATE}/{link}{rest}", reason)


class UnderApache(SetgidTest):
    def test_answers(self):
        self.answer_of_the_server(self.good, "good")
        self.answer_of_the_server(self.revoked, "revoked")

    def test_a_hostile_program_gets_nothing(self):
        self.assert_refused(self.attack())

    def test_nor_from_the_program_that_the_server_runs(self):
        """held by a slow body"""
        client = self.client()
        client.socket.sendall(f"POST {self.web.target} HTTP/1.1\r\nHost: localhost\r\n{TYPE}\r\n".encode())
        client.socket.sendall(b"Content-Length: 100\r\n\r\n0b")
        pid = None
        for _ in range(100):
            pid = pid or lab_setgid.pid_of(self.lab.cgi)
            lab_setgid.time.sleep(0.02)
            if pid:
                break
        self.assertTrue(pid, "no ocsp-cgi is running")
        self.assert_refused(self.attack(pid))


class UnderLighttpd(SetgidTest):
    kind = lab_setgid.Lighttpd
    test_answers = UnderApache.test_answers
    test_a_hostile_program_gets_nothing = UnderApache.test_a_hostile_program_gets_nothing


class UnderFcgiwrap(UnderLighttpd):
    kind = lab_setgid.Nginx


class UnderApacheCgi(UnderLighttpd):
    kind = lab_setgid.ApacheCgi
    test_nor_from_the_program_that_the_server_runs = UnderApache.test_nor_from_the_program_that_the_server_runs


class HeldUnderLighttpd(SetgidTest):
    """As README.md has them, lighttpd and nginx start no program before they have the whole body; here they do."""

    kind = lab_setgid.StreamingLighttpd
    test_nor_from_the_program_that_the_server_runs = UnderApache.test_nor_from_the_program_that_the_server_runs


class HeldUnderFcgiwrap(HeldUnderLighttpd):
    kind = lab_setgid.StreamingNginx


class Without(SetgidTest):
    """Why it is recommended: the same attacks where the web server's group reads the snapshot."""

    kind = lab_setgid.Lighttpd
    site = lab_setgid.PlainSite

    def test_the_hostile_program_reads_the_keys(self):
        result = self.attack()
        self.assertEqual(result["honest"]["ocsp"], "successful")
        self.assertTrue(result["read"].startswith("got"), result["read"])
        self.assertTrue(result["own snapshot"].startswith("got"), result["own snapshot"])


class NoNewPrivileges(SetgidTest):
    """A web server that may not run set-group-ID programs (systemd's NoNewPrivileges=yes): README.md's fallback is for it."""

    @classmethod
    def server(cls, site):
        kind = type("Apache", (lab_setgid.Apache,), {"no_new_privileges": True})
        return kind(site)

    def test_the_log_says_what_is_wrong(self):
        der = self.request(self.good)
        reply = self.client().ask("POST", self.web.target, TYPE, f"Content-Length: {len(der)}", body=der)
        self.assertEqual(reply.ocsp.status, "internalError")
        line = self.web.log_lines()[-1]
        self.assertEqual(line["level"], "error")
        self.assertIn("snapshot: cannot be opened by this user: if ocsp-cgi is set-group-ID", line["message"])
        self.assertIn("NoNewPrivileges", line["message"])
