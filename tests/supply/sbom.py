#!/usr/bin/python3
"""sbom.py ARCHIVE FOLDER: what `make dist` ships, and what went into it, as SPDX 2.3 JSON on standard output: the archive with
each of its files, and the programs that were built in FOLDER from it, with the libraries that the linker took and the compiler.
The same octets for the same archive, compiler and libraries: no clock, no folder's name."""

import hashlib
import json
import os
import re
import sys
import tarfile
import time
import uuid

import linked

NONE = "NOASSERTION"
# What the libraries' Debian packages say in their copyright files; by the name of the source package.
LICENCES = {
    "openssl": "Apache-2.0",
    "hiredis": "BSD-3-Clause",
    "libyaml": "MIT",
    "curl": "curl",
    "glibc": "LGPL-2.1-or-later",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
}


def checksums(octets, *algorithms):
    make = lambda name: {"algorithm": name, "checksumValue": hashlib.new(name.lower(), octets).hexdigest()}
    return [make(name) for name in algorithms]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def purl(kind, value):
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:{kind}/{value}"}]


class Archive:
    """The files of the archive, its commit and that commit's time, which is the time of each file."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.octets = read(path)
        self.files = []
        with tarfile.open(path) as archive:
            self.commit = archive.pax_headers["comment"]
            for member in archive:
                self.created = member.mtime
                if member.isfile():
                    self.files.append(self.file(len(self.files), member.name, archive.extractfile(member).read()))

    @staticmethod
    def file(number, name, octets):
        return {
            "SPDXID": f"SPDXRef-File-{number}",
            "fileName": "./" + name.partition("/")[2],
            "checksums": checksums(octets, "SHA1", "SHA256"),
        }

    def package(self, version):
        digests = sorted(file["checksums"][0]["checksumValue"] for file in self.files)
        return {
            "SPDXID": "SPDXRef-Source",
            "name": "ocsp-cgi",
            "versionInfo": version,
            "packageFileName": self.name,
            "primaryPackagePurpose": "SOURCE",
            "downloadLocation": NONE,
            "sourceInfo": f"git commit {self.commit}",
            "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": hashlib.sha1("".join(digests).encode()).hexdigest()},
            "checksums": checksums(self.octets, "SHA1", "SHA256"),
            "licenseConcluded": NONE,
            "licenseDeclared": "Apache-2.0",
            "copyrightText": NONE,
            "externalRefs": purl("generic", f"ocsp-cgi@{version}"),
        }


def program_package(name, version, folder):
    path = os.path.join(folder, "build", name)
    with open(os.path.join(folder, "build", "flags")) as file:
        flags = file.read().replace(os.path.realpath(folder), ".").strip()
    return {
        "SPDXID": f"SPDXRef-Program-{name}",
        "name": name,
        "versionInfo": version,
        "packageFileName": name,
        "primaryPackagePurpose": "APPLICATION",
        "downloadLocation": NONE,
        "filesAnalyzed": False,
        "checksums": checksums(read(path), "SHA1", "SHA256"),
        "licenseConcluded": NONE,
        "licenseDeclared": "Apache-2.0",
        "copyrightText": NONE,
        "comment": "; ".join([*linked.tools_of(path), *flags.splitlines()]),
    }


def system_package(owner, purpose):
    """A package of the system, which owns a library or the compiler."""
    package = {
        "SPDXID": "SPDXRef-System-" + re.sub("[^A-Za-z0-9.-]", "-", owner.name),
        "name": owner.name,
        "versionInfo": owner.version or NONE,
        "primaryPackagePurpose": purpose,
        "downloadLocation": NONE,
        "filesAnalyzed": False,
        "licenseConcluded": NONE,
        "licenseDeclared": LICENCES.get(owner.source.rstrip("-0123456789"), NONE) if purpose == "LIBRARY" else NONE,
        "copyrightText": NONE,
    }
    if owner.purl:
        package["supplier"] = f"Organization: {owner.system}"
        package["sourceInfo"] = f"{owner.system}'s source package {owner.source} {owner.source_version}"
        package["externalRefs"] = purl("deb", owner.purl)
    return package


class Document:
    def __init__(self, name, version, created):
        self.packages, self.relationships = {}, []
        self.document = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"{name}-{version}",
            "creationInfo": {
                "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created)),
                "creators": [f"Tool: ocsp-cgi-make-dist-{version}"],
            },
        }

    def add(self, package):
        self.packages.setdefault(package["SPDXID"], package)
        return package["SPDXID"]

    def relate(self, one, kind, other, comment=None):
        row = {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
        self.relationships.append({**row, **({"comment": comment} if comment else {})})

    def text(self, files):
        whole = {**self.document, "packages": list(self.packages.values()), "files": files, "relationships": self.relationships}
        name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(whole))
        whole["documentNamespace"] = f"https://spdx.org/spdxdocs/{whole['name']}-{name}"
        return json.dumps(whole, indent=1, sort_keys=True)


def main(path, folder):
    archive = Archive(path)
    version = os.path.basename(folder).rpartition("-")[2]
    document = Document("ocsp-cgi", version, archive.created)
    source = document.add(archive.package(version))
    document.relate("SPDXRef-DOCUMENT", "DESCRIBES", source)
    for file in archive.files:
        document.relate(source, "CONTAINS", file["SPDXID"])
    for name in ("ocsp-cgi", "ocspctl"):
        program = document.add(program_package(name, version, folder))
        document.relate("SPDXRef-DOCUMENT", "DESCRIBES", program)
        document.relate(program, "GENERATED_FROM", source)
        for kind, library, owner in linked.libraries_of(os.path.join(folder, "build", name)):
            document.relate(program, f"{kind}_LINK", document.add(system_package(owner, "LIBRARY")), library)
        compiler = document.add(system_package(linked.owner_of(linked.compiler(folder)), "APPLICATION"))
        document.relate(compiler, "BUILD_TOOL_OF", program)
    print(document.text(archive.files))


if __name__ == "__main__":
    main(sys.argv[1], os.path.normpath(sys.argv[2]))
