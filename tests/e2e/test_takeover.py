"""R11 with a real clock: the next delegate takes over by itself, from one snapshot that nobody touches."""

import os
import time

import lab
import ocsp
from lab import DAY, GOOD

SKEW = 1


class Takeover(lab.LabTest):
    policy = {"ocsp_start_skew_seconds": SKEW}

    @classmethod
    def compile_site(cls):
        seconds = lambda first, last: ((first + 0.5) / DAY, (last + 0.5) / DAY)
        cls.old = cls.lab.delegate("old", cls.ca, days=seconds(-3600, 6))
        cls.new = cls.lab.delegate("new", cls.ca, days=seconds(4, 8))
        signers = [{"cert": signer.cert_file, "key": signer.key_file} for signer in (cls.new, cls.old)]
        ca = {"ca_cert": {"cert": "ca.pem"}, "ocsp_certs": signers, "status": {"table": "ca.table"}, **cls.policy}
        cls.lab.compile({"ca": ca})
        cls.index_table("ca")

    def seconds(self, moment):
        return int((moment - lab.utc(0)).total_seconds())

    def assert_signed_in_time(self, response):
        """By whom it should have been at its producedAt, and not for longer than that one lasts."""
        taken_over = self.seconds(self.new.certificate.not_valid_before) + SKEW
        expected = self.new if response.produced_at >= taken_over else self.old
        self.assertEqual(response.certs, [expected.der()], response.produced_at - taken_over)
        self.assertLessEqual(response.singles[0].next_update, self.seconds(expected.certificate.not_valid_after))
        return expected

    def test_without_recompilation(self):
        """R11, R4: the old one until notBefore and the skew have passed, then the new one, at last tryLater"""
        before = os.stat(self.lab.snapshot)
        seen = []
        end = self.seconds(self.new.certificate.not_valid_after)
        while time.time() < end + 0.1:
            response = self.answer(self.request(GOOD))
            if response.status != "successful":
                break
            seen.append(self.assert_signed_in_time(response))
            time.sleep(0.4)
        self.assertEqual([name for name in dict.fromkeys(signer.name for signer in seen)], ["old", "new"])
        time.sleep(max(0, end - time.time()))
        self.assert_error(self.request(GOOD), "tryLater")
        after = os.stat(self.lab.snapshot)
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
