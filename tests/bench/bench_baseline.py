#!/usr/bin/python3
"""bench_baseline.py BUILD: writes tests/bench/baseline.txt as this machine counts."""

import gate

gate.write_baseline(gate.count())
