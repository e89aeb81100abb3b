"""Requests that nobody here wrote: tests/vectors, from other projects' tests, RFCs and browsers. None is for our CA."""

import csv
import os

import lab

VECTORS = os.path.join(lab.ROOT, "tests", "vectors")
# conformance Q11: a repeated extension; Q6: a critical extension that nobody knows
MALFORMED = {"pyca-req-duplicate-ext.der"}


class Corpus(lab.LabTest):
    settings = {"nonce": "copy"}

    def vectors(self):
        with open(os.path.join(VECTORS, "index.tsv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.assertEqual(len(rows), 38)
        for row in rows:
            with open(os.path.join(VECTORS, "requests", row["file"]), "rb") as file:
                yield row, file.read()

    def test_post(self):
        """S1, Q1–Q7, Q11"""
        for row, der in self.vectors():
            with self.subTest(row["file"]):
                expected = "malformedRequest" if row["file"] in MALFORMED else "unauthorized"
                self.assert_error(der, expected)

    def test_get(self):
        """H1, S1"""
        for row, der in self.vectors():
            with self.subTest(row["file"]):
                expected = "malformedRequest" if row["file"] in MALFORMED else "unauthorized"
                reply = self.lab.get("/ocsp/" + lab.base64_of(der))
                self.assertEqual((reply.exit_status, reply.http, reply.ocsp.status), (0, 200, expected))
