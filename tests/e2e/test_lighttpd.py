"""ocsp-cgi behind lighttpd, configured by www/lighttpd.conf."""

import lab_forms
import lab_web


class Lighttpd(lab_forms.Forms):
    server = lab_web.Lighttpd
    refused = {"CR LF": 400}  # its http-parseopts reject control characters in a URL
    get_with_body = 400  # and "method-get-body" a GET with one
