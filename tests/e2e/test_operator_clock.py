"""ocspctl at the moments when clocks have failed before, and in the second in which a delegate ends: the clock is libfaketime's."""

import datetime
import json
import os
import shutil
import subprocess
import unittest

import lab
from lab import DAY

ENDS = 253402300799  # 9999-12-31T23:59:59Z
MOMENTS = {
    "1970": 0,
    "the leap second of 2016": 1483228799,
    "2038": (1 << 31) - 1,
    "2050, where UTCTime ends": 2524608000 - 1,
    "2106": (1 << 32) - 1,
    "9999": ENDS - 30 * DAY,
}


def why_not():
    if "asan" in lab.BUILD:
        return "the sanitizers want to be the first library"
    return None if shutil.which("faketime") else "no faketime"


WHY_NOT = why_not()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Clock(lab.LabTest):
    @classmethod
    def prepare(cls):
        cls.ca = cls.lab.authority("ca", period=(-DAY, ENDS))
        cls.delegate = cls.lab.delegate("ocsp", cls.ca, period=(-DAY, ENDS))
        cls.compile_site()

    def at(self, moment, *words):
        """What ocspctl says while it is that second."""
        text = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        return subprocess.run(
            ["faketime", "-f", text, lab.program("ocspctl"), *words], cwd=self.lab.folder, capture_output=True, text=True,
            env={**os.environ, "TZ": "UTC"}, stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def assert_says(self, done, status, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    def table(self, *words):
        return "table", "--index", "index.txt", "--ca", "ca", "-c", "config.yaml", "--force", *words

    def test_around_each_moment(self):
        for name, moment in MOMENTS.items():
            for now in (moment, moment + 1, moment + 2):
                with self.subTest(name, now=now):
                    shown = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                    self.assert_says(self.at(now, *self.table()), 0, f"thisUpdate {shown}")
                    made = self.at(now, "compile", "-c", "config.yaml", "-o", "snapshot")
                    self.assert_says(made, 0, "1 CA, 1 signer")
                    for word in ("expired", "stale", "from the future", "becomes valid"):
                        self.assertNotIn(word, made.stderr)
                    self.assert_says(self.at(now, "check", "snapshot"), 0, "OK: ")

    def test_at_the_end_of_9999(self):
        """there is no later to promise"""
        done = self.at(ENDS - DAY, *self.table())
        self.assert_says(done, 1, "the table would count beyond the year 9999; is the clock right?")
        self.assert_says(self.at(ENDS - DAY, *self.table("--valid-hours", "1")), 0)
        self.assert_says(self.at(ENDS - DAY + 3599, "check", "snapshot"), 1, "WARNING: ")
        self.assert_says(self.at(ENDS - DAY + 3600, "check", "snapshot"), 2, "is stale since")

    def test_a_clock_that_was_reset(self):
        """a table of today is from the future in 1970, and stale in 2106"""
        self.lab.must(*self.table())
        self.lab.must("compile", "-c", "config.yaml", "-o", "snapshot")
        for moment, words in ((0, "is from the future"), (1 << 32, "is stale since")):
            with self.subTest(moment):
                self.assert_says(self.at(moment, "check", "snapshot"), 2, "CRITICAL: ", words)
                self.assert_says(self.at(moment, "compile", "-c", "config.yaml", "-o", "other"), 0, "warning: table ", words)

    def test_the_delegate_ends_in_this_second(self):
        """in which an answer would be over already; it is refused in the next"""
        ends = (1 << 31) - 1
        delegate = self.lab.delegate("ending", self.ca, period=(-DAY, ends))
        self.lab.write("ending.yaml", json.dumps({"certificate_authorities": {"ca": lab.table_ca("ca", delegate)}}))
        compiled = "compile", "-c", "ending.yaml", "-o", "ending"
        self.assert_says(self.at(ends - 1, *self.table()), 0)
        self.assert_says(self.at(ends, *compiled), 0, "warning: ", "ending.pem")
        self.assert_says(self.at(ends - 1, "check", "ending"), 1, "WARNING: ", "no signer beyond 2038-01-19T03:14:07Z")
        for now in (ends, ends + 1):
            self.assert_says(self.at(now, "check", "ending"), 2, "CRITICAL: ", "no signer that is valid now")
        self.assert_says(self.at(ends + 1, *compiled), 1, "expired on 2038-01-19T03:14:07Z", "is as it was")
