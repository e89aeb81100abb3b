"""The recommended installation under real web servers: the responder set-group-ID, the snapshot beneath /var/lib/ocsp-cgi."""

import ctypes
import grp
import json
import os
import shutil
import subprocess
import time

import lab
import lab_web
from lab_web import NOBODY

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_NOSUID, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 2, 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS = 38
GROUP = "daemon"  # stands for ocsp-cgi: a group that is there, and that nothing in these tests is in
STATE = "/var/lib/ocsp-cgi"


def call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, kind, flags):
    text = lambda value: value.encode() if value else None
    call(LIBC.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), None))


def show(folder):
    """In this process and its children alone, /var/lib/ocsp-cgi is `folder`; the rest of /var/lib is hidden."""
    call(LIBC.unshare(CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("none", "/var/lib", "tmpfs", 0)
    os.mkdir(STATE)
    mount(folder, STATE, None, MS_BIND)


def become_nobody(*groups):
    os.setgroups(groups)
    os.setgid(NOBODY.pw_gid)
    os.setuid(NOBODY.pw_uid)


def why_not():
    """Why this machine cannot run these tests, or None."""
    if os.geteuid() != 0:
        return "needs root, to install a set-group-ID program"
    folder = os.path.realpath(os.environ.get("TMPDIR", "/tmp"))
    if os.statvfs(folder).f_flag & os.ST_NOSUID:
        return f"{folder} is mounted nosuid"
    pid = os.fork()
    if pid == 0:
        try:
            show("/tmp")
            os._exit(0)
        except OSError:
            os._exit(1)
    return "cannot mount in a namespace of its own" if os.waitpid(pid, 0)[1] != 0 else None


class Site(lab_web.Site):
    """`make install OCSP_GROUP=…` beneath a folder, and the snapshot that ocspctl compiles into what it made."""

    group = GROUP

    def __init__(self):
        lab.Lab.__init__(self)
        self.root = self.path("installed")
        done = subprocess.run(
            ["make", "-s", "-o", "all", "install", f"DESTDIR={self.root}", f"OCSP_GROUP={self.group}", f"BUILD={lab.BUILD}"],
            cwd=lab.ROOT, capture_output=True, text=True, env={"PATH": lab_web.SBIN},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.cgi = self.root + "/usr/local/lib/cgi-bin/ocsp-cgi"
        self.state = self.root + STATE
        self.file = self.state + "/snapshot"
        self.snapshot = STATE + "/snapshot"  # as the web server's programs see it

    def compile(self, authorities, **settings):
        self.configure(authorities, **settings)
        return self.must("compile", "-c", "config.yaml", "-o", self.file)


class PlainSite(Site):
    """What the recommendation is for: the same without it, the snapshot readable by the web server's group."""

    def compile(self, authorities, **settings):
        os.chmod(self.cgi, 0o755)
        done = super().compile(authorities, **settings)
        os.chmod(self.state, 0o755)
        os.chown(self.file, 0, NOBODY.pw_gid)
        return done


class Beside:
    """A server that runs a hostile program, too: its `hostile` is the program's path, `hostile_url` port and target."""

    no_new_privileges = False

    def __init__(self, site):
        self.hostile = site.path(f"hostile-{id(self)}")
        super().__init__(site)

    def surround(self):
        """What the server, and what it runs, sees; done as root in the new process."""
        show(self.site.state)
        become_nobody()

    def run(self, *arguments, environment=None):
        def prepare():
            self.surround()
            if self.no_new_privileges:
                call(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))

        with open(self.path("stderr.log"), "ab") as log:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={"PATH": lab_web.SBIN, **(environment or {})}, preexec_fn=prepare,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def arm(self, **config):
        """Writes the hostile program."""
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "hostile_cgi.py"), encoding="utf-8") as file:
            text = file.read()
        head, _, tail = text.partition("CONFIG = {}")
        with open(self.hostile, "w", encoding="utf-8") as file:
            file.write(f"{head}CONFIG = {json.loads(json.dumps(config))!r}{tail}")
        os.chmod(self.hostile, 0o755)


class Apache(Beside, lab_web.ApacheBeside):
    target, hostile_target = "/ocsp", "/hostile"

    def more(self):
        own = [f'ScriptAlias "/hostile" "{self.hostile}"', f'<Directory "{self.site.folder}">', "Require all granted", "</Directory>"]
        return super().more() + own


class ApacheCgi(Apache):
    modules = lab_web.ApacheCgi.modules


class Lighttpd(Beside, lab_web.Lighttpd):
    target, hostile_target = "/ocsp", "/hostile"

    def write(self, name, text):
        if name == "main.conf":
            end = os.path.basename(self.hostile)
            text = f'alias.url = ( "/hostile" => "{self.hostile}" )\ncgi.assign = ( "/{end}" => "" )\n' + text
        return super().write(name, text)


class StreamingLighttpd(Lighttpd):
    before = "server.stream-request-body = 1\n"


class Nginx(Beside, lab_web.Nginx):
    target, hostile_target = "/", "/hostile"

    def more(self):
        self.hostile_port = self.new_port()
        own = f"server {{\nlisten 127.0.0.1:{self.hostile_port};\nlocation / {{\n"
        own += f"fastcgi_pass unix:{self.path('fcgiwrap.sock')};\nfastcgi_param SCRIPT_FILENAME {self.hostile};\n"
        return own + "fastcgi_param REQUEST_METHOD $request_method;\n}\n}\n"


class StreamingNginx(Nginx):
    def more(self):
        return super().more() + "fastcgi_request_buffering off;\n"


def pids_of(program):
    """The processes that run this program; root sees which do."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/exe") == program:
                found.append(int(entry))
        except OSError:
            pass
    return found


def pid_of(program):
    return next(iter(pids_of(program)), None)


def own_snapshot(site):
    """What the hostile user compiles for the CA: as good as ours in form, its own in every file."""
    folder = site.path("of-nobody")
    os.mkdir(folder)
    shutil.copy(site.path("ca.pem"), folder)
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    mine = site.path("of-nobody/snapshot")
    shutil.copy(site.file, mine)
    os.chmod(mine, 0o600)
    os.chown(mine, NOBODY.pw_uid, NOBODY.pw_gid)
    return mine
