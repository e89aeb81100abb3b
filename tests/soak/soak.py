#!/usr/bin/python3
"""
soak.py BUILD SECONDS [SERVER…]: each web server (apache-cgid, apache-cgi, lighttpd, nginx) in turn under 64 clients at once for so
many seconds, a hundredth of their connections hostile. Every honest client must get the right verdict, and the server must hold no
more at the end than at the beginning. The last line is 'N passed, N failed'; exit status 1 if anything failed.
"""

import os
import shutil
import signal
import statistics
import sys

if len(sys.argv) < 3:
    sys.exit(__doc__.strip())
BUILD = os.path.abspath(sys.argv[1])
os.environ["OCSP_CGI_BUILD"] = BUILD
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

# pylint: disable=wrong-import-position
import lab_web
import load
import checks

SERVERS = {"apache-cgid": lab_web.Apache, "apache-cgi": lab_web.ApacheCgi, "lighttpd": lab_web.Lighttpd, "nginx": lab_web.Nginx}


def span(run, field):
    """In the first and in the last fifth of the time: the median, which says more of a load than the least does."""
    return " -> ".join(f"{statistics.median(run.watch.fifth(number, field)):.0f}" for number in (1, 5))


# What stands in the table: a run's value for each row.
ROWS = {
    "right answers": lambda run: run.said["right"],
    "a second": lambda run: f"{run.said['right'] / run.said['seconds']:.0f}",
    "CertIDs good": lambda run: run.said["good"],
    "CertIDs revoked": lambda run: run.said["revoked"],
    "CertIDs unknown": lambda run: run.said["unknown"],
    "WRONG": lambda run: run.said["wrong"],
    "refused": lambda run: run.said["refused"],
    "asked once more": lambda run: run.said["again"],
    "honest connections": lambda run: run.said["connections"],
    "hostile connections": lambda run: run.said["annoyed"],
    "of them at a time": lambda run: run.most_hostile,
    "median, ms": lambda run: f"{1000 * run.said['median']:.0f}",
    "99 %, ms": lambda run: f"{1000 * run.said['p99']:.0f}",
    "longest, ms": lambda run: f"{1000 * run.said['longest']:.0f}",
    "zombies at a time": lambda run: max(sample.zombies for sample in run.watch.samples),
    "longest zombie, s": lambda run: f"{run.watch.longest_zombie:.0f}",
    "processes": lambda run: span(run, "processes"),
    "descriptors": lambda run: span(run, "descriptors"),
    "memory, KiB": lambda run: span(run, "kibibytes"),
    "memory at rest, KiB": lambda run: f"{run.before.kibibytes} -> {run.after.kibibytes}",
    "Redis clients": lambda run: f"{run.most_redis} -> {run.redis_left}",
}


def print_table(runs):
    print(f"\n{'':<22}" + "".join(f"{run.name:>20}" for run in runs))
    for name, value in ROWS.items():
        print(f"{name:<22}" + "".join(f"{value(run):>20}" for run in runs))
    print("Processes, descriptors and memory are the web server's own, medians of the first and the last fifth of the time.\n")


def soak(name, site, seconds):
    """The finished run and its results; each is printed."""
    print(f"{name}: {load.CLIENTS} clients, {seconds} s", flush=True)
    run = load.Load(name, SERVERS[name](site), os.path.join(BUILD, "soak", "client"))
    try:
        run.run(seconds)
    finally:
        run.web.close()
        shutil.rmtree(run.web.folder)  # a log line for each request
    results = checks.of(run)
    for result in results:
        print(f"  {'ok  ' if result.ok else 'FAIL'} {result.what}: {result.seen}", flush=True)
    return run, results


def main():
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit("ended"))  # with everything that was started
    seconds, names = int(sys.argv[2]), sys.argv[3:] or list(SERVERS)
    site = load.Site()
    try:
        done = [soak(name, site, seconds) for name in names]
    finally:
        site.close()
    print_table([run for run, _ in done])
    outcomes = [result.ok for _, results in done for result in results]
    print(f"{outcomes.count(True)} passed, {outcomes.count(False)} failed")
    return 0 if all(outcomes) else 1


sys.exit(main())
