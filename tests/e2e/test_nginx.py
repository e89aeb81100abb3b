"""ocsp-cgi behind nginx and fcgiwrap, configured by www/nginx.conf."""

import lab_forms
import lab_web


class Nginx(lab_forms.Forms):
    server = lab_web.Nginx
    lower_case_get = 400
