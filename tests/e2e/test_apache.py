"""ocsp-cgi behind Apache, configured by www/apache.conf."""

import lab
import lab_forms
import lab_web
import lab_web_test


class Cgid(lab_forms.Forms):
    server = lab_web.Apache


class Cgi(lab_forms.Forms):
    server = lab_web.ApacheCgi


class BodyRefused(lab_web_test.WebTest):
    """The lines at the end of apache.conf, taken in."""

    class server(lab_web.Apache):
        def more(self):
            with open(self.www("apache.conf"), encoding="utf-8") as file:
                return [line[2:].rstrip() for line in file if line.startswith("#\t")]

    def test_a_get_with_a_body(self):
        path = "/" + lab.base64_of(self.request(self.good))
        for _ in range(20):
            reply = self.client().ask("GET", path, "Content-Length: 5", body=b"hello")
            self.assertEqual(reply.status, 400)
        reply = self.client().ask("GET", path, "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")
        self.assertEqual(reply.status, 400)

    def test_everything_else(self):
        der = self.request(self.good)
        for reply in (self.get(der), self.post(der), self.client().ask("GET", "/" + lab.base64_of(der), "Content-Length: 0")):
            self.assert_answer(reply, self.good, "good")


class Beside(lab_web_test.WebTest):
    server = lab_web.ApacheBeside

    def test_only_where_it_is_mounted(self):
        """OCSP_CGI_NOT_AT_ROOT: the rest of the host is not the responder's, and is not opened by its file"""
        path = lab.base64_of(self.request(self.good))
        for mount in ("/ocsp/", "/cgi-bin/ocsp/"):
            self.assert_answer(self.client().ask("GET", mount + path), self.good, "good")
        for target in ("/" + path, "/main.conf", "/"):
            self.assertIn(self.client().ask("GET", target).status, (403, 404))


