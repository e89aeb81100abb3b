"""`make demo`'s story, told by the programs under test."""

import os
import subprocess
import unittest

import lab


class Demo(unittest.TestCase):
    def run_demo(self):
        command = [os.path.join(lab.ROOT, "tests", "demo.sh"), os.path.abspath(lab.BUILD)]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

    def test_ends_in_the_three_statuses(self):
        for _ in range(2):
            done = self.run_demo()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()[-3:]], [
                ["good.pem", "good"],
                ["revoked.pem", "revoked"],
                ["unknown.pem", "unknown"],
            ])
