"""`make install`: whose group ocsp-cgi gets, keeps and loses; `make uninstall`: what stays, and that it says so."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import unittest

import lab

PRIMARY = {user.pw_gid for user in pwd.getpwall()}
LONELY = next((group for group in grp.getgrall() if group.gr_gid not in PRIMARY and not group.gr_mem), None)
GETENT = """#!/bin/sh
# `getent group GROUP` and `getent passwd`, of a host that has other users
case $1 in
group) echo "{group}" ;;
passwd) echo "{user}" ;;
esac
"""


@unittest.skipUnless(os.geteuid() == 0 and LONELY, "needs root, to install a set-group-ID program, and a group without members")
class Install(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ocsp-cgi-install-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = os.path.join(self.folder, "root")
        self.cgi = self.root + "/usr/local/lib/cgi-bin/ocsp-cgi"
        self.state = self.root + "/var/lib/ocsp-cgi"
        self.configuration = self.root + "/etc/ocsp-cgi"

    def make(self, *words, path=""):
        return subprocess.run(
            ["make", "-s", "-o", "all", *words, f"DESTDIR={self.root}", f"BUILD={lab.BUILD}"], cwd=lab.ROOT,
            capture_output=True, text=True, env={"PATH": path + "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip

    def must(self, *words, path=""):
        done = self.make(*words, path=path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def look(self, path):
        found = os.stat(path)
        return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid

    def on_a_host(self, group, user):
        """A folder for PATH."""
        folder = os.path.join(self.folder, "host")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "getent"), "w") as file:
            file.write(GETENT.format(group=group, user=user))
        os.chmod(file.name, 0o755)
        return folder + ":"


class Group(Install):
    def test_a_plain_update_keeps_it(self):
        """else the program can no longer read the snapshot, and the site is down"""
        self.must("install", f"OCSP_GROUP={LONELY.gr_name}")
        os.chmod(self.state, 0o2755)
        os.chmod(self.configuration, 0o700)
        done = self.must("install")
        self.assertIn(f"ocsp-cgi stays set-group-ID {LONELY.gr_name}", done.stdout)
        self.assertEqual(self.look(self.cgi), (0o2755, 0, LONELY.gr_gid))
        self.assertEqual(self.look(self.state), (0o2755, 0, LONELY.gr_gid))
        self.assertEqual(self.look(self.configuration)[0], 0o700)

    def test_also_where_the_folder_is_gone(self):
        self.must("install", f"OCSP_GROUP={LONELY.gr_name}")
        os.rmdir(self.state)
        self.must("install")
        self.assertEqual(self.look(self.state), (0o2750, 0, LONELY.gr_gid))

    def test_it_is_given_up_when_that_is_said(self):
        self.must("install", f"OCSP_GROUP={LONELY.gr_name}")
        self.assertNotIn("stays", self.must("install", "OCSP_GROUP=").stdout)
        self.assertEqual(self.look(self.cgi), (0o755, 0, 0))
        self.assertNotIn("stays", self.must("install").stdout)
        self.assertEqual(self.look(self.cgi), (0o755, 0, 0))

    def test_a_plain_installation_has_none(self):
        done = self.must("install")
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        self.assertEqual([self.look(path) for path in (self.cgi, self.state)], [(0o755, 0, 0)] * 2)

    def test_one_that_is_not_there_installs_nothing(self):
        done = self.make("install", "OCSP_GROUP=no-such-group-here")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("groupadd --system no-such-group-here", done.stderr)
        self.assertFalse(os.path.exists(self.root))

    def test_one_by_its_number(self):
        for number in (LONELY.gr_gid, next(n for n in range(70000, 80000) if n not in {group.gr_gid for group in grp.getgrall()})):
            self.assertEqual(self.must("install", f"OCSP_GROUP={number}").stderr, "")
            self.assertEqual(self.look(self.cgi), (0o2755, 0, number))

    def test_one_that_somebody_is_in_is_warned_of(self):
        name, number = LONELY.gr_name, LONELY.gr_gid
        for members, primary, who in (
            ("", number + 1, ""),
            ("alice", number + 1, "alice"),
            ("alice,bob", number + 1, "alice, bob"),
            ("", number, "carol"),
            ("alice", number, "alice, carol"),
            ("carol", number, "carol"),
        ):
            with self.subTest(members=members, primary=primary):
                path = self.on_a_host(f"{name}:x:{number}:{members}", f"carol:x:1000:{primary}::/:/bin/sh")
                done = self.must("install", f"OCSP_GROUP={name}", path=path)
                self.assertEqual(f"warning: in group {name} there is {who}, who can thus read" in done.stderr, bool(who), done.stderr)
                self.assertEqual(bool(done.stderr), bool(who))
                self.assertEqual(self.look(self.cgi), (0o2755, 0, number))

    def test_root_is_somebody(self):
        self.assertIn("in group root there is root", self.must("install", "OCSP_GROUP=root").stderr)


class Uninstall(Install):
    def test_what_stays_is_said(self):
        self.must("install", f"OCSP_GROUP={LONELY.gr_name}")
        for _ in range(2):  # the second time the program is gone
            done = self.must("uninstall")
            self.assertFalse(os.path.exists(self.cgi))
            for folder in (self.state, self.configuration):
                self.assertTrue(os.path.isdir(folder))
                self.assertIn(f"rm -r {folder}\n", done.stdout)
            self.assertIn(f"groupdel {LONELY.gr_name}\n", done.stdout)

    def test_what_does_not_stay_is_not_spoken_of(self):
        self.must("install")
        os.rmdir(self.state)
        os.rmdir(self.configuration)
        self.assertEqual(self.must("uninstall").stdout, "")
