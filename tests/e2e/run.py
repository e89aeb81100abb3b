#!/usr/bin/python3
"""run.py [--build DIR] [NAME…]: the end-to-end tests (or those whose name contains NAME), as TAP on standard output."""

import argparse
import os
import sys
import traceback
import unittest


class Tap(unittest.TestResult):
    def __init__(self, count):
        super().__init__()
        self.number = 0
        print(f"1..{count}", flush=True)

    def line(self, word, test, why=""):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        print(f"{word} {self.number} - {name}{why}", flush=True)

    def explain(self, error):
        text = "".join(traceback.format_exception(*error))
        print("".join(f"# {line}\n" for line in text.splitlines()), end="", flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.word, self.why = "ok", ""

    def addSkip(self, test, reason):
        self.why = f" # SKIP {reason}"

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.word = "not ok"
        print(f"# in {test}")
        self.explain(error)

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error:
            self.addFailure(subtest, error)

    def stopTest(self, test):
        super().stopTest(test)
        self.line(self.word, test, self.why)


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", help="the folder of ocsp-cgi and ocspctl")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.environ["OCSP_CGI_BUILD"] = options.build
    os.environ.pop("OCSP_CGI_SNAPSHOT", None)
    here = os.path.dirname(os.path.abspath(__file__))
    found = tests_in(unittest.TestLoader().discover(here))
    chosen = [test for test in found if not options.names or any(name in test.id() for name in options.names)]
    result = Tap(len(chosen))
    unittest.TestSuite(chosen).run(result)
    return 1 if result.failures or result.number != len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
