"""Requests per second through real web servers, by wrk: each on its loopback port, with the configuration of www/."""

import re
import shutil
import subprocess

import sites  # first: it knows where the tests' library is
import lab
import lab_web
import ocsp

SECONDS = 4


class Site(lab_web.Site):
    """`program` stands where ocsp-cgi would."""

    def __init__(self, program=sites.CGI):
        super().__init__()
        self.ca = self.authority("ca")
        self.compile({"ca": lab.table_ca("ca", self.delegate("ocsp", self.ca))}, cache_headers=True, max_cache_age=3600)
        self.index("index.txt", [("V", 1, "")])
        self.table("ca", "--index", "index.txt")
        shutil.copy(program, self.cgi)
        der = ocsp.request(ocsp.certid(self.ca, 1))
        self.get_path = "/ocsp/" + lab.base64_of(der)
        octets = "".join(f"\\x{octet:02x}" for octet in der)
        self.post = self.write("post.lua", f'wrk.method = "POST"\nwrk.body = "{octets}"\nwrk.headers["Content-Type"] = "application/ocsp-request"\n')


def wrk(server, path, *options):
    """Requests per second; an answer that is not 200 spoils the measurement."""
    url = f"http://127.0.0.1:{server.port}{path}"
    words = ["wrk", "-t1", "-c4", f"-d{SECONDS}s", *options, url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1])


def by_post(server):
    return wrk(server, "/", "-s", server.site.post)


def lighttpd_against_floor(table):
    """Both in turn, twice: what else the machine does falls on both."""
    ours, floor = Site(), Site(sites.FLOOR)
    servers = lab_web.Lighttpd(ours), lab_web.Lighttpd(floor)
    try:
        rates = [[by_post(server) for server in servers] for _ in range(2)]
        mine, other = (sum(column) / 2 for column in zip(*rates))
        part = 100 * mine / other
        table.row("lighttpd, requests/s against the floor as CGI", f"{part:.0f} % of {other:.0f}/s", ">= 60 %", part >= 60)
    finally:
        for server in servers:
            server.close()
        for site in (ours, floor):
            site.close()


def servers():
    print("\nRequests per second: P-256, table, one connection each of four, server and wrk on the same processors")
    site = Site()
    plain = (("lighttpd, mod_cgi", lab_web.Lighttpd), ("Apache, mod_cgid", lab_web.Apache), ("nginx, fcgiwrap", lab_web.Nginx))
    cached = (("Apache, mod_cache", lab_web.ApacheCache), ("nginx, proxy_cache", lab_web.NginxCache))
    try:
        for name, kind in plain + cached:
            server = kind(site)
            try:
                get = wrk(server, site.get_path)
                post = by_post(server) if (name, kind) in plain else None
            finally:
                server.close()
            print(f"  {name:<26} GET {get:>8.0f}" + (f"   POST {post:>8.0f}" if post else "   from the cache"), flush=True)
    finally:
        site.close()
