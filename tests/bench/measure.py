"""What one run of a command costs: timed (spawn.c) and counted (instructions, page faults, system calls)."""

import os
import re
import subprocess

import sites

SPAWN = os.path.join(sites.BUILD, "bench", "spawn")

# libcrypto chooses its code by what the processor has. Counted is what any x86-64 runs (SSE2 and no more), so that a count
# does not depend on the machine. Times are of the code that this machine has.
SAME_EVERYWHERE = "OPENSSL_ia32cap=0x7000000:0x0"


class Cost:
    def __init__(self, line):
        name, microseconds, ratio, faults, kibibytes = line.split("\t")
        self.name, self.microseconds, self.ratio = name, float(microseconds), float(ratio)
        self.faults, self.kibibytes = int(faults), int(kibibytes)


def timed(commands, rounds=25):
    """Of each command, as Site.run() has them; the first is the unit of the ratios."""
    words = []
    for command in commands:
        words += [*command, "--"]
    done = subprocess.run([SPAWN, str(rounds), *words], stdout=subprocess.PIPE, text=True, check=True)
    return [Cost(line) for line in done.stdout.splitlines()]


def split(command):
    """(input file, environment, arguments) of a command."""
    count = next(i for i, word in enumerate(command[2:]) if "=" not in word)
    environment = dict(word.split("=", 1) for word in command[2 : 2 + count])
    return command[1], environment, command[2 + count :]


def run(command, tool, variable=()):
    file, environment, arguments = split(command)
    with open(file, "rb") as stdin:
        tools = {"PATH": "/usr/bin:/bin"}
        done = subprocess.run([*tool, *arguments], stdin=stdin, capture_output=True, env={**tools, **environment, **dict(variable)})
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stderr.decode()


FIXED = [tuple(SAME_EVERYWHERE.split("=", 1))]


def for_valgrind(command):
    """The same with the ocsp-cgi that was built without the sandbox, which ends a program under valgrind."""
    return [os.path.join(os.path.dirname(word), "valgrind", "ocsp-cgi") if word.endswith("/ocsp-cgi") else word for word in command]


def instructions(command, folder, variable=FIXED):
    command = for_valgrind(command)
    said = run(command, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out"], variable)
    return int(re.search(r"Collected : (\d+)", said)[1])


def system_calls(command, folder):
    run(command, ["strace", "-f", "-qq", "-o", f"{folder}/strace.out"], FIXED)
    with open(f"{folder}/strace.out", encoding="utf-8", errors="replace") as file:
        return sum(not re.match(r"\d+ +(\+\+\+|---)", line) for line in file)


def faults(command):
    """The least of some runs: whoever else uses the machine can only add to them (a page that was evicted)."""
    name, file, *rest = command
    return min(timed([[name, file, SAME_EVERYWHERE, *rest]], 3)[0].faults for _ in range(3))


def stages(folder, names):
    """Instructions within each function, those that it calls included, of the last run under callgrind."""
    done = subprocess.run(
        ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show-percs=no", f"{folder}/callgrind.out"],
        capture_output=True, text=True, check=True,
    )
    found = {}
    for count, name in re.findall(r"^\s*([\d,]+)(?: \([^)]*\))?\s+\S*?:([A-Za-z_0-9]+)(?:'\d+)?(?: \[.*)?$", done.stdout, re.M):
        found.setdefault(name, int(count.replace(",", "")))
    return {name: found.get(name, 0) for name in names}


def processors():
    return f"{len(os.sched_getaffinity(0))} processors"
