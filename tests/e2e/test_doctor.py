"""`ocspctl doctor`: a sound responder passes at every web server, and each fault is found and named, provoked in a real one."""

import json
import time

import lab
import lab_responder
import lab_web
import lab_web_test

SOUND, WARNINGS, FAILURES, CANNOT_TELL = 0, 1, 2, 3


class DoctorTest(lab_web_test.WebTest):
    """The responder knows two certificates, good.pem and revoked.pem."""

    settings = {**lab_web_test.WebTest.settings, "deadline_ms": 5000}

    @classmethod
    def prepare(cls):
        cls.ca = cls.lab.authority("ca")
        cls.good = cls.lab.certificate("good", cls.ca).certificate.serial_number
        cls.revoked = cls.lab.certificate("revoked", cls.ca).certificate.serial_number
        cls.delegate = cls.lab.delegate("ocsp", cls.ca)
        cls.compile_site()

    def doctor(self, *arguments, url=None, certs=("good.pem",)):
        given = [word for name in certs for word in ("--cert", name)]
        return self.lab.ctl("doctor", url or f"http://127.0.0.1:{self.web.port}/", "--issuer", "ca.pem", *given, *arguments)

    def examine(self, expect, **how):
        """The report as JSON; its checks by their ids are in `checks`."""
        done = self.doctor("--json", **how)
        self.assertEqual((done.returncode, done.stderr), (expect, ""), done.stdout)
        report = json.loads(done.stdout)
        self.checks = {check["id"]: check for check in report["checks"]}
        results = [check["result"] for check in report["checks"]]
        sums = [results.count("ok"), results.count("note"), results.count("warning"), results.count("failure")]
        self.assertEqual([report[name] for name in ("passed", "notes", "warnings", "failures")], sums)
        return report

    def found(self, result):
        return {name for name, check in self.checks.items() if check["result"] == result}

    def assert_found(self, *ids, advice):
        """These checks have failed and none but them."""
        self.assertEqual(self.found("failure"), set(ids), self.checks)
        for name in ids:
            self.assertIn(advice, self.checks[name]["advice"])


class Sound:
    """Nothing to say of ocsp-cgi behind the printed configurations."""

    def test_everything_passes(self):
        report = self.examine(SOUND, url=f"http://127.0.0.1:{self.web.port}/ocsp/", certs=("good.pem", "revoked.pem"))
        self.assertGreater(report["passed"], 50)
        self.assertIn("revoked 2025-01-01T00:00:00Z keyCompromise", [check["found"][-42:] for check in report["checks"]])
        self.assertLessEqual(self.found("note"), {"cache-304"})


class SoundApache(Sound, DoctorTest):
    server = lab_web.Apache

    def test_the_report_for_people(self):
        done = self.doctor()
        lines = done.stdout.splitlines()
        self.assertEqual(done.returncode, SOUND, done.stdout)
        self.assertRegex(lines[0], r"^http://127\.0\.0\.1:\d+/  \(Server: Apache")
        self.assertIn("ok    get-escaped           GET, + / = escaped: good", lines)
        self.assertRegex(lines[-1], r"^\d+ passed, 0 warnings, 0 failures$")

    def test_an_unknown_certificate_is_a_warning(self):
        self.lab.certificate("stranger", self.ca)
        self.examine(WARNINGS, certs=("stranger.pem",))
        self.assertEqual(self.found("warning"), {"known"})

    def test_what_cannot_be_told(self):
        self.lab.certificate("alien", self.lab.authority("other"))
        for name, how, words in (
            ("nobody listens", {"url": f"http://127.0.0.1:{lab.free_port()}/"}, "is this the responder's URL?"),
            ("no URL", {"url": "ftp://x/"}, "no URL that begins with http:// or https://"),
            ("another CA's certificate", {"certs": ("alien.pem",)}, "was not issued by the CA in ca.pem"),
            ("no certificate", {"certs": ()}, "--issuer and --cert say what to ask for"),
            ("no such file", {"certs": ("nowhere.pem",)}, "nowhere.pem"),
        ):
            with self.subTest(name):
                done = self.doctor(**how)
                self.assertEqual((done.returncode, done.stdout), (CANNOT_TELL, ""))
                self.assertIn(words, done.stderr)

    def test_what_is_no_command_line(self):
        whole = ("http://127.0.0.1:1/", "--issuer", "ca.pem", "--cert", "good.pem")
        for words, said in (
            (("--isuer", "ca.pem"), "--isuer is an unknown option; did you mean --issuer?"),
            ((*whole, "--issuer", "ca.pem"), "--issuer is there twice"),
            ((*whole, "--timeout", "0"), "--timeout is a number of milliseconds from 1 to 3600000"),
            ((*whole, "http://127.0.0.1:2/"), "one URL is needed: the responder's"),
            (whole[1:], "one URL is needed: the responder's"),
            ((*whole, "--cert"), "--cert lacks its argument"),
        ):
            with self.subTest(words=words):
                done = self.lab.ctl("doctor", *words)
                self.assertEqual((done.returncode, done.stdout), (CANNOT_TELL, ""))
                self.assertIn(f"doctor: {said}; see ocspctl doctor --help", done.stderr)

    def test_help(self):
        done = self.lab.ctl("doctor", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Exit status: 0 all passes, 1 warnings, 2 failures, 3 usage or cannot tell.", done.stdout)

    def test_another_page_is_no_responder(self):
        """Every question is answered, by something else"""
        page = lab_responder.Server(lab_responder.Handler)  # 501 for whatever is asked
        self.addCleanup(page.close)
        self.examine(FAILURES, url=page.url)
        self.assertEqual(self.checks["post"]["found"], "HTTP 501")


class SoundLighttpd(Sound, DoctorTest):
    server = lab_web.Lighttpd


class SoundNginx(Sound, DoctorTest):
    server = lab_web.Nginx


class SoundNginxCache(Sound, DoctorTest):
    """Through a cache that is right, If-None-Match is 304 as well."""

    server = lab_web.NginxCache

    def test_a_copy_that_is_still_right(self):
        self.examine(SOUND)
        self.assertEqual(self.checks["cache-304"]["found"], "HTTP 304")


class SoundApacheCache(Sound, DoctorTest):
    server = lab_web.ApacheCache

    def test_a_kept_answer_agrees_with_its_expires(self):
        """Apache gives it a new Date, and its Age."""
        self.doctor()
        time.sleep(4)
        self.examine(SOUND)
        self.assertEqual(self.checks["cache-agreement"]["result"], "ok")


# ---- faults of web servers ----


class ApacheRefusesSlashes(lab_web.Apache):
    def more(self):
        return ["AllowEncodedSlashes Off"]


class AllowEncodedSlashes(DoctorTest):
    server = ApacheRefusesSlashes

    def test_it_is_found(self):
        self.examine(FAILURES)
        escaped = ("get-escaped", "get-escaped-slash", "get-lower-case", "get-double-mixed", "get-double-escaped")
        self.assert_found(*escaped, advice='%2F answered 404: Apache without "AllowEncodedSlashes NoDecode"')
        self.assertEqual({self.checks[name]["found"] for name in escaped}, {"HTTP 404"})


class NginxBehind(lab_web.Nginx):
    """Another server of the same nginx in front, on `port`, whose location is `location`."""

    def start(self):
        self.front, self.origin = self.new_port(), self.port
        super().start()
        self.port = self.front

    def more(self):
        location = self.location.replace("ORIGIN", f"127.0.0.1:{self.origin}")
        cache = f"proxy_cache_path {self.path('cache')} keys_zone=c:1m use_temp_path=off;\n"
        return f"{cache}server {{\nlisten 127.0.0.1:{self.front};\nlocation / {{\n{location}\n}}\n}}\n"


class NginxMerges(NginxBehind):
    location = "proxy_pass http://ORIGIN/;"  # with a path: nginx decodes, merges and encodes anew


class MergedSlashes(DoctorTest):
    server = NginxMerges

    def test_they_are_found(self):
        """Escaped or not; nothing else is blamed"""
        self.examine(FAILURES)
        self.assert_found("get-double-raw", "get-double-mixed", "get-double-escaped", advice='nginx: "merge_slashes off;"')
        self.assertEqual(self.checks["get-double-raw"]["found"], "malformedRequest")


class NginxKeepsErrors(NginxBehind):
    location = """proxy_pass http://ORIGIN;
        proxy_cache c;
        proxy_cache_key $request_uri;
        proxy_ignore_headers Cache-Control Expires;
        proxy_cache_valid any 10m;"""


class NginxKeepsErrorsAndSays(NginxKeepsErrors):
    location = NginxKeepsErrors.location + "add_header X-Cache-Status $upstream_cache_status;"


class KeptErrors(DoctorTest):
    server = NginxKeepsErrorsAndSays

    def test_they_are_found(self):
        self.examine(FAILURES)
        self.assert_found("cache-error", "cache-unknown", "cache-nonce", advice="a cache keeps what it may not")
        self.assertIn("malformedRequest, asked for twice, was kept: X-Cache-Status: HIT", self.checks["cache-error"]["found"])


class KeptErrorsInSilence(DoctorTest):
    """A cache that says nothing of itself: what is signed shows it"""

    server = NginxKeepsErrors

    def test_they_are_found(self):
        self.examine(FAILURES)
        self.assert_found("cache-unknown", "cache-nonce", advice="a cache keeps what it may not")
        self.assertIn("octet for octet", self.checks["cache-nonce"]["found"])


class NginxKeepsPost(NginxBehind):
    location = """proxy_pass http://ORIGIN;
        proxy_cache c;
        proxy_cache_methods POST;
        proxy_cache_key $request_uri;
        proxy_cache_valid 200 10m;"""


class PostWithoutItsBody(DoctorTest):
    server = NginxKeepsPost

    def test_the_answer_to_another_request_is_found(self):
        self.examine(FAILURES, certs=("good.pem", "revoked.pem"))
        self.assertIn("answer", self.found("failure"))
        self.assertIn("for POST the body", self.checks["answer"]["advice"])


class NginxExpires(NginxBehind):
    location = "proxy_pass http://ORIGIN;\nexpires 30d;"


class TooLongKept(DoctorTest):
    server = NginxExpires

    def test_it_is_found(self):
        """The web server promises more than nextUpdate does, and that for errors, too"""
        self.examine(FAILURES)
        self.assertLessEqual({"cache-max-age", "cache-expires", "cache-error"}, self.found("failure"))
        self.assertIn("nginx: expires", self.checks["cache-expires"]["advice"])


class NginxRedirects(NginxBehind):
    location = "return 301 https://$host$request_uri;"


class Redirected(DoctorTest):
    server = NginxRedirects

    def test_it_is_found(self):
        self.examine(FAILURES)
        self.assertEqual(self.checks["post"]["found"], "HTTP 301")
        self.assertIn("OCSP clients follow no redirect", self.checks["post"]["advice"])


# ---- faults of others ----


class Responders(DoctorTest):
    """A responder of the tests' own, which can have faults."""

    @classmethod
    def setUpClass(cls):
        lab.LabTest.setUpClass.__func__(cls)

    @classmethod
    def compile_site(cls):
        pass

    def responder(self, *how, **more):
        responder = lab_responder.Responder(*how, **more)
        self.addCleanup(responder.close)
        return responder

    def test_without_a_fault(self):
        """So that it is the fault that is found below; it is strict, and has no status page"""
        self.examine(WARNINGS, url=self.responder(self.delegate).url)
        self.assertLessEqual({"get-base64url", "post-wrong-type", "status"}, self.found("note"))
        self.assertEqual(self.found("warning"), {"get-no-padding"})

    def test_a_proxy_that_decodes_plus(self):
        responder = self.responder(self.delegate)
        proxy = lab_responder.PlusProxy(responder.server_port)
        self.addCleanup(proxy.close)
        self.examine(FAILURES, url=proxy.url)
        self.assert_found("get-raw", "get-escaped-slash", advice="a raw + does not arrive")
        self.assertEqual(self.checks["get-raw"]["found"], "malformedRequest")

    def test_a_clock_60_s_ahead(self):
        """Three witnesses: the signer against this machine and HTTP's Date"""
        self.examine(FAILURES, url=self.responder(self.delegate, ahead=60).url)
        self.assert_found("clock-produced-at", advice="the clock of the machine that signs is wrong")
        self.assertRegex(self.checks["clock-produced-at"]["found"], r"^(59|60|61) s ahead of this machine's clock$")

    def test_a_machine_whose_clock_is_60_s_ahead(self):
        """The web server's Date says the same"""
        self.examine(FAILURES, url=self.responder(self.delegate, ahead=60, date_ahead=60).url)
        self.assert_found("clock-produced-at", advice="or this one's")
        self.assertIn("clock-date", self.found("warning"))

    def test_a_clock_60_s_behind(self):
        self.examine(WARNINGS, url=self.responder(self.delegate, ahead=-60, date_ahead=-60).url)
        self.assertLessEqual({"clock-produced-at", "clock-date"}, self.found("warning"))

    def test_an_expired_delegate(self):
        delegate = self.lab.delegate("expired", self.ca, days=(-30, -1))
        self.examine(FAILURES, url=self.responder(delegate).url)
        self.assert_found("signer-validity", advice="have a new delegate issued")
        self.assertIn("it expired on 20", self.checks["signer-validity"]["found"])

    def test_a_delegate_that_soon_expires(self):
        delegate = self.lab.delegate("soon", self.ca, days=(-30, 3))
        self.examine(WARNINGS, url=self.responder(delegate).url)
        self.assertIn("signer-expiry", self.found("warning"))

    def test_delegates_that_nobody_accepts(self):
        for name, delegate, wanted in (
            ("no EKU", self.lab.delegate("server", self.ca, ocsp_signing=False), "delegate-purpose"),
            ("of another CA", self.lab.delegate("alien", self.lab.authority("other")), "delegate-issuer"),
            ("not yet valid", self.lab.delegate("future", self.ca, days=(1, 30)), "signer-validity"),
        ):
            with self.subTest(name):
                self.examine(FAILURES, url=self.responder(delegate).url)
                self.assertEqual(self.found("failure"), {wanted})

    def test_a_signature_of_another_key(self):
        delegate = self.lab.delegate("liar", self.ca)
        delegate.key = lab.new_key("p256")
        delegate.public_key_der = self.delegate.public_key_der
        delegate.der = self.delegate.der
        self.examine(FAILURES, url=self.responder(delegate).url)
        self.assertEqual(self.found("failure"), {"signature"})
