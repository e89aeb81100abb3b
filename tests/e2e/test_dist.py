"""`make dist`, twice, from one commit: other folder, other time, other user's settings. Archive, SBOM and programs are the same
octets, and the SBOM says what they are."""

import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time
import unittest

import lab
import spdx

with open(os.path.join(lab.ROOT, "Makefile")) as makefile:
    VERSION = re.search(r"^VERSION *= *(\S+)", makefile.read(), re.MULTILINE)[1]
NAME = f"ocsp-cgi-{VERSION}"
COMMITTED_AT = 1750000000
SIGN = "evp" if lab.BUILD.endswith("evp") else "lowlevel"


def run(command, **environment):
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS")}
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**keep, **environment}, timeout=900)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def commit_everything(folder, home):
    """The files as they are here, committed or not: a repository of one commit."""
    skip = {os.path.join(lab.ROOT, name) for name in (".git", "build", "dist")}
    shutil.copytree(lab.ROOT, folder, ignore=lambda where, names: [name for name in names if os.path.join(where, name) in skip])
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "x"), ("EMAIL", "x@localhost"), ("DATE", f"{COMMITTED_AT} +0000"))}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "everything"]):
        run(["git", "-C", folder, *words], HOME=home, **who)


class Made:
    """What `make dist` has left in a folder."""

    def __init__(self, folder):
        self.archive = read(folder, "dist", f"{NAME}.tar.xz")
        self.sbom = read(folder, "dist", f"{NAME}.spdx.json")
        self.build = os.path.join(folder, "build", "dist", NAME, "build")
        self.programs = {name: read(self.build, name) for name in ("ocsp-cgi", "ocspctl")}


def flags_of(build, folder):
    """What a build was made with, its own folder and WERROR=1 left out."""
    return read(build, "flags").decode().replace(folder, ".").replace("-Werror", "").split()


@unittest.skipIf("asan" in lab.BUILD, "nobody ships the sanitizers' build")
class Dist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ocsp-cgi-dist-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        one, other = os.path.join(cls.folder, "a"), os.path.join(cls.folder, "much deeper", "b")
        commit_everything(one, cls.folder)
        run(["make", "-s", "-j2", "-C", one, "dist", f"SIGN={SIGN}"], HOME=cls.folder, LC_ALL="C", TZ="UTC")
        cls.one = Made(one)
        home = os.path.join(cls.folder, "home")
        os.mkdir(home)
        with open(os.path.join(home, ".gitconfig"), "w") as file:
            file.write("[tar]\n\tumask = 077\n[core]\n\tautocrlf = true\n")
        run(["git", "clone", "-q", one, other], HOME=cls.folder)
        surroundings = {"HOME": home, "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "XZ_DEFAULTS": "-T2", "XZ_OPT": "-0", "USER": "other"}
        run(["sh", "-c", f"umask 077; make -s -j1 -C {shlex.quote(other)} dist SIGN={SIGN}"], **surroundings)
        cls.other = Made(other)
        cls.document = spdx.Document(cls.one.sbom)
        with tarfile.open(fileobj=io.BytesIO(cls.one.archive)) as archive:
            cls.members = {member.name.partition("/")[2]: (member, archive.extractfile(member).read())
                           for member in archive if member.isfile()}

    def assert_same(self, one, other, what):
        where = next((place for place, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))
        self.assertTrue(one == other, f"{what}: {len(one)} and {len(other)} octets, different from octet {where} on")

    def test_two_folders_give_the_same_programs(self):
        for name, octets in self.one.programs.items():
            self.assert_same(octets, self.other.programs[name], name)

    def test_two_users_give_the_same_archive_and_sbom(self):
        self.assert_same(self.one.archive, self.other.archive, "archive")
        self.assert_same(self.one.sbom, self.other.sbom, "SBOM")

    def test_the_programs_under_test_are_the_same_octets(self):
        """Built here, in a third folder, at another time."""
        if flags_of(lab.BUILD, lab.ROOT) != flags_of(self.one.build, os.path.dirname(self.one.build)):
            self.skipTest("they were built with other flags")
        for name, octets in self.one.programs.items():
            self.assert_same(read(lab.program(name)), octets, name)

    def test_the_archive_is_the_commit_and_nothing_else(self):
        for name, (member, octets) in self.members.items():
            self.assertEqual(octets, read(lab.ROOT, name), name)
            self.assertEqual((member.mtime, member.uid, member.gid, member.mode & 0o7666), (COMMITTED_AT, 0, 0, 0o644), name)
        self.assertLessEqual({"Makefile", "LICENSE", "README.md", "SECURITY.md", "lib/cgi.c", "tests/run.sh"}, set(self.members))

    def test_what_is_in_no_commit_does_not_change_the_archive(self):
        """git's own files in a clone: objects that stand for others, and attributes, which cannot be left unread"""
        clone = os.path.join(self.folder, "clone")
        archive = [os.path.join(clone, "tests", "supply", "archive.sh"), "again.tar.xz", NAME]
        run(["git", "clone", "-q", os.path.join(self.folder, "a"), clone], HOME=self.folder)
        other = run(["git", "-C", clone, "rev-parse", "HEAD:Makefile"]).strip()
        run(["git", "-C", clone, "replace", "-f", run(["git", "-C", clone, "rev-parse", "HEAD:SECURITY.md"]).strip(), other])
        subprocess.run(archive, cwd=clone, check=True)
        self.assertEqual(read(clone, "again.tar.xz"), self.one.archive)
        with open(os.path.join(clone, ".git", "info", "attributes"), "w") as file:
            file.write("SECURITY.md export-ignore\n")
        done = subprocess.run(archive, cwd=clone, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("info/attributes would change the archive", done.stderr)

    def test_sbom_is_of_the_commit(self):
        self.assertEqual(self.document.created, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(COMMITTED_AT)))
        described = [element["SPDXID"] for element, _ in self.document.related("SPDXRef-DOCUMENT", "DESCRIBES")]
        self.assertEqual(described, ["SPDXRef-Source", "SPDXRef-Program-ocsp-cgi", "SPDXRef-Program-ocspctl"])
        for name in described:
            package = self.document.package(name)
            self.assertEqual((package["versionInfo"], package["licenseDeclared"]), (VERSION, "Apache-2.0"))

    def test_sbom_has_every_file_and_its_checksums(self):
        self.assertEqual({"./" + name for name in self.members}, set(self.document.files))
        source = self.document.package("SPDXRef-Source")
        contained = [file["fileName"] for file, _ in self.document.related("SPDXRef-Source", "CONTAINS")]
        self.assertEqual(sorted(contained), sorted(self.document.files))
        things = [(source, self.one.archive)]
        things += [(self.document.package(f"SPDXRef-Program-{name}"), octets) for name, octets in self.one.programs.items()]
        things += [(self.document.files["./" + name], octets) for name, (_, octets) in self.members.items()]
        for element, octets in things:
            self.assertEqual(spdx.checksum(element, "SHA1"), hashlib.sha1(octets).hexdigest())
            self.assertEqual(spdx.checksum(element, "SHA256"), hashlib.sha256(octets).hexdigest())
        digests = sorted(hashlib.sha1(octets).hexdigest() for _, octets in self.members.values())
        code = hashlib.sha1("".join(digests).encode()).hexdigest()
        self.assertEqual(source["packageVerificationCode"]["packageVerificationCodeValue"], code)

    def libraries(self, program, kind):
        related = self.document.related(f"SPDXRef-Program-{program}", kind)
        return {library: package for package, library in related}

    def test_sbom_has_the_libraries_that_ocspctl_loads(self):
        listed = run(["readelf", "-dW", os.path.join(self.one.build, "ocspctl")])
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", listed)
        found = self.libraries("ocspctl", "DYNAMIC_LINK")
        self.assertEqual(len(needed), len(found))
        for name in needed:
            self.assertTrue(any(library.startswith(name) for library in found), f"{name}: {sorted(found)}")

    def test_sbom_has_the_libraries_that_lie_in_ocsp_cgi(self):
        static, dynamic = self.libraries("ocsp-cgi", "STATIC_LINK"), self.libraries("ocsp-cgi", "DYNAMIC_LINK")
        self.assertLessEqual({"libcrypto.a", "libhiredis.a", "libc.a"}, set(static))
        self.assertEqual(dynamic, {})

    @unittest.skipUnless(shutil.which("dpkg-query"), "elsewhere the versions are pkg-config's")
    def test_sbom_has_the_versions_that_are_installed(self):
        linked = [package for name in self.one.programs for kind in ("STATIC_LINK", "DYNAMIC_LINK")
                  for package in self.libraries(name, kind).values()]
        names = {package["name"] for package in linked}
        self.assertLessEqual({"libssl-dev", "libhiredis-dev", "libc6-dev"}, names)
        for package in linked:
            version = run(["dpkg-query", "-W", "-f", "${Version}\n", package["name"]]).splitlines()[0]
            self.assertEqual(package["versionInfo"], version)
            locator = package["externalRefs"][0]["referenceLocator"]
            self.assertRegex(locator, "^pkg:deb/[a-z]+/" + re.escape(package["name"] + "@" + version.replace("+", "%2B")) + r"\?arch=")

    def test_sbom_where_there_is_no_dpkg(self):
        tools = os.path.join(self.folder, "tools")
        os.mkdir(tools)
        for name in ("readelf", "pkg-config", os.environ.get("CC", "cc").split()[0]):
            if shutil.which(name):
                os.symlink(shutil.which(name), os.path.join(tools, os.path.basename(name)))
        archive = os.path.join(self.folder, "a", "dist", f"{NAME}.tar.xz")
        script = os.path.join(lab.ROOT, "tests", "supply", "sbom.py")
        document = spdx.Document(run(["/usr/bin/python3", "-B", script, archive, os.path.dirname(self.one.build)], PATH=tools))
        libraries = [library for _, library in document.related("SPDXRef-Program-ocsp-cgi", "STATIC_LINK")]
        self.assertLessEqual({"libcrypto.a", "libhiredis.a", "libc.a"}, set(libraries))
        self.assertFalse(any("pkg:deb" in str(package) for package in document.whole["packages"]))
