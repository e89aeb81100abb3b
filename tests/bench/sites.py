"""What is measured: throw-away sites, each with a snapshot, a request's file and a command's environment."""

import os
import sys

BUILD = os.path.abspath(sys.argv[1])
os.environ["OCSP_CGI_BUILD"] = BUILD
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

# pylint: disable=wrong-import-position
import lab
import lab_redis
import ocsp

CGI = os.path.join(BUILD, "ocsp-cgi")
EVP_CGI = os.path.join(BUILD, "evp", "ocsp-cgi")
FLOOR = os.path.join(BUILD, "bench", "floor")
PLAIN = os.path.join(BUILD, "bench", "plain-cgi")


class Site(lab.Lab):
    """One CA, one delegate; a table of the serials 1 … `serials`, or Redis."""

    def __init__(self, key="p256", redis=None, serials=8):
        super().__init__()
        self.redis = redis
        self.ca = self.authority("ca")
        self.delegate = super().delegate("ocsp", self.ca, key=key)
        if redis:
            self.compile({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": f"unix:{redis.path}"})
        else:
            self.compile({"ca": lab.table_ca("ca", self.delegate)})
            self.index("index.txt", [("V", serial, "") for serial in range(1, serials + 1)])
            self.write("index.txt.attr", "unique_subject = no\n")
            self.table("ca", "--index", "index.txt")
        self.request_file = self.ask_for("request.der", [1])


    def ask_for(self, name, serials, **more):
        return self.write(name, ocsp.request(*(ocsp.certid(self.ca, serial) for serial in serials), **more))

    def run(self, name, program=CGI, request=None):
        """spawn's words for one command."""
        return [name, request or self.request_file, f"OCSP_CGI_SNAPSHOT={self.snapshot}", program]

    def plain(self, name):
        files = {"CA": self.ca.path, "CERT": self.delegate.path, "KEY": self.path(self.delegate.key_file)}
        files |= {"REDIS": self.redis.path, "PREFIX": "cert:/CN=ca:"}
        return [name, self.request_file] + [f"PLAIN_{key}={value}" for key, value in files.items()] + [PLAIN]

    def openssl(self, name):
        words = f"openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key -ndays 7 -reqin request.der -respout /dev/null"
        return [name, self.request_file, "PATH=/usr/bin:/bin"] + [
            self.path(word) if os.path.exists(self.path(word)) and "." in word else word for word in words.split()
        ]


def start_redis(serials=8):
    """A server with the hashes of /CN=ca's serials 1 … `serials`."""
    import tempfile

    server = lab_redis.Server(tempfile.mkdtemp(prefix="ocsp-cgi-bench-"))
    more_hashes(server, 1, serials)
    return server


def more_hashes(server, first, last):
    script = "for i = ARGV[1], ARGV[2] do redis.call('HSET', 'cert:/CN=ca:' .. string.format('%d', i), 'status', '0') end"
    for start in range(first, last + 1, 100000):
        server.do("EVAL", script, 0, start, min(last, start + 99999))
