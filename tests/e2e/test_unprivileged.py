"""The sandbox is on wherever the program may run: as an ordinary user without any right, in namespaces of its own, in a
container; and where a container's own filter refuses it, each log line says so and the answers are right all the same."""

import os
import shutil
import struct
import subprocess
import time
import unittest

import lab
import lab_redis
import lab_setgid
import lab_web
import ocsp
from lab import GOOD, REVOKED
from lab_web import NOBODY

NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--net", "--ipc", "--uts"]
CONTAINER = ["bwrap", "--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL"]
FILESYSTEM = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001
PR_SET_SECCOMP = 22
PRCTL, SECCOMP = {"x86_64": (157, 317), "aarch64": (167, 277)}.get(os.uname().machine, (0, 0))
LANDLOCK = range(444, 447)


def works(command, **how):
    return shutil.which(command[0]) and subprocess.run([*command, "true"], capture_output=True, **how).returncode == 0


def refusing_filter():
    """What a container's runtime may have: seccomp(), prctl(PR_SET_SECCOMP) and Landlock's calls are EPERM."""
    code = [(LOAD, 0, 0, 0)]  # the call's number
    for call in (SECCOMP, *LANDLOCK):
        code += [(EQUAL, 0, 1, call), (RETURN, 0, 0, EPERM)]
    code += [(EQUAL, 0, 3, PRCTL), (LOAD, 0, 0, 16), (EQUAL, 0, 1, PR_SET_SECCOMP), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in code)


@unittest.skipIf("asan" in lab.BUILD, "the sanitizers' build has no sandbox")
class Unprivileged(lab.LabTest):
    """As uid 65534, with no rights and no supplementary groups; each class within something else."""

    within = []
    rights = 0  # its effective capabilities

    @classmethod
    def setUpClass(cls):
        if cls.within and not works(cls.within, **lab_web.unprivileged()):
            raise unittest.SkipTest(f"{cls.within[0]} does not work here")
        cls.lab = lab_web.Site()
        cls.addClassCleanup(cls.lab.close)
        cls.server = lab_redis.Server(cls.lab.path("redis"))
        cls.addClassCleanup(cls.server.close)
        cls.prepare()

    @classmethod
    def compile_site(cls):
        cls.other = cls.lab.authority("other")
        live = cls.lab.delegate("live", cls.other)
        cls.server.put(REVOKED, 1, lab.REVOKED_AT, 1, subject="/CN=other")
        authorities = {"ca": lab.table_ca("ca", cls.delegate), "other": lab_redis.redis_ca("other", live)}
        cls.lab.compile(authorities, redis={"address": f"unix:{cls.server.path}", "timeout_ms": 5000}, deadline_ms=10000)
        cls.index_table("ca")
        if os.geteuid() == 0:  # who is nobody's root in a namespace that nobody has made
            for path in (cls.lab.snapshot, cls.lab.path("ca.table")):
                os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)

    def command(self):
        return [*self.within, self.lab.cgi]

    def start(self, **how):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = {"PATH": os.environ["PATH"], "OCSP_CGI_SNAPSHOT": self.lab.snapshot}
        return subprocess.Popen(self.command(), env=environment, **pipes, **lab_web.unprivileged(), **how)

    def end(self, process, der):
        out, log = process.communicate(der, timeout=20)
        return lab.Reply(subprocess.CompletedProcess(process.args, process.returncode, out, log))

    def asked(self, der):
        return self.end(self.start(), der)

    def live_request(self):
        return ocsp.request(ocsp.certid(self.other, REVOKED))

    def assert_answered(self, reply, *statuses):
        self.assertEqual((reply.exit_status, reply.http, reply.ocsp.statuses), (0, 200, list(statuses)), reply.log_text)
        self.assert_noted(reply.log)

    def assert_noted(self, line):
        self.assertEqual((line["level"], line.get("message")), ("info", None))

    def test_answers(self):
        self.assert_answered(self.asked(self.request(GOOD, REVOKED)), "good", "revoked")
        self.assert_answered(self.asked(self.live_request()), "revoked")
        self.assertEqual(self.asked(b"0").ocsp.status, "malformedRequest")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to see which process runs the program: it is not dumpable")
    def test_the_sandbox_as_seen_from_outside(self):
        """while Redis is asked: what /proc says of the process then"""
        self.server.pause()
        process = self.start()
        try:
            process.stdin.write(self.live_request())
            process.stdin.close()
            process.stdin = None
            status = self.status_while_waiting()
        finally:
            self.server.resume()
        self.assert_answered(self.end(process, None), "revoked")
        self.assertEqual((status["Uid"], status["NoNewPrivs"]), (self.uid(), "1"), status)
        self.assertEqual((status["Seccomp"], status.get("Seccomp_filters", "1")), ("2", "1"), status)
        if self.rights is not None:
            self.assertEqual(int(status["CapEff"], 16), self.rights, status)

    def status_while_waiting(self):
        """Of the one process that runs the program, once it waits for Redis behind the sandbox's door."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            pid = lab_setgid.pid_of(self.lab.cgi)
            if pid:
                with open(f"/proc/{pid}/status", encoding="ascii") as file:
                    lines = (line.split(":", 1) for line in file)
                    found = {name: value.split()[0] for name, value in lines if value.split()}
                if found["State"] == "S" and found["Seccomp"] == "2":
                    return found
            time.sleep(0.01)
        self.fail("no process with a filter is waiting")

    def uid(self):
        return str(NOBODY.pw_uid if os.geteuid() == 0 else os.geteuid())


class Setpriv(Unprivileged):
    """and with every right given up for good"""

    within = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else ["setpriv", "--no-new-privs"]


class Namespaces(Unprivileged):
    """root in a user namespace: all rights there, none outside"""

    within = NAMESPACES
    rights = None


class Container(Unprivileged):
    within = [*CONTAINER, *FILESYSTEM]


class ContainerThatRefuses(Container):
    """A filter of its own comes first, and has ours and Landlock refused."""

    def start(self, **how):
        reader, writer = os.pipe()
        os.write(writer, refusing_filter())
        os.close(writer)
        self.within = [*Container.within, "--seccomp", str(reader)]
        try:
            return super().start(pass_fds=[reader], **how)
        finally:
            os.close(reader)

    def assert_noted(self, line):
        self.assertEqual(line["level"], "warning")
        self.assertIn("answering without a filter of system calls, the kernel refuses it: Operation not permitted", line["message"])
