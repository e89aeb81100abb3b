#!/bin/bash
# lint.sh BUILD: what the compilers cannot say: which module may know which, what lib/ may call, format,
# length, and what clang-tidy and shellcheck find. BUILD is gcc's.
set -u
build=$1
faults=0

complain() {
	echo "lint: $*" >&2
	faults=$((faults + 1))
}

# ---- lib/ from top to bottom: a module includes only what stands below it ----
# A module is a file, or files whose names begin with it: request_oid.c is request's. The longest name counts.
order='
cgi answer health delegate requester request status status_redis status_table snapshot response sign_lowlevel sign_evp verify sign_hedge sign
caching process sandbox arena log serial ocsp der base64 calendar bytes
'
declare -A place
number=0
for module in $order; do
	place[$module]=$((number += 1))
done

module_of() { # FILE: into $module
	module=${1##*/}
	module=${module%.[ch]}
	while [ -n "$module" ] && [ -z "${place[$module]:-}" ]; do
		case $module in
		*_*) module=${module%_*} ;;
		*) module= ;;
		esac
	done
}

for file in lib/*.[ch]; do
	module_of "$file"
	from=$module
	if [ -z "$from" ]; then
		complain "$file: give its module a place in the order of tests/lint.sh"
		continue
	fi
	while read -r header; do
		case $header in
		*/*) complain "$file includes $header: lib/ never includes lib/ctl/" ;;
		esac
		module_of "$header"
		if [ -z "$module" ]; then
			complain "$file includes $header, which is no module of lib/"
		elif [ "${place[$module]}" -lt "${place[$from]}" ]; then
			complain "$file includes $header: $module stands above $from"
		fi
	done < <(sed -n 's/^[[:space:]]*#[[:space:]]*include "\(.*\)".*/\1/p' "$file")
done

# ---- lib/ctl/ likewise: a folder includes only what stands below it; what all share lies in lib/ctl/ itself ----
folders='command doctor compile client redis table credentials snapshot config'
declare -A depth
for folder in $folders; do
	depth[$folder]=$((number += 1))
done
depth[ctl]=$((number += 1))

for file in lib/ctl/*.[ch] lib/ctl/*/*.[ch]; do
	from=${file%/*}
	from=${from##*/}
	if [ -z "${depth[$from]:-}" ]; then
		complain "$file: give its folder a place in the order of tests/lint.sh"
		continue
	fi
	while read -r to; do
		[ "${depth[$to]:-0}" -gt "${depth[$from]}" ] || complain "$file includes ctl/$to/: it stands above $from/"
	done < <(sed -n 's,^#include "ctl/\([a-z]*\)/.*,\1,p' "$file")
done

# ---- one module each knows a library ----

only() { # PATTERN WHOM FILE...: the pattern occurs in no file but WHOM (a regular expression)
	pattern=$1 whom=$2
	shift 2
	while read -r file; do
		complain "$file knows $pattern: only $whom may"
	done < <(grep -lE "$pattern" "$@" | grep -vE "^($whom)$")
}
only '<openssl/' 'lib/(sign|status_redis_tls)[a-z_]*\.[ch]' lib/*.[ch] ocsp-cgi.c
only '<openssl/ssl\.h>' 'lib/status_redis_tls[a-z_]*\.[ch]' ./*.[ch] lib/*.[ch] lib/ctl/*.[ch] lib/ctl/*/*.[ch]
only '<hiredis' 'lib/status_redis[a-z_]*\.[ch]|lib/ctl/redis/redis_client[a-z_]*\.[ch]' ./*.[ch] lib/*.[ch] lib/ctl/*.[ch] lib/ctl/*/*.[ch]
only '<yaml\.h>' 'lib/ctl/config/config_yaml\.[ch]' ./*.[ch] lib/*.[ch] lib/ctl/*.[ch] lib/ctl/*/*.[ch]
only '<curl/' 'lib/ctl/client/http_client\.c' ./*.[ch] lib/*.[ch] lib/ctl/*.[ch] lib/ctl/*/*.[ch]

# ---- lib/ calls no allocator, no stdio, no locale, and never exits; process.c and main() may end the process ----

forbidden='(malloc|calloc|realloc|reallocarray|free|strdup|strndup|(__)?v?[fsd]?n?printf(_chk)?|puts|fputs|fopen|fwrite|perror'
forbidden+='|getenv|setlocale|localtime(_r)?|gmtime(_r)?|strftime|abort|exit|_exit|system|popen)'
for object in "$build"/lib/*.o; do
	name=${object##*/}
	[ -e "lib/${name%.o}.c" ] || continue
	called=$(nm -u "$object" | awk '{ print $NF }' | grep -xE "$forbidden")
	[ "$name" = process.o ] && called=$(grep -vx _exit <<<"$called")
	[ -z "$called" ] || complain "lib/${name%.o}.c calls $(echo "$called" | tr '\n' ' ')"
done

# ---- format, length, static analysis ----

mapfile -t sources < <(git ls-files '*.c' '*.h')
clang-format --dry-run -Werror "${sources[@]}" || complain "make it so: clang-format -i FILE"

for file in "${sources[@]}"; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 400 ] || complain "$file has $lines lines: split it by idea"
done
if command -v ctags >/dev/null; then
	while read -r what; do
		complain "$what: a function is read at one glance"
	done < <(ctags -x --c-kinds=f --_xformat='%{line} %{end} %{name} %F' "${sources[@]}" 2>/dev/null |
		awk '$4 !~ /^tests/ && $2 - $1 >= 60 { print $4 ": " $3 "() has " $2 - $1 + 1 " lines" }')
fi

found=$(printf '%s\n' ./*.c lib/*.c lib/ctl/*.c lib/ctl/*/*.c |
	xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 4 clang-tidy --quiet --extra-arg=-std=c11 --extra-arg=-D_GNU_SOURCE \
		--extra-arg=-Ilib --extra-arg='-DVERSION=""' 2>/dev/null) || complain "clang-tidy has found: $found"

tests/conformance.sh || complain "make it so: tests/conformance.tsv, or the test that it names"
tests/security.sh || complain "make it so: SECURITY.md, or the test that it names"

shellcheck -S warning tests/*.sh tests/*/*.sh .ci/run || complain "shellcheck has found something"

if [ $faults -gt 0 ]; then
	echo "lint: $faults faults" >&2
	exit 1
fi
echo "lint: clean (${#sources[@]} files)"
