"""A site, and a web server of it under load."""

import json
import os
import subprocess
import tempfile
import time

import lab
import lab_redis
import lab_web
import questions
import watch

CLIENTS = 64
WARM_UP = 3  # seconds of load that are judged, but not measured
SETTLED = 6  # seconds until which everything of the load has ended
PROGRESS = 10  # seconds between lines on the way


class Site(lab_web.Site):
    """Two CAs: `tabled` has a table, `live` has Redis."""

    settings = {"nonce": "copy", "cache_headers": True, "max_cache_age": 60}
    # The clients, the server and 64 programs share the processors: the default of 250 ms is for a machine that keeps up.
    timeout_ms = 3000

    def __init__(self):
        super().__init__()
        self.redis = lab_redis.Server(tempfile.mkdtemp(prefix="ocsp-cgi-soak-redis-"))
        os.chmod(self.redis.folder, 0o755)
        self.authorities = [self.authority("tabled"), self.authority("live")]
        delegates = [self.delegate(f"{ca.name}-ocsp", ca) for ca in self.authorities]
        configured = {"tabled": lab.table_ca("tabled", delegates[0]), "live": lab_redis.redis_ca("live", delegates[1])}
        self.compile(configured, redis={"address": f"unix:{self.redis.path}", "timeout_ms": self.timeout_ms}, **self.settings)
        self.index("index.txt", questions.index_entries())
        self.table("tabled", "--index", "index.txt")
        for serial, fields in questions.redis_entries():
            self.redis.put(serial, *fields, subject="/CN=live")
        self.script = questions.write_script(self, self.authorities)

    def redis_clients(self):
        """How many there are beside the one that asks."""
        text = self.redis.do("INFO", "clients").decode()
        return int(text.partition("connected_clients:")[2].split()[0]) - 1

    def files(self):
        return {os.path.join(path, name) for path, _, names in os.walk(self.folder) for name in names}

    def close(self):
        self.redis.close()
        super().close()


class Load:
    """One web server under load: run(), then what was seen is in its attributes."""

    def __init__(self, name, web, program):
        self.name, self.web, self.site, self.program = name, web, web.site, program
        self.watch = self.new_watch()
        self.said = self.warm = {}  # what the clients said last: of the load, of the warm-up
        self.before = self.after = None  # the server at rest
        self.most_redis = self.most_hostile = self.redis_left = 0
        self.files_left = set()

    def new_watch(self):
        return watch.Watch({process.pid: os.path.basename(process.args[0]) for process in self.web.processes})

    def lines_of_clients(self, seconds):
        words = [self.program, str(self.web.port), str(seconds), str(CLIENTS), self.site.script]
        words += [ca.path for ca in self.site.authorities]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, preexec_fn=lab_web.end_with_parent) as clients:
            try:
                for line in clients.stdout:
                    said = json.loads(line)
                    if "complaint" in said:
                        print(f"  {said['complaint']}", flush=True)
                    else:
                        yield said
            except BaseException:
                clients.kill()  # or it would be waited for
                raise
        assert clients.returncode == 0, f"{self.program}: exit status {clients.returncode}"

    def progress(self, sample):
        said = self.said
        line = f"  {said['seconds']:4.0f} s: {said['right']} right, {said['wrong']} wrong, {said['refused']} refused, {said['annoyed']} hostile"
        line += f"; {sample.processes} processes, {sample.descriptors} descriptors, {sample.kibibytes / 1024:.1f} MiB"
        print(f"{line}, {sample.zombies} zombies", flush=True)

    def settle(self):
        """The server at rest: as soon as nothing of the load is left, or when that has taken too long."""
        until = time.monotonic() + SETTLED
        rest = self.new_watch()
        while True:
            sample = rest.sample(time.monotonic())
            self.redis_left = self.site.redis_clients()
            if time.monotonic() >= until or not (sample.programs or self.redis_left):
                return sample
            time.sleep(0.2)

    def run(self, seconds):
        *_, self.warm = self.lines_of_clients(WARM_UP)
        self.before = self.settle()
        files = self.site.files()
        for number, self.said in enumerate(self.lines_of_clients(seconds), 1):
            if self.said["seconds"] > seconds:
                continue  # the load is over
            sample = self.watch.sample(time.monotonic())
            self.most_redis = max(self.most_redis, self.site.redis_clients())
            self.most_hostile = max(self.most_hostile, self.said["annoying"])
            if number % PROGRESS == 0:
                self.progress(sample)
        self.after = self.settle()
        self.files_left = self.site.files() - files
