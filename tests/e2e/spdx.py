"""A strict reader of SPDX 2.3 in JSON: what the specification requires of a document is there and well-formed, nothing else is
there, and each identifier that is spoken of exists, once."""

import json
import re

ID = r"SPDXRef-[A-Za-z0-9.-]+"
LINE = r"[^\n]+"
ACTOR = r"NOASSERTION|(Organization|Person): [^\n]+"
LICENCE = r"NOASSERTION|[A-Za-z0-9.+-]+( WITH [A-Za-z0-9.+-]+)?"
LENGTHS = {"SHA1": 40, "SHA256": 64}
RELATIONSHIPS = "DESCRIBES|CONTAINS|GENERATED_FROM|STATIC_LINK|DYNAMIC_LINK|BUILD_TOOL_OF"

# Each field with the pattern of its text, or None where the field has a check of its own; "?": it may be missing.
DOCUMENT = {
    "SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": r"SPDX-2\.3", "dataLicense": r"CC0-1\.0", "name": LINE,
    "documentNamespace": r"https://[^\s#]+", "creationInfo": None, "packages": None, "files": None, "relationships": None,
}
PACKAGE = {
    "SPDXID": ID, "name": LINE, "versionInfo": LINE, "downloadLocation": "NOASSERTION", "filesAnalyzed": None,
    "primaryPackagePurpose": "SOURCE|APPLICATION|LIBRARY", "licenseConcluded": LICENCE, "licenseDeclared": LICENCE,
    "copyrightText": "NOASSERTION", "supplier?": ACTOR, "sourceInfo?": LINE, "comment?": LINE, "packageFileName?": r"[^/\n]+",
    "checksums?": None, "externalRefs?": None, "packageVerificationCode?": None,
}
FILE = {"SPDXID": ID, "fileName": r"\./[^\n]+", "checksums": None}
RELATIONSHIP = {"spdxElementId": ID, "relatedSpdxElement": ID, "relationshipType": RELATIONSHIPS, "comment?": LINE}
REFERENCE = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": r"pkg:[a-z]+/[^\s@]+@[^\s@]+"}


def check(condition, what):
    if not condition:
        raise ValueError(what)


def check_fields(thing, fields, where):
    known = {name.rstrip("?"): pattern for name, pattern in fields.items()}
    for name in fields:
        check(name.endswith("?") or name in thing, f"{where}: no {name}")
    for name, value in thing.items():
        check(name in known, f"{where}: {name} is not expected")
        if known[name] is not None:
            check(isinstance(value, str) and re.fullmatch(known[name], value), f"{where}: {name} is {value!r}")


def check_checksums(thing, where):
    checksums = thing["checksums"]
    for checksum in checksums:
        check_fields(checksum, {"algorithm": "SHA1|SHA256", "checksumValue": "[0-9a-f]+"}, where)
        check(len(checksum["checksumValue"]) == LENGTHS[checksum["algorithm"]], f"{where}: the checksum's length")
    check([checksum["algorithm"] for checksum in checksums].count("SHA1") == 1, f"{where}: not one SHA1")


def check_package(package):
    where = package.get("SPDXID", "a package")
    check_fields(package, PACKAGE, where)
    check(isinstance(package["filesAnalyzed"], bool), f"{where}: filesAnalyzed")
    check(package["filesAnalyzed"] == ("packageVerificationCode" in package), f"{where}: files analyzed, and no code, or the reverse")
    if package["filesAnalyzed"]:
        check_fields(package["packageVerificationCode"], {"packageVerificationCodeValue": "[0-9a-f]{40}"}, where)
    if "checksums" in package:
        check_checksums(package, where)
    for reference in package.get("externalRefs", ()):
        check_fields(reference, REFERENCE, where)


def check_file(file):
    check_fields(file, FILE, file.get("fileName", "a file"))
    check_checksums(file, file["fileName"])


class Document:
    def __init__(self, text):
        self.whole = json.loads(text)
        check_fields(self.whole, DOCUMENT, "document")
        created = {"created": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "creators": None}
        check_fields(self.whole["creationInfo"], created, "creationInfo")
        self.created = self.whole["creationInfo"]["created"]
        creators = self.whole["creationInfo"]["creators"]
        check(creators and all(re.fullmatch(r"(Tool|Organization|Person): [^\n]+", who) for who in creators), "creators")
        for package in self.whole["packages"]:
            check_package(package)
        for file in self.whole["files"]:
            check_file(file)
        self.files = {file["fileName"]: file for file in self.whole["files"]}
        check(len(self.files) == len(self.whole["files"]), "a file twice")
        elements = [self.whole, *self.whole["packages"], *self.whole["files"]]
        self.elements = {element["SPDXID"]: element for element in elements}
        check(len(self.elements) == len(elements), "an SPDXID twice")
        self.check_relationships()

    def check_relationships(self):
        seen = set()
        for row in self.whole["relationships"]:
            check_fields(row, RELATIONSHIP, "a relationship")
            key = (row["spdxElementId"], row["relationshipType"], row["relatedSpdxElement"], row.get("comment"))
            check(key not in seen, f"{key} twice")
            seen.add(key)
            for end in (key[0], key[2]):
                check(end in self.elements, f"{end} is not in the document")
        ends = {row[end] for row in self.whole["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
        check(ends == set(self.elements), "what nothing is said of")

    def related(self, one, kind):
        """Pairs (element, comment)."""
        rows = [row for row in self.whole["relationships"] if (row["spdxElementId"], row["relationshipType"]) == (one, kind)]
        return [(self.elements[row["relatedSpdxElement"]], row.get("comment")) for row in rows]

    def package(self, identifier):
        return self.elements[identifier]


def checksum(element, algorithm):
    return next(row["checksumValue"] for row in element["checksums"] if row["algorithm"] == algorithm)
