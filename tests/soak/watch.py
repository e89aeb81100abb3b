"""What a web server's processes hold: sampled from /proc while it is under load."""

import collections
import os
import re

Process = collections.namedtuple("Process", "pid parent name state session started")
Sample = collections.namedtuple("Sample", "seconds zombies programs processes descriptors most_descriptors kibibytes")


def processes():
    """Everything in /proc that can be read; what ends meanwhile is left out."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                before, _, after = file.read().rpartition(")")
        except OSError:
            continue
        fields = after.split()
        yield Process(int(name), int(fields[1]), before.partition("(")[2], fields[0], int(fields[3]), int(fields[19]))


def count_descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def kibibytes_of(pid):
    """Memory that is no file's: what can leak. Not PSS, which halves for as long as a fork shares the pages."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(r"^Anonymous: +(\d+) kB", file.read(), re.MULTILINE)[1])
    except (OSError, TypeError):
        return 0


class Watch:
    """`leaders` (pid → name) lead sessions of their own: they and all that came of them. What has another name is a program."""

    def __init__(self, leaders):
        self.leaders = leaders
        self.samples = []
        self.known = set()  # the server's own processes in the last sample
        self.dead_since = {}  # zombie → when it was first seen
        self.longest_zombie = 0.0

    def members(self):
        """By session, and by descent: what made a session of its own is still theirs."""
        everything = list(processes())
        ours = set(self.leaders)
        found = [process for process in everything if process.session in ours or process.pid in ours]
        ours |= {process.pid for process in found}
        while more := [process for process in everything if process.parent in ours and process.pid not in ours]:
            found += more
            ours |= {process.pid for process in more}
        return found

    def note_zombies(self, zombies, seconds):
        now = {(zombie.pid, zombie.started) for zombie in zombies}
        self.dead_since = {zombie: self.dead_since.get(zombie, seconds) for zombie in now}
        oldest = max((seconds - since for since in self.dead_since.values()), default=0.0)
        self.longest_zombie = max(self.longest_zombie, oldest)

    def sample(self, seconds):
        """`seconds`: since the start of the load, by any clock that does not jump."""
        members = self.members()
        zombies = [process for process in members if process.state == "Z"]
        self.note_zombies(zombies, seconds)
        own = [process for process in members if process.name in self.leaders.values()]
        # A fork that is about to become a program has the server's name and memory; it is gone by the next sample.
        lasting = [process for process in own if not self.known or (process.pid, process.started) in self.known]
        self.known = {(process.pid, process.started) for process in own}
        servers = [process.pid for process in lasting if process.state != "Z"]
        descriptors = [count_descriptors(pid) for pid in servers]
        kibibytes = sum(map(kibibytes_of, servers))
        programs = len(members) - len(own)  # zombies, too
        taken = Sample(seconds, len(zombies), programs, len(servers), sum(descriptors), max(descriptors, default=0), kibibytes)
        self.samples.append(taken)
        return taken

    def fifth(self, number, field):
        """The values of a field in that fifth of the samples, from 1 on."""
        size = len(self.samples) / 5
        part = self.samples[int((number - 1) * size) : int(number * size)] or self.samples
        return [getattr(sample, field) for sample in part]
