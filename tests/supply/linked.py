"""What a built program consists of besides our own code: the libraries that the linker took (PROGRAM.linked is its trace),
the packages of the system that own them, and the compilers' names."""

import os
import re
import shutil
import subprocess


class Owner:
    """A package of the system; its version is that of pkg-config, or unknown, where there is no dpkg."""

    def __init__(self, name, version, source=None, source_version=None, purl=None, system=None):
        self.name, self.version, self.source, self.source_version = name, version, source or name, source_version
        self.purl, self.system = purl, system


PKG_CONFIG = {"libhiredis": "hiredis", "libyaml": "yaml-0.1", "libyaml-0": "yaml-0.1"}  # the others are called as their files


def output_of(*command):
    """Standard output, or None: the command is not there, or it failed."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.strip() if done.returncode == 0 else None


def debian_owner(path):
    """dpkg knows a file by the name it was installed under: with or without /usr, in a system that has joined the two."""
    for name in (path, path.removeprefix("/usr"), "/usr" + path):
        found = output_of("dpkg-query", "-S", name)
        if found:
            return found.partition(": ")[0]
    return None


def operating_system():
    with open("/etc/os-release") as file:
        values = dict(line.strip().split("=", 1) for line in file if "=" in line)
    return values.get("ID", "linux").strip('"'), values.get("VERSION_ID", "").strip('"')


def owner_of(path):
    path = os.path.realpath(path)
    package = debian_owner(path)
    if package:
        fields = "${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}"
        name, version, architecture, source, source_version = output_of("dpkg-query", "-W", "-f", fields, package).split()
        system, release = operating_system()
        distribution = f"{system}-{release}" if release else system
        purl = f"{system}/{name}@{version}?arch={architecture}&distro={distribution}".replace("+", "%2B")
        return Owner(name, version, source, source_version, purl, system.capitalize())
    name = os.path.basename(path).split(".")[0]
    return Owner(name, output_of("pkg-config", "--modversion", PKG_CONFIG.get(name, name)))


def dynamic_entries(path, tag):
    """The strings of an ELF file's dynamic section: NEEDED, SONAME."""
    found = output_of("readelf", "-dW", path) or ""
    return re.findall(rf"\({tag}\).*\[(.*)\]", found)


def archives_in(trace):
    """Of an archive only the members that are in the program count: lld writes FILE(member), GNU's ld (FILE)member."""
    for line in trace:
        found = re.fullmatch(r"(/.*\.a)\(.*\)", line) or re.fullmatch(r"\((/.*\.a)\).*", line)
        if found:
            yield found[1]


def shared_in(trace, program):
    """Of what the linker read, that which the program asks the loader for."""
    needed = set(dynamic_entries(program, "NEEDED"))
    for line in trace:
        if re.fullmatch(r"/.*\.so[.0-9]*", line) and needed & set(dynamic_entries(line, "SONAME")):
            yield line


def libraries_of(program):
    """(STATIC or DYNAMIC, the library's file name, its Owner), each library once, by name."""
    with open(program + ".linked") as file:
        trace = file.read().splitlines()
    found = {("STATIC", os.path.realpath(path)) for path in archives_in(trace)}
    found |= {("DYNAMIC", os.path.realpath(path)) for path in shared_in(trace, program)}
    return [(kind, os.path.basename(path), owner_of(path)) for kind, path in sorted(found)]


def tools_of(program):
    """What compilers and linkers have left of their names and versions."""
    found = output_of("readelf", "-p", ".comment", program) or ""
    return sorted(re.findall(r"\[ *[0-9a-f]+\] +(.*)", found))


def compiler(folder):
    with open(os.path.join(folder, "build", "flags")) as file:
        return shutil.which(file.read().split()[0])
