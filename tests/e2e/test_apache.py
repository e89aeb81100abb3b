"""ocsp-cgi behind Apache, configured by www/apache.conf."""

import lab
import lab_forms
import lab_web
import lab_web_test


class Cgid(lab_forms.Forms):
    server = lab_web.Apache


class Cgi(lab_forms.Forms):
    server = lab_web.ApacheCgi


class Beside(lab_web_test.WebTest):
    server = lab_web.ApacheBeside

    def test_only_where_it_is_mounted(self):
        """OCSP_CGI_NOT_AT_ROOT: the rest of the host is not the responder's, and is not opened by its file"""
        path = lab.base64_of(self.request(self.good))
        for mount in ("/ocsp/", "/cgi-bin/ocsp/"):
            self.assert_answer(self.client().ask("GET", mount + path), self.good, "good")
        for target in ("/" + path, "/main.conf", "/"):
            self.assertIn(self.client().ask("GET", target).status, (403, 404))


