"""Real web servers on free loopback ports, each configured by its file of www/, octet for octet."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time

import lab
from lab_redis import LIBC, PR_SET_PDEATHSIG

SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")
NOBODY = pwd.getpwnam("nobody")


def command(*names):
    found = next(filter(None, (shutil.which(name, path=SBIN) for name in names)), None)
    assert found, f"{' or '.join(names)} is not installed: make deps"
    return found


def unprivileged():
    """No server of these tests runs as root: Popen's arguments for "nobody", where we are root."""
    return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def end_with_parent():
    """A test run that is killed leaves no server behind. Not SIGKILL: each has children of its own to end."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Site(lab.Lab):
    """A lab whose program and snapshot "nobody" can use, wherever the repository lies."""

    def __init__(self):
        super().__init__()
        self.cgi = self.path("ocsp-cgi")
        shutil.copy(lab.program("ocsp-cgi"), self.cgi)

    def compile(self, authorities, **settings):
        done = super().compile(authorities, **settings)
        if os.geteuid() == 0:
            os.chown(self.snapshot, -1, NOBODY.pw_gid)
        return done


class Server:
    """A running server and its folder; `port` answers. What it wrote is in the folder's *.log, ocsp-cgi's lines in `log`."""

    log = "stderr.log"

    def __init__(self, site):
        self.site = site
        self.folder = site.path(f"{type(self).__name__.lower()}-{id(self)}")
        os.mkdir(self.folder)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY.pw_uid, NOBODY.pw_gid)
        self.ports, self.processes = [], []
        self.port = self.new_port()
        self.start()

    def new_port(self):
        """One more on which it will listen."""
        self.ports.append(lab.free_port())
        return self.ports[-1]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def www(self, name, folder="."):
        """The file as it is in www/, where "nobody" can read it."""
        copy = self.path(os.path.join(folder, name))
        shutil.copyfile(os.path.join(lab.ROOT, "www", name), copy)
        return copy

    def pages(self):
        """The folder of index.html."""
        os.makedirs(self.path("pages"), exist_ok=True)
        self.www("index.html", "pages")
        return self.path("pages")

    def run(self, *arguments, environment=None):
        with open(self.path("stderr.log"), "ab") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": SBIN, **(environment or {})},
                start_new_session=True,
                preexec_fn=end_with_parent,
                **unprivileged(),
            )
        self.processes.append(process)
        return process

    def wait_until(self, ready):
        deadline = time.monotonic() + 10
        while not ready():
            ended = [process.args[0] for process in self.processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                self.close()
                raise AssertionError(f"{ended or type(self).__name__}:\n{self.log_text()[-2000:]}")
            time.sleep(0.01)

    def is_listening(self):
        return all(lab.is_open(port) for port in self.ports)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_text(self):
        return "".join(self.read(name) for name in sorted(os.listdir(self.folder)) if name.endswith(".log"))

    def log_lines(self):
        """What ocsp-cgi has logged: one line for each request, a moment after its reply."""
        text = None
        while text != (text := self.read(self.log)):
            time.sleep(0.05)
        return [json.loads(line) for line in re.findall(r'\{"time":.*\}', text)]

    def runs(self):
        return len(self.log_lines())

    def close(self):
        """Each process leads a session of its own, so its group is nobody else's: fcgiwrap's children outlive it otherwise."""
        for process in self.processes:
            self.signal_group(process, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass
            self.signal_group(process, signal.SIGKILL)
            process.wait()
        self.processes = []

    def signal_group(self, process, number):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass


def load_modules(names):
    """Apache's; those that have no file are built in."""
    folder = next(folder for folder in MODULES if os.path.isdir(folder))
    files = {name: f"{folder}/mod_{name}.so" for name in names}
    return [f"LoadModule {name}_module {file}" for name, file in files.items() if os.path.exists(file)]


class Apache(Server):
    log = "error.log"
    modules = ["mpm_event", "cgid", "authz_core", "alias", "env", "reqtimeout", "rewrite", "unixd"]
    files = ["apache.conf"]
    defines = {}

    def start(self):
        lines = load_modules(self.modules) + [f'ServerRoot "{self.folder}"', "ServerName localhost", f"Listen 127.0.0.1:{self.port}", "PidFile pid"]
        lines += ["DefaultRuntimeDir .", "Mutex file:.", "ErrorLog error.log", "LogLevel warn", "StartServers 4"]
        lines += ["ScriptSock cgid.sock"] if "cgid" in self.modules else []
        defines = {"OCSP_CGI_PROGRAM": self.site.cgi, "OCSP_CGI_SNAPSHOT": self.site.snapshot, "OCSP_CGI_PAGES": self.pages(), **self.defines}
        lines += [f'Define {name} "{value}"' for name, value in defines.items()]
        # As Debian's apache2.conf has it: what is not granted is denied.
        lines += ["<Directory />", "Require all denied", "</Directory>", f"<VirtualHost 127.0.0.1:{self.port}>"]
        lines += [f'Include "{self.www(name)}"' for name in self.files] + self.more() + ["</VirtualHost>", ""]
        self.run(command("apache2", "httpd"), "-f", self.write("main.conf", "\n".join(lines)), "-DFOREGROUND")
        self.wait_until(self.is_listening)

    def more(self):
        return []


class ApacheCgi(Apache):
    """The prefork MPM and mod_cgi."""

    modules = ["mpm_prefork", "cgi", "authz_core", "alias", "env", "reqtimeout", "rewrite", "unixd"]


class ApacheBeside(Apache):
    """On a host that has other pages."""

    defines = {"OCSP_CGI_NOT_AT_ROOT": "yes"}

    def more(self):
        return [f'DocumentRoot "{self.folder}"']


class ApacheCache(Apache):
    modules = [*Apache.modules, "cache", "cache_disk", "headers", "log_config"]
    files = ["apache.conf", "apache-cache.conf"]

    def more(self):
        return ["CustomLog cache.log ocsp"]

    def start(self):
        self.defines = {"OCSP_CGI_CACHE": self.path("cache")}
        os.mkdir(self.path("cache"))
        if os.geteuid() == 0:
            os.chown(self.path("cache"), NOBODY.pw_uid, NOBODY.pw_gid)
        super().start()


class Lighttpd(Server):
    log = "ocsp-cgi.log"
    before = ""  # what stands in lighttpd.conf in front of everything else

    def start(self):
        own = self.before + f'server.port = {self.port}\nserver.bind = "127.0.0.1"\nserver.document-root = "{self.folder}"\n'
        own += f'server.upload-dirs = ( "{self.folder}" )\n'
        own += f'server.errorlog = "{self.path("error.log")}"\ninclude "{self.www("lighttpd.conf")}"\n'
        paths = {"OCSP_CGI_PROGRAM": self.site.cgi, "OCSP_CGI_SNAPSHOT": self.site.snapshot, "OCSP_CGI_LOG": self.path(self.log)}
        paths["OCSP_CGI_PAGES"] = self.pages()
        self.run(command("lighttpd"), "-D", "-f", self.write("main.conf", own), environment=paths)
        self.wait_until(self.is_listening)


class Nginx(Server):
    """nginx and fcgiwrap, whose standard error has ocsp-cgi's lines."""

    def start(self):
        socket_path = self.path("fcgiwrap.sock")
        self.run(command("fcgiwrap"), "-c", "4", "-s", f"unix:{socket_path}")
        self.wait_until(lambda: os.path.exists(socket_path))
        own = f"pid {self.path('pid')};\nerror_log {self.path('error.log')} warn;\ndaemon off;\nworker_processes 1;\n"
        own += "events { worker_connections 768; }\nhttp {\naccess_log off;\n"
        own += "".join(f"{kind}_temp_path {self.path(kind)};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        paths = {"program": self.site.cgi, "snapshot": self.site.snapshot, "socket": f"unix:{socket_path}", "pages": self.pages()}
        own += f"server {{\nlisten 127.0.0.1:{self.port};\ninclude {self.www('nginx.conf')};\n"
        own += "".join(f"set $ocsp_cgi_{name} {value};\n" for name, value in paths.items()) + "}\n"
        own += self.more() + "}\n"
        self.run(command("nginx"), "-c", self.write("main.conf", own), "-p", self.folder, "-e", self.path("error.log"))
        self.wait_until(self.is_listening)

    def more(self):
        return ""


class NginxCache(Nginx):
    """The same behind nginx's cache; `port` is the cache's, `post_port` that of the variant that keeps POST."""

    def start(self):
        self.origin, self.post_port, self.cache = self.port, self.new_port(), self.new_port()
        super().start()
        self.port = self.cache

    def more(self):
        own = f"proxy_cache_path {self.path('cache')} keys_zone=ocsp:1m use_temp_path=off;\n"
        own += f"include {self.www('nginx-cache-http.conf')};\n"
        for port, name in ((self.cache, "nginx-cache.conf"), (self.post_port, "nginx-cache-post.conf")):
            own += f"server {{\nlisten 127.0.0.1:{port};\ninclude {self.www(name)};\n"
            own += f"set $ocsp_responder 127.0.0.1:{self.origin};\naccess_log {self.path('cache.log')} ocsp;\n}}\n"
        return own
