"""
README.md's other fallback where set-group-ID is not to be had: Apache's suexec runs ocsp-cgi as a user of its own. suexec's own
configuration, its log and the users are the whole host's: the server sees others, in a mount namespace.
"""

import json
import os
import shutil
import stat
import subprocess
import time
import unittest

import lab
import lab_setgid
import lab_web
import lab_web_test
from lab_web import NOBODY

SUEXEC = next(filter(os.path.exists, ("/usr/lib/apache2/suexec", "/usr/sbin/suexec")), None)
OWN = 900  # the user and the group ocsp-cgi: suexec takes none below 100
PROGRAM = [SUEXEC, "ocsp-cgi", "ocsp-cgi", "ocsp-cgi"]  # user, group, program in the current folder


def why_not():
    """Why this machine cannot run these tests, or None."""
    if not SUEXEC:
        return "no suexec"
    version = subprocess.run([SUEXEC, "-V"], capture_output=True, text=True).stderr
    if "SUEXEC_CONFIG_DIR" not in version:
        return "this suexec's document root is compiled in"
    return "asan" in lab.BUILD and "the sanitizers trace the process" or lab_setgid.why_not()


class Site(lab_setgid.Site):
    """Installed without a group, the program given to the user ocsp-cgi, the snapshot to the group."""

    group = ""

    def __init__(self):
        super().__init__()
        self.own = os.path.dirname(self.cgi)
        for path in (self.own, self.cgi):
            os.chown(path, OWN, OWN)
        self.host = self.path("host")
        for folder in ("suexec", "log/apache2"):
            os.makedirs(os.path.join(self.host, folder))
        self.write("host/suexec/nobody", f"{self.own}\n# no users' folders\n")
        for name in ("passwd", "group"):
            with open(f"/etc/{name}", encoding="utf-8") as file:
                lines = [line for line in file if not line.startswith("ocsp-cgi:")]
            shell = "::/nonexistent:/usr/sbin/nologin" if name == "passwd" else ""
            self.write(f"host/{name}", "".join(lines) + f"ocsp-cgi:x:{OWN}:{f'{OWN}' if shell else ''}{shell}\n")

    def compile(self, authorities, **settings):
        done = super().compile(authorities, **settings)
        os.chown(self.file, 0, OWN)
        return done


class Apache(lab_setgid.Beside, lab_web.Apache):
    """One virtual host for the responder, and one for the server's other programs."""

    modules = [*lab_web.Apache.modules, "suexec"]
    target, hostile_target = "/", "/hostile"

    def surround(self):
        lab_setgid.show(self.site.state)
        places = {"suexec": "/etc/apache2/suexec", "log": "/var/log", "passwd": "/etc/passwd", "group": "/etc/group"}
        for name, place in places.items():
            lab_setgid.mount(os.path.join(self.site.host, name), place, None, lab_setgid.MS_BIND)
        lab_setgid.become_nobody(os.stat(SUEXEC).st_gid)  # who may run suexec

    def more(self):
        self.hostile_port = self.new_port()
        own = ["SuexecUserGroup ocsp-cgi ocsp-cgi", "</VirtualHost>", f"Listen 127.0.0.1:{self.hostile_port}"]
        own += [f"<VirtualHost 127.0.0.1:{self.hostile_port}>", f'ScriptAlias "/hostile" "{self.hostile}"']
        return own + [f'<Directory "{self.site.folder}">', "Require all granted", "</Directory>"]

    def beside(self, command, **how):
        """What a program of the web server's user gets from this command."""
        done = subprocess.run(command, preexec_fn=self.surround, capture_output=True, timeout=20, **how)
        return done.stdout.decode("latin-1") + done.stderr.decode("latin-1")


WHY_NOT = why_not()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Suexec(lab_web_test.WebTest):
    settings = {**lab_web_test.WebTest.settings, "deadline_ms": 5000}

    @classmethod
    def setUpClass(cls):
        cls.lab = Site()
        cls.addClassCleanup(cls.lab.close)
        cls.prepare()
        cls.web = Apache(cls.lab)
        cls.addClassCleanup(cls.web.close)

    def test_answers(self):
        self.assert_answer(self.post(self.request(self.good)), self.good, "good")
        self.assert_answer(self.get(self.request(self.revoked)), self.revoked, "revoked")
        self.assertEqual(self.client().ask("GET", "/status").body.strip(), b"OK")

    def test_a_hostile_program_gets_nothing(self):
        """as in the recommended set-up, from one that it starts itself by suexec and from one that the server runs"""
        client = self.client()
        client.send("POST", "/", lab_web_test.TYPE, "Content-Length: 100", body=b"0b")
        pid = None
        for _ in range(100):
            pid = pid or lab_setgid.pid_of(self.lab.cgi)
            time.sleep(0.02)
        self.assertTrue(pid, "no ocsp-cgi is running")
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, OWN)
        self.web.arm(
            command=PROGRAM, folder=self.lab.own, snapshot=self.lab.snapshot, own_snapshot=None, pid=pid,
            request=self.request(self.good).hex(),
        )  # fmt: skip
        reply = self.client(self.web.hostile_port).ask("GET", self.web.hostile_target)
        self.assertEqual(reply.status, 200, (reply.body, self.web.log_text()[-2000:]))
        result = json.loads(reply.body)
        self.assertEqual(result.pop("ids"), [NOBODY.pw_uid, NOBODY.pw_gid])
        self.assertEqual(result.pop("honest")["ocsp"], "successful")
        self.assertGreaterEqual(len(result), 21)
        for name, outcome in result.items():
            with self.subTest(name):
                self.assertTrue(outcome.startswith("refused"), f"{name}: {outcome}")

    def test_the_snapshot_is_the_installed_one(self):
        """suexec passes OCSP_CGI_SNAPSHOT on to nobody"""
        request = self.request(self.good)
        said = self.web.beside(PROGRAM, cwd=self.lab.own, input=request, env={"OCSP_CGI_SNAPSHOT": "/nonexistent"})
        self.assertIn('"ocsp":"successful"', said)

    def test_no_other_program_is_run_as_that_user(self):
        """one of the server's user, one of that user elsewhere, one beneath the document root that is another's"""
        there = self.lab.path("elsewhere")
        os.mkdir(there)
        mine = os.path.join(self.lab.own, "ocsp-cgi.of-nobody")
        for path, owner in ((os.path.join(there, "script"), OWN), (mine, NOBODY.pw_uid), (os.path.join(there, "mine"), NOBODY.pw_uid)):
            shutil.copy("/usr/bin/id", path)
            os.chown(path, owner, owner)
            os.chmod(path, 0o755)
            command = [*PROGRAM[:3], os.path.basename(path)]
            said = self.web.beside(command, cwd=os.path.dirname(path), env={})
            self.assertNotIn("uid=", said)
            self.assertIn("suexec policy violation", said)
        os.unlink(mine)

    def test_where_the_folder_is_roots_the_log_of_suexec_says_so(self):
        """README.md: the folder, too, is that user's"""
        os.chown(self.lab.own, 0, 0)
        self.addCleanup(os.chown, self.lab.own, OWN, OWN)
        self.assertEqual(self.post(self.request(self.good)).status, 500)
        with open(os.path.join(self.lab.host, "log/apache2/suexec.log"), encoding="utf-8") as log:
            self.assertIn("target uid/gid (900/900) mismatch", log.read())

    def test_what_is_installed_is_nobody_elses_to_read(self):
        found = os.stat(self.lab.file)
        self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, OWN, 0o640))
