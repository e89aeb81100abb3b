"""What stands in the way of who finds a mistake in the programs: in their files (`make hardening`'s script, checksec) and in a
running process."""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import lab

SCRIPT = os.path.join(lab.ROOT, "tests", "supply", "hardening.sh")
SANITIZED = "asan" in lab.BUILD
ROWS = ["addresses", "stack", "segments", "relro", "binding", "text", "search", "canary", "fortify", "stack-clash", "control-flow",
        "paths", "keys"]


def objects(*patterns):
    """Of ours, in the build folder; what is left of a source that is gone does not count."""
    found = [path for pattern in patterns for path in glob.glob(os.path.join(lab.BUILD, pattern))]
    return [path for path in found if os.path.exists(os.path.join(lab.ROOT, os.path.relpath(path, lab.BUILD)[:-2] + ".c"))]


def programs():
    """(kind, program, its objects) of what was built."""
    responder = objects("ocsp-cgi.o", "lib/*.o")
    yield "dynamic", lab.program("ocspctl"), objects("ocspctl.o", "lib/ctl/*.o", "lib/ctl/*/*.o")
    for name in ("ocsp-cgi", "pie/ocsp-cgi"):
        if os.path.exists(lab.program(name)):
            yield kind_of(lab.program(name)), lab.program(name), responder


def readelf(*how):
    return subprocess.run(["readelf", *how], capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout


def kind_of(program):
    if "EXEC" in re.search(r"Type:\s+(\w+)", readelf("-hW", program))[1]:
        return "static"
    return "dynamic" if "INTERP" in readelf("-lW", program) else "pie"


def look(kind, program, *of):
    """The script's exit status and its rows: name → (verdict, text)."""
    done = subprocess.run([SCRIPT, kind, program, *of], capture_output=True, text=True, cwd=lab.ROOT, timeout=120)
    rows = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == ROWS, done.stdout + done.stderr
    return done.returncode, {name: (verdict, text) for verdict, name, text in rows}


@unittest.skipIf(SANITIZED, "the sanitizers replace what is looked for")
class Files(unittest.TestCase):
    def test_all_programs_have_everything(self):
        for kind, program, of in programs():
            status, rows = look(kind, program, *of)
            self.assertEqual((status, [name for name, row in rows.items() if row[0] == "FAIL"]), (0, []), f"{program}: {rows}")

    @unittest.skipUnless(shutil.which("checksec"), "checksec is not here")
    def test_checksec_agrees(self):
        for kind, program, _ in programs():
            told = subprocess.run(["checksec", f"--file={program}", "--format=json"], capture_output=True, text=True, check=True)
            seen = json.loads(told.stdout)[program]
            for name, wanted in (("nx", "yes"), ("canary", "yes"), ("rpath", "no"), ("runpath", "no")):
                self.assertEqual(seen[name], wanted, f"{program}: {name}")
            # It takes a program without a dynamic section, where nothing is bound lazily, for one whose relro is in part.
            self.assertEqual((seen["relro"], seen["pie"]), ("partial", "no") if kind == "static" else ("full", "yes"), program)
            if kind == "dynamic":
                self.assertEqual(seen["fortify_source"], "yes")


GOOD = "-O2 -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2".split()
GOOD_LINK = "-pie -Wl,-z,relro,-z,now,-z,noexecstack".split()
SOURCE = """
#include <stdio.h>
#include <string.h>
const char *const relocated[] = {"x", "y"};
const char *volatile constant = "x";
int fill(char *octets, const char *from) { strcpy(octets, from); return octets[0]; }
int main(int count, char **words) { char octets[20000]; strcpy(octets, words[count - 1]); return fill(octets, constant); }
"""


def without(flag):
    return [word for word in GOOD if not word.startswith(flag)]


@unittest.skipIf(SANITIZED, "the script is the same")
class Faults(unittest.TestCase):
    """A program that has everything, and the same with one thing wrong: the script names that, and nothing else."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ocsp-cgi-hardening-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def found(self, compile_flags=GOOD, link_flags=GOOD_LINK, more="", kind="dynamic"):
        source, made, program = (os.path.join(self.folder, name) for name in ("p.c", "p.o", "p"))
        with open(source, "w") as file:
            file.write(SOURCE + more)
        compiler = os.environ.get("CC", "cc").split()
        subprocess.run([*compiler, "-U_FORTIFY_SOURCE", *compile_flags, "-c", "-o", made, source], check=True, capture_output=True)
        subprocess.run([*compiler, *link_flags, "-o", program, made], check=True, capture_output=True)
        status, rows = look(kind, program, made)
        missing = [name for name, row in rows.items() if row[0] == "FAIL"]
        self.assertEqual(status, 1 if missing else 0)
        return missing

    def test_one_with_everything(self):
        self.assertEqual(self.found(), [])

    def test_compiled_without(self):
        cases = [
            ("canary", [*without("-fstack-protector"), "-fno-stack-protector"]),
            ("fortify", without("-D_FORTIFY")),
        ]
        if os.uname().machine == "x86_64":
            cases.append(("stack-clash", [*without("-fstack-clash"), "-fno-stack-clash-protection"]))
        for name, flags in cases:
            with self.subTest(name):
                self.assertEqual(self.found(compile_flags=flags), [name])

    def test_linked_without(self):
        for name, flags in (
            ("addresses", [*GOOD_LINK[1:], "-no-pie"]),
            ("stack", ["-pie", "-Wl,-z,relro,-z,now,-z,execstack"]),
            ("binding", ["-pie", "-Wl,-z,relro,-z,lazy,-z,noexecstack"]),
            ("search", [*GOOD_LINK, "-Wl,-rpath,/opt/lib"]),
            ("search", [*GOOD_LINK, "-Wl,--enable-new-dtags,-rpath,$ORIGIN"]),
        ):
            with self.subTest(name):
                self.assertEqual(self.found(link_flags=flags), [name])
        self.assertIn("relro", self.found(link_flags=["-pie", "-Wl,-z,norelro,-z,now,-z,noexecstack"]))

    def test_another_kind_of_program(self):
        self.assertIn("addresses", self.found(kind="pie"))
        self.assertIn("addresses", self.found(kind="static"))

    def test_code_that_is_written_to(self):
        writable = '__asm__(".section .evil,\\"awx\\"\\n.long 0\\n.text\\n");'
        self.assertEqual(self.found(more=writable), ["segments"])
        relocated = '__asm__(".text\\n.quad main\\n");'
        self.assertEqual(self.found(link_flags=[*GOOD_LINK, "-Wl,-z,notext"], more=relocated), ["text"])

    def test_what_must_not_be_in_it(self):
        folder = json.dumps(lab.ROOT + "/lib/cgi.c")
        self.assertEqual(self.found(more=f"const char *where = {folder};"), ["paths"])
        pem = 'const char *pem = "-----BEGIN EC PRIVATE" " KEY-----";'
        self.assertEqual(self.found(more=pem), ["keys"])
        key = subprocess.run("openssl ecparam -genkey -name prime256v1 -noout -outform DER".split(), capture_output=True, check=True)
        rsa = subprocess.run("openssl genrsa 2048".split(), capture_output=True, check=True)
        rsa = subprocess.run("openssl rsa -outform DER -traditional".split(), input=rsa.stdout, capture_output=True, check=True)
        pkcs8 = subprocess.run("openssl pkcs8 -topk8 -nocrypt -inform DER -outform DER".split(), input=key.stdout, capture_output=True)
        for der in (key.stdout, rsa.stdout, pkcs8.stdout):
            octets = ",".join(str(octet) for octet in der)
            self.assertEqual(self.found(more=f"const unsigned char key[] = {{{octets}}};"), ["keys"])


@unittest.skipIf(SANITIZED, "the sanitizers map what they like")
@unittest.skipIf(os.geteuid() != 0, "only root may look into a process that cannot be traced")
class Running(lab.LabTest):
    """A process that waits for a body, in /proc/PID/maps: [(start, end, permissions, name)]."""

    def mapped(self, program, file):
        """The lines of /proc/PID/`file`."""
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100"}
        waiting = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment)
        try:
            for _ in range(200):
                time.sleep(0.01)
                with open(f"/proc/{waiting.pid}/{file}") as text:
                    lines = text.read().splitlines()
                if any(line.endswith(" " + self.lab.snapshot) for line in lines):
                    return lines
            self.fail("the snapshot is never mapped")
        finally:
            waiting.kill()
            waiting.communicate()

    def maps(self, program):
        rows = [line.split(maxsplit=5) for line in self.mapped(program, "maps")]
        return [(*(int(end, 16) for end in row[0].split("-")), row[1], row[5].strip() if len(row) > 5 else "") for row in rows]

    def responders(self):
        return [(kind, program) for kind, program, _ in programs() if program.endswith("ocsp-cgi")]

    def test_nothing_is_writable_and_executable(self):
        for _, program in self.responders():
            for start, _, permissions, name in self.maps(program):
                self.assertFalse("w" in permissions and "x" in permissions, f"{program}: {start:x} {permissions} {name}")

    def test_relocated_tables_are_read_only(self):
        for kind, program in self.responders():
            found = re.search(r"GNU_RELRO\s+\S+\s+(\S+)\s+\S+\s+\S+\s+(\S+)", readelf("-lW", program))
            first, size = int(found[1], 16), int(found[2], 16)
            rows = self.maps(program)
            base = 0 if kind == "static" else min(row[0] for row in rows if row[3] == program)
            start, end = (base + first) & ~0xFFF, (base + first + size) & ~0xFFF
            inside = [row for row in rows if row[0] < end and row[1] > start]
            self.assertTrue(inside)
            self.assertEqual({row[2] for row in inside}, {"r--p"}, f"{program}: {inside}")

    def test_keys_are_left_out_of_core_dumps(self):
        """whoever has one written: "dd" is MADV_DONTDUMP"""
        for _, program in self.responders():
            lines = self.mapped(program, "smaps")
            (start,) = (number for number, line in enumerate(lines) if line.endswith(" " + self.lab.snapshot))
            flags = next(line for line in lines[start:] if line.startswith("VmFlags:"))
            self.assertIn("dd", flags.split(), f"{program}: {flags}")

    def test_keys_are_mapped_read_only_and_at_random_addresses(self):
        for kind, program in self.responders():
            runs = [self.maps(program) for _ in range(4)]
            for rows in runs:
                self.assertEqual({row[2][:3] for row in rows if row[3] == self.lab.snapshot}, {"r--"})
            for name in (self.lab.snapshot, "[stack]"):
                self.assertGreater(len({row[0] for rows in runs for row in rows if row[3] == name}), 2, f"{program}: {name}")
            code = {min(row[0] for row in rows if row[3] == program) for rows in runs}
            self.assertEqual(len(code) > 1, kind != "static", f"{program}: its own code")
