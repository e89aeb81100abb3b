#!/usr/bin/python3
"""bench_gate.py BUILD: fails where a request takes more than tests/bench/baseline.txt says: instructions +2 %, page faults +3,
system calls +0. The baseline names its system; on another one nothing is judged, since glibc and libcrypto differ."""

import sys

import gate

found = gate.count()
system, expected = gate.read_baseline()
if system != gate.this_system():
    print(f"bench-gate: the baseline is of {system}, this is {gate.this_system()}: nothing is judged")
    sys.exit(0)
worse = 0
for name, now in found.items():
    was = expected.get(name)
    if not was:
        print(f"bench-gate: {name} is not in the baseline: make bench-baseline")
        worse += 1
        continue
    limits = (int(was[0] * 1.02), was[1] + 3, was[2])
    for what, value, limit, before in zip(gate.COLUMNS, now, limits, was):
        if value > limit:
            print(f"bench-gate: {name}: {value:,} {what}, more than {limit:,} (was {before:,})")
            worse += 1
    print(f"{name:<10} " + "   ".join(f"{value:>10,} {what}" for what, value in zip(gate.COLUMNS, now)))
print(f"{3 * len(found) - worse} passed, {worse} failed")
sys.exit(1 if worse else 0)
