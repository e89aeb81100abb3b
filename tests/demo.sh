#!/bin/sh
# demo.sh BUILD: what a user would do, from a new CA to verified answers, in a throw-away folder. Fails when a status is
# not the one that the CA's database has.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shown=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM

fail() {
	printf '\nThe demo failed: %s\n' "$*" >&2
	exit 1
}

tell() { # a command as the reader would type it
	printf '    $ %s\n' "$*"
}

ctl() { # ocspctl ARGUMENT...
	tell "$shown/ocspctl $*"
	"$build/ocspctl" "$@" >ctl.log 2>&1 || fail "$(cat ctl.log)"
	sed 's/^/      /' ctl.log
}

# The DER behind the headers of a CGI reply: as many octets as Content-Length says.
body() {
	length=$(tr -d '\r' <"$1" | LC_ALL=C sed -n 's/^Content-Length: \([0-9]*\)$/\1/p')
	tail -c "${length:-0}" "$1"
}

path_of() { # FILE: base64 of the request, escaped, as a client puts it into a URL
	openssl base64 -A -in "$1" | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g'
}

verify() { # NAME EXPECTED: `openssl ocsp` must accept the signature and read that status
	body reply >response.der
	openssl ocsp -respin response.der -issuer ca.pem -cert "$1.pem" -CAfile ca.pem -no_nonce >openssl.log 2>&1 ||
		fail "openssl ocsp refuses the answer for $1.pem: $(cat openssl.log)"
	grep -q '^Response verify OK' openssl.log || fail "the answer for $1.pem does not verify: $(cat openssl.log)"
	grep -q "^$1.pem: $2\$" openssl.log || fail "$1.pem: not $2, but: $(cat openssl.log)"
}

ask() { # NAME EXPECTED
	openssl ocsp -issuer ca.pem -cert "$1.pem" -reqout "$1.req" >/dev/null 2>&1
	"$build/ocsp-cgi" <"$1.req" >reply 2>>cgi.log || fail "ocsp-cgi ended with $?: $(cat cgi.log)"
	verify "$1" "$2"

	openssl ocsp -issuer ca.pem -cert "$1.pem" -no_nonce -reqout get.req >/dev/null 2>&1
	REQUEST_METHOD=GET REQUEST_URI=/ocsp/$(path_of get.req) "$build/ocsp-cgi" >reply 2>>cgi.log </dev/null ||
		fail "ocsp-cgi ended with $? on GET: $(cat cgi.log)"
	verify "$1" "$2"
}

cd "$folder"
echo 'A CA is made: RSA, a P-256 delegate for OCSP, three certificates, one of them revoked.'
tell "openssl ca …"
"$tests/ca.sh" .
sed 's/^/      index.txt: /' index.txt

printf '\nIts configuration and keys become a snapshot, its database a table of serials.\n'
ctl table --index index.txt --ca demo -c config.yaml -o demo.table
ctl compile -c config.yaml -o snapshot

printf '\nEach certificate is asked for by POST and by GET; openssl verifies every answer.\n'
export OCSP_CGI_SNAPSHOT="$folder/snapshot"
tell 'openssl ocsp -issuer ca.pem -cert good.pem -reqout good.req'
tell "OCSP_CGI_SNAPSHOT=snapshot $shown/ocsp-cgi < good.req > reply"
tell "OCSP_CGI_SNAPSHOT=snapshot REQUEST_METHOD=GET REQUEST_URI=/ocsp/MFE… $shown/ocsp-cgi > reply"
tell 'openssl ocsp -respin response.der -issuer ca.pem -cert good.pem -CAfile ca.pem'
ask good good
sed 's/^/      /' openssl.log
ask revoked revoked
grep -q 'Reason: keyCompromise' openssl.log || fail "no keyCompromise in: $(cat openssl.log)"
ask unknown unknown
printf '      and one line of log per request, such as\n      %s\n' "$(head -n 1 cgi.log)"

printf '\nThe three statuses, six answers, all verified:\n'
printf '  good.pem     good\n  revoked.pem  revoked (keyCompromise)\n  unknown.pem  unknown\n'
