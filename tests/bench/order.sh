#!/bin/sh
# order.sh BUILD: writes lib/startup/order.txt: the functions and variables of ocsp-cgi in the order of their first use, for lld's
# --symbol-ordering-file. Requests of all kinds are run under valgrind's lackey, which tells each address that is fetched, read
# or written; so BUILD is a whole one without the sandbox (make NO_SANDBOX=1 BUILD=build/open). For developers: the file is committed, a
# name in it that is no more does no harm.
set -eu
build=$(cd "$1" && pwd)
tests=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
redis=
trap '[ -z "$redis" ] || kill "$redis"; rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM

. "$tests/bench/lab.sh"
nm -n --defined-only "$build/ocsp-cgi" >symbols

# Addresses of lackey's lines "I  04001234,3" and " S 1ffeff,8" → the symbols that they lie in, each once. The arena and the
# exchange are so large that they stand last: what is small and touched fills as few pages as it can.
symbols_used() {
	awk 'function number(hex,    n, i) {
			n = 0
			for (i = 1; i <= length(hex); i++)
				n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return n
		}
		FNR == NR { at[++count] = number($1); name[count] = $3; next }
		/^(I | S| L| M)/ {
			split($2, part, ",")
			if (part[1] in seen)
				next
			seen[part[1]]
			address = number(part[1])
			low = 1
			high = count
			while (low < high) {
				middle = int((low + high + 1) / 2)
				if (at[middle] <= address) low = middle; else high = middle - 1
			}
			if (at[low] > address || address - at[low] > 1048576)
				next
			for (i = low; i >= 1 && at[i] == at[low]; i--)
				print name[i]
		}' symbols - | awk '!seen[$0]++'
}

trace() { # FOLDER: one request, answered from it
	OCSP_CGI_SNAPSHOT="$folder/$1/snapshot" valgrind --tool=lackey --trace-mem=yes --log-fd=9 "$build/ocsp-cgi" \
		9>&1 >/dev/null 2>&1 <"$1/request.der" | symbols_used
}

for lab in table redis rsa p384 p521 ed25519; do
	lab_make $lab
	trace $lab
done | awk '!seen[$0]++ && !/^(x\.[0-9]+|arena_octets)$/ { print } END { print "arena_octets\nx.0" }' >order
[ "$(wc -l <order)" -gt 500 ] || { echo "order.sh: $build/ocsp-cgi has not run to its end; is it without the sandbox?" >&2 && exit 1; }
mv order "$tests/../lib/startup/order.txt"
