"""HTTPS servers that are clients of the responder: they staple its answers, and ask about their clients' certificates."""

import lab_web


class TlsServer(lab_web.Server):
    """
    One port; for each of `certificates` a host NAME.example, and with `client_ca` one more, clients.example, for clients
    whose certificates that CA issued and the responder calls good.
    """

    log = "error.log"

    def __init__(self, site, certificates, chains, trust, client_ca=None, staples=True):
        """`chains`: certificate name → certificates that go out behind it; `trust`: a file of all roots."""
        self.hosts, self.chains, self.trust, self.client_ca = certificates, chains, trust, client_ca
        self.staples = staples
        super().__init__(site)

    def chain_file(self, certificate):
        files = [one.path for one in (certificate, *self.chains.get(certificate.name, ()))]
        return self.write(f"{certificate.name}.chain.pem", "".join(open(file, encoding="ascii").read() for file in files))

    def key_file(self, certificate):
        return self.site.path(certificate.key_file)


class NginxTls(TlsServer):
    def start(self):
        lines = [f"pid {self.path('pid')};", f"error_log {self.path('error.log')} info;", "daemon off;", "worker_processes 1;"]
        lines += ["events { worker_connections 64; }", "http {", "access_log off;"]
        lines += [f"{kind}_temp_path {self.path(kind)};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
        lines += ["ssl_protocols TLSv1.2 TLSv1.3;"]
        staple = ["ssl_stapling on;", "ssl_stapling_verify on;"]
        for certificate in self.hosts:
            lines += self.host(certificate, f"{certificate.name}.example", staple if self.staples else [])
        if self.client_ca:
            clients = [f"ssl_client_certificate {self.client_ca.path};", "ssl_verify_client on;", "ssl_ocsp leaf;"]
            lines += self.host(self.hosts[0], "clients.example", clients)
        main = self.write("main.conf", "\n".join([*lines, "}", ""]))
        self.run(lab_web.command("nginx"), "-c", main, "-p", self.folder, "-e", self.path("error.log"))
        self.wait_until(self.is_listening)

    def host(self, certificate, name, more):
        lines = ["server {", f"listen 127.0.0.1:{self.port} ssl;", f"server_name {name};"]
        lines += [f"ssl_certificate {self.chain_file(certificate)};", f"ssl_certificate_key {self.key_file(certificate)};"]
        return [*lines, f"ssl_trusted_certificate {self.trust};", *more, 'location / { return 200 "welcome"; }', "}"]


class ApacheTls(TlsServer):
    modules = ["mpm_event", "authz_core", "alias", "unixd", "ssl", "socache_shmcb"]

    def start(self):
        page = self.write("page.txt", "welcome")
        lines = [*lab_web.load_modules(self.modules), f'ServerRoot "{self.folder}"', "ServerName localhost"]
        lines += [f"Listen 127.0.0.1:{self.port}", "PidFile pid", "DefaultRuntimeDir .", "Mutex file:.", "ErrorLog error.log"]
        lines += ["LogLevel warn ssl:info", "StartServers 1", "SSLStaplingCache shmcb:staples(128000)"]
        lines += [f'AliasMatch "^/$" "{page}"', "<Directory />", "Require all granted", "</Directory>"]
        # Of a CGI program on a busy machine; and what failed once is asked again at once.
        staple = ["SSLUseStapling on", "SSLStaplingResponderTimeout 10", "SSLStaplingErrorCacheTimeout 1"]
        for certificate in self.hosts:
            lines += self.host(certificate, f"{certificate.name}.example", staple if self.staples else [])
        if self.client_ca:
            clients = [f'SSLCACertificateFile "{self.client_ca.path}"', "SSLVerifyClient require", "SSLOCSPEnable leaf"]
            lines += self.host(self.hosts[0], "clients.example", clients)
        main = self.write("main.conf", "\n".join([*lines, ""]))
        self.run(lab_web.command("apache2", "httpd"), "-f", main, "-DFOREGROUND")
        self.wait_until(self.is_listening)

    def host(self, certificate, name, more):
        lines = [f"<VirtualHost 127.0.0.1:{self.port}>", f"ServerName {name}", "SSLEngine on"]
        lines += [f'SSLCertificateFile "{self.chain_file(certificate)}"']
        lines += [f'SSLCertificateKeyFile "{self.key_file(certificate)}"']
        return [*lines, *more, "</VirtualHost>"]
