#!/bin/sh
# run.sh BUILD [ROUNDS]: the CPU time of one answer (P-256, from a table), beside a static program that does nothing and
# `openssl ocsp` doing the same as a process.
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-40}
tests=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM

cd "$folder"
"$tests/ca.sh" .
"$build/ocspctl" table --index index.txt --ca demo -c config.yaml -o demo.table >log 2>&1 || { cat log >&2; exit 1; }
"$build/ocspctl" compile -c config.yaml -o snapshot >log 2>&1 || { cat log >&2; exit 1; }
openssl ocsp -issuer ca.pem -cert good.pem -no_nonce -reqout request.der >/dev/null 2>&1

export OCSP_CGI_SNAPSHOT="$folder/snapshot"
"$build/bench/spawn" "$rounds" request.der \
	'nothing (static)' "$build/bench/floor" -- \
	'ocsp-cgi (P-256, table)' "$build/ocsp-cgi" -- \
	'openssl ocsp (P-256, index)' openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key \
	-ndays 7 -reqin request.der -respout /dev/null
