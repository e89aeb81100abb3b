"""`ocspctl compile`: what it takes, what it refuses, and what becomes of the file."""

import grp
import json
import os
import re
import shutil
import stat
import subprocess
import unittest

import lab
import ocsp
from lab import GOOD, REVOKED

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12


class Compile(lab.LabTest):
    def site(self, delegate=None, ca=None, **more):
        """A configuration like the class's own, but for what is given."""
        return {"ca": lab.table_ca((ca or self.ca).name, delegate or self.delegate, **more)}

    def run_compile(self, authorities, output="tried", **settings):
        text = json.dumps({**settings, "certificate_authorities": authorities}, indent=1)
        return self.run_text(text, output)

    def run_text(self, text, output="tried"):
        self.lab.write("tried.yaml", text)
        return self.lab.ctl("compile", "-c", "tried.yaml", "-o", output)

    def assert_refused(self, done, *words):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertFalse(os.path.exists(self.lab.path("tried")), "a snapshot was written")
        self.assertRegex(done.stderr, r"(?m)^\S*tried\.yaml:\d+:\d+: error: ")
        for word in words:
            self.assertIn(word.lower(), done.stderr.lower())

    def assert_warned(self, done, *words):
        self.assertEqual(done.returncode, 0, done.stderr)
        os.unlink(self.lab.path("tried"))
        for word in ("warning", *words):
            self.assertIn(word.lower(), done.stderr.lower())

    def octets(self, name):
        with open(self.lab.path(name), "rb") as file:
            return file.read()


class ReplySize(Compile):
    """H13: refused is what could answer one CertID with 16 KiB, headers included, and nothing shorter."""

    serial = 2**511 - 1  # of 64 octets: the longest that is taken
    limit = 16 * 1024

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.signer = cls.lab.delegate("rsa", cls.ca, key="rsa2048")
        cls.lab.index("index.txt", [("R", cls.serial, "250101000000Z,keyCompromise")])
        cls.lab.table("ca", "--index", "index.txt", "--force")

    def run_padded(self, octets, **settings):
        """With a chain whose one certificate is that much longer than it need be."""
        comment = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.16.840.1.113730.1.13"), bytes(octets))
        self.lab.certificate(f"padded{octets}", key=self.key, extensions=[(comment, False)])
        site = self.site(self.signer, ocsp_chain=f"padded{octets}.pem")
        return self.run_compile(site, **settings)

    def largest(self, **settings):
        """The most padding that must be taken, by what is said of too much."""
        too_much = self.run_padded(15000, **settings)
        self.assert_refused(too_much, "a reply of ca for one certificate", "padded15000.pem", "proxies take 16383")
        octets = int(re.search(r"up to (\d+) octets", too_much.stderr)[1])
        return 15000 - (octets - self.limit) - 1

    def assert_exact(self, der, method, **settings):
        self.key = lab.new_key("ed25519")  # its signature has one length
        largest = self.largest(**settings)
        self.assert_refused(self.run_padded(largest + 1, **settings), f"up to {self.limit} octets")
        done = self.run_padded(largest, **settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        request = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/" + lab.base64_of(der)} if method == "GET" else {}
        reply = self.lab.ask(b"" if request else der, OCSP_CGI_SNAPSHOT=self.lab.path("tried"), **request)
        self.assertEqual(reply.ocsp.statuses, ["revoked"])
        self.assertEqual(len(reply.raw), self.limit - 1)
        os.unlink(self.lab.path("tried"))

    def request_for_it(self, **more):
        return ocsp.request(self.certid(self.serial, "sha512"), **more)

    def test_a_cacheable_reply(self):
        self.assert_exact(self.request_for_it(), "GET", cache_headers=True, max_cache_age=60)

    def test_a_reply_with_a_nonce(self):
        nonce = [ocsp.nonce(bytes(128))]
        der = self.request_for_it(extensions=nonce)
        self.assert_exact(der, "GET", nonce="require")


class Refusals(Compile):
    def test_a_key_of_another_certificate(self):
        """C1"""
        other = self.lab.delegate("other", self.ca)
        site = self.site()
        site["ca"]["ocsp_cert"]["key"] = other.key_file
        self.assert_refused(self.run_compile(site), "does not match", other.key_file)

    def test_a_delegate_of_another_ca(self):
        """C2: by name, and by signature where the name is the same"""
        for subject in (lab.common_name("stranger"), self.ca.certificate.subject):
            stranger = self.lab.authority("stranger", subject=subject)
            delegate = self.lab.delegate("strange-ocsp", stranger)
            self.assert_refused(self.run_compile(self.site(delegate)), "strange-ocsp.pem")

    def test_a_delegate_without_ocsp_signing(self):
        """C3"""
        delegate = self.lab.delegate("server", self.ca, ocsp_signing=False)
        self.assert_refused(self.run_compile(self.site(delegate)), "OCSPSigning")

    def test_a_delegate_without_nocheck(self):
        """C4: a warning"""
        delegate = self.lab.delegate("checked", self.ca, nocheck=False)
        self.assert_warned(self.run_compile(self.site(delegate)), "nocheck")

    def test_signers_that_have_expired(self):
        """C5: an error where none is left, a warning where one is"""
        expired = self.lab.delegate("expired", self.ca, days=(-9, -1))
        self.assert_refused(self.run_compile(self.site(expired)), "expired")
        site = self.site()
        del site["ca"]["ocsp_cert"]
        site["ca"]["ocsp_certs"] = [{"cert": cert.cert_file, "key": cert.key_file} for cert in (expired, self.delegate)]
        self.assert_warned(self.run_compile(site), "expired")
        ending = self.lab.delegate("ending", self.ca, days=(-9, 3))
        self.assert_warned(self.run_compile(self.site(ending)), "ending.pem")

    def test_a_ca_that_signs_without_the_bit_for_it(self):
        """C6: a warning"""
        site = {"ca": {"ca_cert": {"cert": "ca.pem", "key": "ca.key"}, "status": {"table": "ca.table"}}}
        self.assert_warned(self.run_compile(site), "digitalSignature")

    def test_one_ca_twice(self):
        """C7"""
        site = self.site()
        site["again"] = site["ca"]
        self.assert_refused(self.run_compile(site), "again")

    def test_two_redis_cas_with_one_subject(self):
        """C7: they share their serials, a warning"""
        twin = self.lab.authority("twin", subject=self.ca.certificate.subject)
        site = self.site()
        site["twin"] = lab.table_ca("twin", self.lab.delegate("twin-ocsp", twin))
        for ca in site.values():
            del ca["status"]
        self.assert_warned(self.run_compile(site), "twin")

    def test_an_unknown_key_with_the_nearest_known_one(self):
        """C9: file, line, column"""
        done = self.run_text("copy_nonce: true\nmax_cahe_age: 60\ncertificate_authorities: {}\n")
        self.assert_refused(done, "tried.yaml:2:1", "max_cache_age")
        done = self.run_text("certificate_authorities:\n  ca:\n    ca_cert: {cert: ca.pem}\n    ocsp_cret: {}\n")
        self.assert_refused(done, "tried.yaml:4:5", "ocsp_cert")

    def test_weak_keys_and_digests(self):
        """C10"""
        weak = self.lab.delegate("weak", self.ca, key="rsa1024")
        self.assert_refused(self.run_compile(self.site(weak)), "1024")
        strong = self.lab.delegate("strong", self.ca, key="rsa2048")
        site = self.site(strong)
        site["ca"]["ocsp_cert"]["digest"] = "sha1"
        self.assert_refused(self.run_compile(site), "sha1")
        old = self.lab.delegate("old", self.ca, digest=hashes.SHA1)
        self.assert_warned(self.run_compile(self.site(old)), "SHA-1")

    def test_an_engine(self):
        """design: refused with a clear message"""
        site = self.site()
        site["ca"]["ocsp_cert"]["engine"] = {"so_path": "/usr/lib/engine.so", "id": "x"}
        self.assert_refused(self.run_compile(site), "engine")

    def test_values_of_the_wrong_kind(self):
        for settings in (
            {"nonce": "perhaps"},
            {"max_cache_age": "soon"},
            {"max_cache_age": -1},
            {"deadline_ms": 10**12},
            {"limits": {"certids": 0}},
            {"limits": []},
            {"log": {"format": "xml"}},
        ):
            with self.subTest(settings=settings):
                self.assert_refused(self.run_compile(self.site(), **settings))

    def test_files_that_are_missing_or_no_certificate(self):
        for content in (None, b"", b"nothing", self.octets("ca.key")):
            with self.subTest(content=content):
                if content is not None:
                    self.lab.write("bad.pem", content)
                site = self.site()
                site["ca"]["ca_cert"]["cert"] = "bad.pem"
                self.assert_refused(self.run_compile(site), "bad.pem")

    def test_broken_yaml(self):
        for text in ("certificate_authorities: {", "\t- x", "a: b: c", "", "[]", "copy_nonce: true\ncopy_nonce: false\n"):
            with self.subTest(text=text):
                done = self.run_text(text)
                self.assertEqual(done.returncode, 1)
                self.assertIn("tried.yaml", done.stderr)

    def test_all_that_is_wrong_is_said_at_once(self):
        done = self.run_text("max_cahe_age: 60\ncopy_nonze: true\ncertificate_authorities: {}\n")
        self.assert_refused(done, "max_cache_age", "copy_nonce")

    def test_usage(self):
        for arguments in ((), ("compile", "--nonsense"), ("compile", "extra"), ("nonsense",), ("table",)):
            with self.subTest(arguments=arguments):
                done = self.lab.ctl(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertNotEqual(done.stderr, "")
        for arguments in (("--help",), ("compile", "--help"), ("table", "--help")):
            done = self.lab.ctl(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class TheFile(Compile):
    def test_the_same_input_gives_the_same_octets(self):
        self.run_compile(self.site(), "first")
        self.run_compile(self.site(), "second")
        self.assertEqual(self.octets("first"), self.octets("second"))

    def test_mode_and_a_refused_run_leaves_the_old_one(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.lab.snapshot).st_mode), 0o640)
        before = self.octets("snapshot")
        site = self.site()
        site["ca"]["ca_cert"]["cert"] = "nowhere.pem"
        self.assertEqual(self.run_compile(site, "snapshot").returncode, 1)
        self.assertEqual(self.octets("snapshot"), before)
        leftovers = [name for name in os.listdir(self.lab.folder) if name.startswith((".snapshot", "snapshot."))]
        self.assertEqual(leftovers, [])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_group_is_the_given_one_and_then_kept(self):
        group = next(entry for entry in grp.getgrall() if entry.gr_gid not in (0, os.getegid()))
        self.lab.write("tried.yaml", json.dumps({"certificate_authorities": self.site()}))
        self.lab.must("compile", "-c", "tried.yaml", "-o", "grouped", "--group", group.gr_name)
        self.assertEqual(os.stat(self.lab.path("grouped")).st_gid, group.gr_gid)
        self.lab.must("compile", "-c", "tried.yaml", "-o", "grouped")
        self.assertEqual(os.stat(self.lab.path("grouped")).st_gid, group.gr_gid)
        self.assertEqual(stat.S_IMODE(os.stat(self.lab.path("grouped")).st_mode), 0o640)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_group_by_its_number(self):
        """also one without a name; what is no group's number is refused"""
        numbers = {entry.gr_gid for entry in grp.getgrall()}
        for number in (max(numbers - {65534}), next(n for n in range(70000, 80000) if n not in numbers)):
            self.lab.must("compile", "-c", "config.yaml", "-o", "numbered", "--group", str(number))
            self.assertEqual(os.stat(self.lab.path("numbered")).st_gid, number)
        for word in ("-1", "4294967295", "4294967296", "33x", ""):
            done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "tried", "--group", word)
            self.assertEqual((done.returncode, os.path.exists(self.lab.path("tried"))), (1, False), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_first_snapshot_that_only_root_can_read(self):
        self.assert_warned(self.run_compile(self.site()), "only root can read it", "--group GROUP", "set-group-ID")
        self.assertNotIn("only root", self.run_compile(self.site(), "snapshot").stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_first_snapshot_whose_group_is_its_folders(self):
        os.mkdir(self.lab.path("state"))
        os.chown(self.lab.path("state"), 0, grp.getgrnam("daemon").gr_gid)
        os.chmod(self.lab.path("state"), 0o2750)
        self.assertNotIn("only root", self.run_compile(self.site(), "state/snapshot").stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_whoever_may_not_read_a_snapshot_learns_who_may(self):
        self.addCleanup(os.chmod, self.lab.folder, stat.S_IMODE(os.stat(self.lab.folder).st_mode))
        os.chmod(self.lab.folder, 0o755)
        own = shutil.copy(lab.program("ocspctl"), self.lab.folder)
        for command, code in (("show", 1), ("check", 3)):
            done = subprocess.run(
                [own, command, self.lab.path("snapshot")],
                capture_output=True, text=True, user="nobody", group="nogroup", extra_groups=[],
            )  # fmt: skip
            self.assertEqual(done.returncode, code)
            self.assertIn("this user may not read it; run ocspctl as root (Permission denied)", done.stdout + done.stderr)

    def test_a_refused_first_run_does_not_speak_of_an_old_one(self):
        site = self.site()
        site["ca"]["ca_cert"]["cert"] = "nowhere.pem"
        done = self.run_compile(site)
        self.assertIn("tried was not made", done.stderr)
        self.assertIn("nowhere.pem: No such file or directory; check the path\n", done.stderr)
        self.assertIn("snapshot is as it was", self.run_compile(site, "snapshot").stderr)

    def test_who_is_asked_in_redis_is_said(self):
        site = self.site()
        site["ca"]["status"] = "redis"
        self.assertIn("ca: status from Redis 127.0.0.1:6379\n", self.run_compile(site, "asked").stdout)
        shown = self.lab.must("show", "asked").stdout
        self.assertIn("Redis key", shown)
        self.assertNotIn("Redis key", self.lab.must("show", "snapshot").stdout)

    def test_what_is_no_snapshot(self):
        for name, words in (("ca.table", "this is a table"), ("ca.pem", "this is no snapshot")):
            done = self.lab.ctl("show", name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_a_stricter_mode_is_kept_and_a_laxer_one_is_not(self):
        """the operator's 0400 stays, a group given anew reads again"""
        self.lab.write("tried.yaml", json.dumps({"certificate_authorities": self.site()}))
        self.lab.must("compile", "-c", "tried.yaml", "-o", "kept")
        group = grp.getgrgid(os.getegid()).gr_name
        for before, options, after in ((0o400, (), 0o400), (0o600, (), 0o600), (0o644, (), 0o640), (0o600, ("--group", group), 0o640)):
            with self.subTest(before=oct(before)):
                os.chmod(self.lab.path("kept"), before)
                self.lab.must("compile", "-c", "tried.yaml", "-o", "kept", *options)
                self.assertEqual(stat.S_IMODE(os.stat(self.lab.path("kept")).st_mode), after)

    def test_an_unknown_group(self):
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "tried", "--group", "no-such-group-here")
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("no-such-group-here", done.stderr)

    def test_paths_count_from_the_configurations_folder(self):
        done = subprocess.run(
            [lab.program("ocspctl"), "compile", "-c", self.lab.path("config.yaml"), "-o", self.lab.path("from-elsewhere")],
            cwd="/", capture_output=True, text=True, timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.octets("from-elsewhere"), self.octets("snapshot"))


class Output(Compile):
    """What -o must not be: compile has replaced keys by snapshots."""

    def named(self):
        """A configuration that names a file in every place that takes one, all of them copies: of PEM, DER and what is neither."""
        copies = {name: shutil.copy(self.lab.path(of), self.lab.path(name)) for name, of in {
            "its-ca.pem": "ca.pem", "its-ocsp.pem": self.delegate.cert_file, "its-ocsp.key": self.delegate.key_file,
            "its-chain.pem": "ca.pem", "its-requester.pem": self.delegate.cert_file, "its.table": "ca.table",
        }.items()}  # fmt: skip
        self.lab.write("its.password", "secret\n")
        self.lab.write("its-redis.password", "secret\n")
        os.chmod(self.lab.path("its.password"), 0o600)
        os.chmod(self.lab.path("its-redis.password"), 0o600)
        site = {
            "ca_cert": {"cert": "its-ca.pem"},
            "ocsp_cert": {"cert": "its-ocsp.pem", "key": "its-ocsp.key", "password_file": "its.password"},
            "ocsp_chain": "its-chain.pem",
            "require_signed_requests": {"requesters": ["its-requester.pem"]},
            "status": {"table": "its.table"},
        }
        text = json.dumps({"redis": {"password_file": "its-redis.password"}, "certificate_authorities": {"ca": site}}, indent=1)
        self.lab.write("tried.yaml", text)
        return [*copies, "its.password", "its-redis.password", "tried.yaml"]

    def assert_stays(self, name, *words):
        before = self.octets(name)
        done = self.lab.ctl("compile", "-c", "tried.yaml", "-o", name)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.octets(name), before)
        self.assertRegex(done.stderr, f"(?m)^{re.escape(name)}: error: this is .*; it stays. Name another file with -o")
        self.assertIn(f"{name} is as it was", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_no_file_that_the_configuration_names(self):
        names = self.named()
        for name in names:
            with self.subTest(name):
                self.assert_stays(name, "the configuration itself" if name == "tried.yaml" else "that tried.yaml:")
        self.assertEqual(self.lab.ctl("compile", "-c", "tried.yaml", "-o", "tried").returncode, 0)

    def test_nor_under_another_name(self):
        self.named()
        os.symlink("its.password", self.lab.path("link"))
        text = self.octets("tried.yaml").decode().replace('"its.password"', '"link"')
        self.lab.write("tried.yaml", text)
        self.assert_stays("its.password", "the password file that tried.yaml:")

    def test_no_certificate_crl_key_or_table_besides(self):
        self.run_compile(self.site())
        self.lab.crl("a.crl", self.ca)
        self.lab.write("a.der", self.ca.der())
        self.lab.certificate("stranger")
        shutil.copy(self.lab.path("ca.table"), self.lab.path("other.table"))
        for name, kind in (
            ("a.crl", "PEM"),
            ("stranger.key", "PEM"),
            ("stranger.pem", "PEM"),
            ("a.der", "DER"),
            ("other.table", "a status table"),
        ):
            with self.subTest(name):
                self.assert_stays(name, f"this is {kind}", "or remove this one first")

    def test_what_was_a_snapshot_or_nothing_is_replaced(self):
        self.run_compile(self.site(), "whole")
        whole = self.octets("whole")
        flipped = bytes([whole[0] ^ 1]) + whole[1:]
        for before in (whole, whole[:100], whole[:3], flipped, bytes(len(whole)), b"", b"garbage\n"):
            with self.subTest(before[:16]):
                self.lab.write("tried", before)
                self.assertEqual(self.run_compile(self.site()).returncode, 0)
                self.assertEqual(self.octets("tried"), whole)


class Keys(Compile):
    """The forms in which keys and certificates come."""

    def assert_answers(self, credential):
        site = self.site()
        site["ca"]["ocsp_cert"] = credential
        done = self.run_compile(site, "snapshot")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["good", "revoked"])

    def test_der_certificates(self):
        self.lab.write("ocsp.der", self.delegate.der())
        self.lab.write("ca.der", self.ca.der())
        self.assert_answers({"cert": "ocsp.der", "key": self.delegate.key_file})

    def test_pem_keys(self):
        key = self.delegate.key
        none, pem = serialization.NoEncryption(), serialization.Encoding.PEM
        self.lab.write("ec.key", key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, none))
        self.assert_answers({"cert": "ocsp.pem", "key": "ec.key"})
        self.lab.write("locked.key", lab.key_pem(key, b"s3cret"))
        self.assert_answers({"cert": "ocsp.pem", "key": "locked.key", "password": "s3cret"})
        self.lab.write("password", "s3cret\n")
        self.assert_answers({"cert": "ocsp.pem", "key": "locked.key", "password_file": "password"})

    def test_a_wrong_password(self):
        self.lab.write("locked.key", lab.key_pem(self.delegate.key, b"s3cret"))
        for more in ({"password": "wrong"}, {}):
            site = self.site()
            site["ca"]["ocsp_cert"] = {"cert": "ocsp.pem", "key": "locked.key", **more}
            done = self.run_compile(site)
            self.assert_refused(done, "password")
            self.assertNotIn("wrong\"", done.stderr)

    def test_pkcs12(self):
        bundle = pkcs12.serialize_key_and_certificates(
            b"ocsp", self.delegate.key, self.delegate.certificate, None, serialization.BestAvailableEncryption(b"s3cret")
        )
        self.lab.write("ocsp.p12", bundle)
        self.assert_answers({"pkcs12": "ocsp.p12", "password": "s3cret"})


class RubyFile(Compile):
    """r509-ocsp-responder's configuration, as its README shows it."""

    def test_loads_unchanged(self):
        done = self.run_text(
            """copy_nonce: true
cache_headers: true
max_cache_age: 60
certificate_authorities:
  second_ca:
    ca_cert:
      cert: ca.pem
    ocsp_cert:
      cert: ocsp.pem
      key: ocsp.key
    ocsp_validity_hours: 168
    ocsp_start_skew_seconds: 3600
    ocsp_location: 'URI:http://ocsp.domain.com'
    crl_list: list.txt
    crl_number: number.txt
    crl_validity_hours: 168
    message_digest: SHA1
    profiles:
      server:
        basic_constraints: "CA:FALSE"
        key_usage: [digitalSignature, keyEncipherment]
        extended_key_usage: [serverAuth]
        certificate_policies: [ [ "policyIdentifier=2.16.840.1.12345.1.2.3.4.1" ] ]
""",
            "ruby",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("127.0.0.1", self.lab.must("show", "ruby").stdout)
