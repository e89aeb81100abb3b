"""ocsp-cgi behind lighttpd, configured by www/lighttpd.conf."""

import lab
import lab_forms
import lab_web
import lab_web_test


class Lighttpd(lab_forms.Forms):
    server = lab_web.Lighttpd
    refused = {"CR LF": 400}  # its http-parseopts reject control characters in a URL
    get_with_body = 400  # and "method-get-body" a GET with one


class BehindStaticFiles(lab_web_test.WebTest):
    """Included where mod_staticfile is loaded already, as at the end of Debian's lighttpd.conf."""

    class server(lab_web.Lighttpd):
        before = 'server.modules = ( "mod_staticfile" )\nstatic-file.exclude-extensions = ( ".php" )\n'

    def test_the_program_is_run_and_not_sent(self):
        der = self.request(self.good)
        for reply in (self.post(der), self.get(der), self.client().ask("GET", "/ocsp/" + lab.base64_of(der))):
            self.assert_answer(reply, self.good, "good")
        for target in ("/ocsp", "/cgi-bin/ocsp", "/ocsp/", "/status"):
            self.assertNotIn(b"ELF", self.client().ask("GET", target).body, target)

    def test_the_page_is_still_sent(self):
        self.assertIn(b"<html", self.client().ask("GET", "/").body)
