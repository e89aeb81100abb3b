"""What is counted of the requests that bench-gate watches, and the file that it is compared with."""

import os
import platform

import measure
import sites

COLUMNS = ("instructions", "page faults", "system calls")
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline.txt")


def this_system():
    release = platform.freedesktop_os_release()
    return f"{release['ID']} {release.get('VERSION_ID', '')} {platform.machine()}"


def fewest(command, folder):
    """RSA's blinding draws numbers whose inverse takes more or less: one run in a few is 2 % above the others."""
    return min(measure.instructions(command, folder) for _ in range(4))


def count():
    """Kind of request → (instructions, page faults, system calls)."""
    redis = sites.start_redis()
    made = [sites.Site(), sites.Site(redis=redis), sites.Site(key="rsa2048")]
    commands = [made[0].run("table"), made[1].run("redis"), made[2].run("rsa2048"), made[0].run("evp", sites.EVP_CGI)]
    folder = made[0].folder
    try:
        return {c[0]: (fewest(c, folder), measure.faults(c), measure.system_calls(c, folder)) for c in commands}
    finally:
        for site in made:
            site.close()
        redis.close()


def read_baseline():
    with open(FILE, encoding="ascii") as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    return " ".join(lines[0]), {name: tuple(map(int, counts)) for name, *counts in lines[1:]}


def write_baseline(found):
    with open(FILE, "w", encoding="ascii") as file:
        file.write(f"# make bench-baseline wrote this: the system; request, {', '.join(COLUMNS)}\n{this_system()}\n")
        file.writelines(f"{name} {' '.join(map(str, counts))}\n" for name, counts in found.items())
