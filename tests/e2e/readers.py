"""What other implementations read in an OCSPResponse, under the names that strict_der.ocsp_response() uses."""

import base64
import datetime
import re
import subprocess

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as pyca

SHA = {"sha1": "1.3.14.3.2.26"}
SHA.update({f"sha{bits}": f"2.16.840.1.101.3.4.2.{last}" for bits, last in ((256, 1), (384, 2), (512, 3))})
REASON = {
    "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5,
    "certificateHold": 6, "privilegeWithdrawn": 9, "aACompromise": 10,
}  # fmt: skip
RSA, ECDSA = "1.2.840.113549.1.1.", "1.2.840.10045.4.3."
OPENSSL_ALGORITHM = {"rsassaPss": RSA + "10", "ED25519": "1.3.101.112"}
GNUTLS_ALGORITHM = {"EdDSA-Ed25519": "1.3.101.112"}
for number, bits in enumerate((256, 384, 512)):
    OPENSSL_ALGORITHM[f"sha{bits}WithRSAEncryption"] = GNUTLS_ALGORITHM[f"RSA-SHA{bits}"] = f"{RSA}{11 + number}"
    OPENSSL_ALGORITHM[f"ecdsa-with-SHA{bits}"] = GNUTLS_ALGORITHM[f"ECDSA-SHA{bits}"] = f"{ECDSA}{2 + number}"
    GNUTLS_ALGORITHM[f"RSA-PSS-SHA{bits}"] = RSA + "10"


def run(*command):
    """What it prints; `openssl ocsp` ends with 1 where the response is an error, which is no failure to read it."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.stdout, f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}"
    return done.stdout


def field(name, text):
    found = re.search(rf"^\s*{name}: *(.*?)\s*$", text, re.MULTILINE)
    return found and found[1]


def zulu(moment, form):
    return moment and datetime.datetime.strptime(moment, form).strftime("%Y%m%d%H%M%SZ")


def openssl(path):
    text = run("openssl", "ocsp", "-respin", path, "-resp_text", "-noverify").replace("\\\n", "")  # it wraps long hashes
    error = field("Responder Error", text)
    if error:
        return {"status": int(error.split("(")[1].rstrip(")"))}
    fields = {"status": int(field("OCSP Response Status", text).split("0x")[1].rstrip(")"))}
    time = lambda moment: zulu(moment, "%b %d %H:%M:%S %Y GMT")
    head, *singles = re.split(r"^\s*Certificate ID:$", text.split("Signature Algorithm:")[0], flags=re.MULTILINE)
    assert field("Version", head) == "1 (0x0)"
    tail = text.split("Signature Algorithm:", 1)[1]
    signature = re.search(r"\n((?: +(?:[0-9a-f]{2}:)*[0-9a-f]{2}:?\n)+)", tail)[1]
    pems = re.findall(r"-----BEGIN CERTIFICATE-----\n(.*?)-----END", tail, re.DOTALL)
    nonce = re.search(r"OCSP Nonce: *\n\s*([0-9A-F]+)", text)
    responder = field("Responder Id", head)
    return {
        **fields,
        "responder_key": responder.lower() if "=" not in responder else None,
        "produced_at": time(field("Produced At", head)),
        "singles": [openssl_single(single, time) for single in singles],
        "nonce": nonce and nonce[1].lower()[4 if len(nonce[1]) < 260 else 6 :],
        "algorithm": OPENSSL_ALGORITHM[tail.split("\n")[0].strip()],
        "signature": re.sub(r"[\s:]", "", signature),
        "certs": [base64.b64decode(pem) for pem in pems],
    }


def openssl_single(text, time):
    reason = field("Revocation Reason", text)
    cutoff = re.search(r"OCSP Archive Cutoff: *\n\s*(.*)$", text, re.MULTILINE)
    serial = field("Serial Number", text)
    return {
        "hash": SHA[field("Hash Algorithm", text)],
        "name_hash": field("Issuer Name Hash", text).lower(),
        "key_hash": field("Issuer Key Hash", text).lower(),
        "serial": int(serial, 16),
        "status": field("Cert Status", text),
        "revoked_at": time(field("Revocation Time", text)),
        "reason": reason and REASON[reason.split()[0]],
        "this_update": time(field("This Update", text)),
        "next_update": time(field("Next Update", text)),
        "cutoff": cutoff and time(cutoff[1].strip()),
    }


GNUTLS_STATUS = {
    "Successful": 0, "malformedRequest": 1, "internalError": 2, "tryLater": 3, "sigRequired": 5, "unauthorized": 6,
}  # fmt: skip


def gnutls(path):
    """ocsptool prints neither the reason nor singleExtensions."""
    text = run("ocsptool", "--response-info", "--infile", path)
    fields = {"status": GNUTLS_STATUS[field("Response Status", text)]}
    if fields["status"] != 0:
        return fields
    time = lambda moment: zulu(moment, "%a %b %d %H:%M:%S UTC %Y")
    head, *singles = re.split(r"^\s*Certificate ID:$", text, flags=re.MULTILINE)
    return {
        **fields,
        "responder_key": field("Responder Key ID", head),
        "produced_at": time(field("Produced At", head)),
        "singles": [
            {
                "hash": SHA[field("Hash Algorithm", single).lower()],
                "name_hash": field("Issuer Name Hash", single),
                "key_hash": field("Issuer Key Hash", single),
                "serial": int(field("Serial Number", single), 16),
                "status": field("Certificate Status", single),
                "revoked_at": time(field("Revocation time", single)),
                "this_update": time(field("This Update", single)),
                "next_update": time(field("Next Update", single)),
            }
            for single in singles
        ],
        "nonce": field("Nonce", text),
        "algorithm": GNUTLS_ALGORITHM[field("Signature Algorithm", text)],
    }


REASON_FLAGS = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): number for name, number in REASON.items()}
REASON_FLAGS.update({"ca_compromise": 2, "aa_compromise": 10})


def pyca_single(single):
    time = lambda moment: moment and moment.strftime("%Y%m%d%H%M%SZ")
    reason = single.revocation_reason
    return {
        "hash": SHA[single.hash_algorithm.name],
        "name_hash": single.issuer_name_hash.hex(),
        "key_hash": single.issuer_key_hash.hex(),
        "serial": single.serial_number,
        "status": single.certificate_status.name.lower(),
        "revoked_at": time(single.revocation_time),
        "reason": reason and REASON_FLAGS[reason.name],
        "this_update": time(single.this_update),
        "next_update": time(single.next_update),
    }


def python(path):
    """The Python cryptography package, whose parser is Rust's."""
    with open(path, "rb") as file:
        response = pyca.load_der_ocsp_response(file.read())
    fields = {"status": response.response_status.value}
    if fields["status"] != 0:
        return fields
    names, key = response.responder_name, response.responder_key_hash
    found = {extension.oid.dotted_string: extension for extension in response.extensions}
    nonce = found.get("1.3.6.1.5.5.7.48.1.2")
    assert not any(extension.critical for extension in found.values())
    return {
        **fields,
        "responder_key": key and key.hex(),
        "responder_name": names and names.public_bytes(),
        "produced_at": response.produced_at.strftime("%Y%m%d%H%M%SZ"),
        "singles": [pyca_single(single) for single in response.responses],
        "nonce": nonce and nonce.value.nonce.hex(),
        "extensions": list(found),
        "tbs": response.tbs_response_bytes,
        "algorithm": response.signature_algorithm_oid.dotted_string,
        "signature": response.signature.hex(),
        "certs": [certificate.public_bytes(Encoding.DER) for certificate in response.certificates],
    }


READERS = {"openssl": openssl, "gnutls": gnutls, "python": python}
