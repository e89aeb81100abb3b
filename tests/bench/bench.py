#!/usr/bin/python3
"""bench.py BUILD: the table of targets, the cost by stage, the sweeps, the web servers. Times are ratios within this run."""

import platform

import sites
import chart
import measure
import sweep
import throughput

STAGES = {
    "entry, libc's set-up": ["start_process", "-main"],
    "signals, deadline": ["process_start"],
    "environment": ["cgi_environment"],
    "snapshot": ["snapshot_open"],
    "body": ["cgi_read"],
    "status source": ["status_open"],
    "randomness, libcrypto": ["sign_start"],
    "decode, look up, encode": ["answer_decide"],
    "sign": ["answer_sign"],
    "reply, log line": ["cgi_format", "cgi_write", "process_log"],
}


class Table:
    def __init__(self):
        self.missed = 0

    def row(self, what, value, target, met):
        self.missed += not met
        print(f"  {what:<52} {value:>16}   {target:<16} {'met' if met else 'NOT MET'}", flush=True)

    def at_most(self, what, cost, limit):
        self.row(what, f"{cost.ratio:.2f} x floor", f"<= {limit} x floor", cost.ratio <= limit)

    def at_least(self, what, cost, ours, limit):
        times = cost.ratio / ours.ratio
        self.row(what, f"{times:.1f} x ours", f">= {limit} x ours", times >= limit)


def targets(table, costs):
    print("\nCPU time of one request, against an empty static program (the floor), and what it takes")
    table.at_most("P-256, table", costs["P-256, table"], 1.9)
    table.at_most("P-256, Redis over a Unix socket", costs["P-256, Redis"], 2.1)
    table.at_most("RSA-2048, blinded, table", costs["RSA-2048, table"], 5)
    table.at_most("P-256, table, evp build", costs["P-256, evp build"], 3.5)
    table.at_least("openssl ocsp -index … as a process", costs["openssl ocsp"], costs["P-256, table"], 9)
    table.at_least("plain CGI: dynamic, EVP, PEM, same Redis", costs["plain CGI, Redis"], costs["P-256, Redis"], 7)
    most = max((costs[name] for name in ("P-256, table", "P-256, Redis", "RSA-2048, table")), key=lambda cost: cost.kibibytes)
    table.row("peak memory", f"{most.kibibytes / 1024:.1f} MiB", "<= 4 MiB", most.kibibytes <= 4096)
    faults = max(costs[name].faults for name in ("P-256, table", "P-256, Redis"))
    table.row("page faults, P-256", str(faults), "<= 55", faults <= 55)


def details(commands, costs, folder):
    print(f"\n  {'':<20} {'CPU us':>8} {'x floor':>8} {'instructions':>14} {'page faults':>12} {'system calls':>13} {'KiB':>6}")
    for command in commands:
        cost = costs[command[0]]
        counted = measure.instructions(command, folder, ()), measure.system_calls(command, folder)
        line = f"  {cost.name:<20} {cost.microseconds:>8.0f} {cost.ratio:>8.2f} {counted[0]:>14,} {cost.faults:>12} {counted[1]:>13}"
        print(f"{line} {cost.kibibytes:>6}", flush=True)


def by_stage(command, folder):
    """Of a P-256 answer, where the instructions go."""
    whole = measure.instructions(command, folder, ())
    wanted = {name.lstrip("-") for names in STAGES.values() for name in names}
    found = measure.stages(folder, wanted)
    cost = {stage: sum(-found[n[1:]] if n[0] == "-" else found[n] for n in names) for stage, names in STAGES.items()}
    cost["the rest"] = whole - sum(cost.values())
    rows = list(cost.items())
    print("\nInstructions by stage, P-256 from a table")
    print(chart.bars(rows))
    chart.bars_svg(rows, "Instructions by stage, P-256 from a table", f"{sites.BUILD}/bench/stages.svg")


def main():
    redis = sites.start_redis()
    made = {"p256": sites.Site(), "redis": sites.Site(redis=redis)}
    made |= {key: sites.Site(key=key) for key in ("rsa2048", "rsa3072", "p384", "p521", "ed25519")}
    p256 = made["p256"]
    table = Table()
    commands = [p256.run("floor", sites.FLOOR), p256.run("P-256, table"), made["redis"].run("P-256, Redis")]
    commands += [made["rsa2048"].run("RSA-2048, table"), p256.run("P-256, evp build", sites.EVP_CGI)]
    commands += [p256.openssl("openssl ocsp"), made["redis"].plain("plain CGI, Redis")]
    commands += [made[key].run(name) for key, name in (("p384", "P-384"), ("p521", "P-521"), ("ed25519", "Ed25519"), ("rsa3072", "RSA-3072"))]
    try:
        print(f"{platform.system()} {platform.release()} {platform.machine()}, {measure.processors()}")
        costs = {cost.name: cost for cost in measure.timed(commands)}
        targets(table, costs)
        sweep.sizes(table)
        throughput.lighttpd_against_floor(table)
        details(commands, costs, p256.folder)
        by_stage(commands[1], p256.folder)
        sweep.certids()
        throughput.servers()
    finally:
        for site in made.values():
            site.close()
        redis.close()
    print(f"\n{'Every target is met.' if not table.missed else f'{table.missed} not met.'} Charts: {sites.BUILD}/bench/*.svg")


main()
