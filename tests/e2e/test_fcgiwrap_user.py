"""
Where set-group-ID is not to be had: fcgiwrap as a user of its own, behind a web server that is "nobody". What the web server's
other programs can do then, which may speak to fcgiwrap's socket as the server does.
"""

import ctypes
import json
import os
import pwd
import shutil
import socket
import struct
import time
import unittest

import lab_setgid
import lab_web
import lab_web_test
from lab_web import NOBODY

OWN = pwd.getpwnam("daemon")  # stands for a user ocsp-cgi


def as_nobody(function):
    """What it returns in a child that is "nobody", or the error's class and text."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            lab_setgid.become_nobody()
            result = function()
        except Exception as error:  # whatever it is, the test looks at it
            result = f"{type(error).__name__}: {error}"
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        result = json.load(pipe)
    os.wait()
    return result


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def ask_fcgiwrap(path, body, **params):
    """FastCGI as a web server speaks it; what the program wrote to standard output. A body of None is never ended."""
    text = b"".join(struct.pack(">BB", len(name), len(value)) + f"{name}{value}".encode() for name, value in params.items())
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, text) + record(4, b""))
        if body is None:
            client.settimeout(10)
        else:
            client.sendall(record(5, body) + record(5, b""))
        out = b""
        stream = client.makefile("rb")
        while head := stream.read(8):
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
            content = stream.read(length + padding)[:length]
            out += content if kind == 6 else b""
            if kind == 3:
                return out.decode("latin-1")
        return out.decode("latin-1")


class Nginx(lab_web.Nginx):
    """nginx is "nobody"; fcgiwrap its own user, for this one program."""

    def run(self, *arguments, environment=None):
        if "fcgiwrap" not in arguments[0]:
            return super().run(*arguments, environment=environment)
        folder = self.path("run")
        os.mkdir(folder)
        os.chown(folder, OWN.pw_uid, NOBODY.pw_gid)
        os.chmod(folder, 0o2750)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path("fcgiwrap.sock"))
        os.chown(self.path("fcgiwrap.sock"), OWN.pw_uid, NOBODY.pw_gid)
        os.chmod(self.path("fcgiwrap.sock"), 0o660)
        listener.listen(16)
        with open(self.path("stderr.log"), "ab") as log:
            process = lab_web.subprocess.Popen(
                [arguments[0], "-c", "4", "-p", self.site.cgi], stdin=listener, stdout=log, stderr=log, cwd="/",
                env={"PATH": lab_web.SBIN}, user=OWN.pw_uid, group=OWN.pw_gid, extra_groups=[], start_new_session=True,
            )  # fmt: skip
        listener.close()
        self.processes.append(process)
        return process


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be three users")
class OwnUser(lab_web_test.WebTest):
    @classmethod
    def compile_site(cls):
        super().compile_site()
        os.chown(cls.lab.snapshot, 0, OWN.pw_gid)

    @classmethod
    def server(cls, site):
        return Nginx(site)

    def socket_path(self):
        return self.web.path("fcgiwrap.sock")

    def test_answers(self):
        self.assert_answer(self.post(self.request(self.good)), self.good, "good")
        self.assert_answer(self.post(self.request(self.revoked)), self.revoked, "revoked")

    def test_the_snapshot_is_not_read(self):
        self.assertIn("PermissionError", as_nobody(lambda: open(self.lab.snapshot, "rb").read().hex()))

    def test_no_other_program_is_run_as_that_user(self):
        """fcgiwrap -p: its socket would otherwise run whatever it is told"""
        script = self.lab.write("script", "#!/bin/sh\necho Content-Type: text/plain\necho\nid\n")
        os.chmod(script, 0o755)
        answer = as_nobody(lambda: ask_fcgiwrap(self.socket_path(), b"", SCRIPT_FILENAME=script, REQUEST_METHOD="GET"))
        self.assertNotIn("uid=", answer)
        self.assertIn("403", answer)

    def test_a_snapshot_of_their_own_is_refused(self):
        mine = self.lab.path("of-nobody")
        shutil.copy(self.lab.snapshot, mine)
        os.chmod(mine, 0o644)
        request = self.request(self.good)
        params = {"SCRIPT_FILENAME": self.lab.cgi, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(request))}
        for owner, mode in ((NOBODY.pw_uid, 0o644), (NOBODY.pw_uid, 0o640)):
            os.chown(mine, owner, OWN.pw_gid)
            os.chmod(mine, mode)
            answer = as_nobody(lambda: ask_fcgiwrap(self.socket_path(), request, OCSP_CGI_SNAPSHOT=mine, **params))
            self.assertTrue(answer.endswith("\x30\x03\x0a\x01\x02"), answer)  # internalError
            self.assertIn("owned by neither root nor the user", self.web.log_lines()[-1]["message"])

    def test_a_running_one_is_not_traced_or_read(self):
        """held by a body that does not come"""
        params = {"SCRIPT_FILENAME": self.lab.cgi, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100"}
        params["OCSP_CGI_SNAPSHOT"] = self.lab.snapshot
        holder = os.fork()
        if holder == 0:
            as_nobody(lambda: ask_fcgiwrap(self.socket_path(), None, **params))
            os._exit(0)
        pid = None
        for _ in range(100):
            time.sleep(0.01)
            pid = pid or lab_setgid.pid_of(self.lab.cgi)
        self.assertTrue(pid)
        libc = ctypes.CDLL(None, use_errno=True)
        self.assertEqual(as_nobody(lambda: (libc.ptrace(16, pid, None, None), ctypes.get_errno())), [-1, 1])
        for name in ("mem", "maps", "environ"):
            self.assertIn("PermissionError", as_nobody(lambda: open(f"/proc/{pid}/{name}", "rb").read(10).hex()), name)
        self.assertIn("PermissionError", as_nobody(lambda: os.kill(pid, 9)))
        os.waitpid(holder, 0)
