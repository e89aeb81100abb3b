#!/bin/sh
# coverage.sh: how much of what each target is about its corpus reaches: that of build/fuzz where there is one (after `make
# fuzz`), else the committed one. Lines and branches as llvm-cov counts them.
set -eu
build=build/fuzz/coverage
make -s fuzz-targets CC=clang BUILD="$build" CFLAGS='-O1 -g -fprofile-instr-generate -fcoverage-mapping'

sources() { # TARGET
	case $1 in
	request | differential) echo lib/request.c lib/request_extensions.c lib/request_name.c lib/request_oid.c ;;
	base64) echo lib/base64.c ;;
	snapshot) echo lib/snapshot.c lib/snapshot_ca.c lib/snapshot_parts.c ;;
	table) echo lib/status_table.c ;;
	redis) echo lib/status_redis*.c ;;
	config) echo lib/ctl/config/*.c ;;
	cgi) echo ocsp-cgi.c lib/answer.c lib/cgi*.c lib/caching.c lib/log.c lib/response.c lib/status.c ;;
	esac
}

printf '%-14s %8s %8s   %s\n' target lines branches of
for source in tests/fuzz/fuzz_*.c; do
	target=$(echo "$source" | sed 's/.*fuzz_\(.*\)\.c/\1/')
	corpus=build/fuzz/corpus-$target
	[ -d "$corpus" ] || corpus=tests/fuzz/corpus/$target
	of=$(sources "$target")
	LLVM_PROFILE_FILE=$build/$target.raw "$build/fuzz/$target" "$corpus" >/dev/null 2>&1
	llvm-profdata merge -o "$build/$target.profile" "$build/$target.raw"
	llvm-cov report "$build/fuzz/$target" -instr-profile="$build/$target.profile" 2>/dev/null | awk -v target="$target" -v of="$of" '
		BEGIN { count = split(of, files, " "); for (i = 1; i <= count; i++) wanted[files[i]] = 1 }
		$1 in wanted { lines += $8; lines_missed += $9; branches += $11; branches_missed += $12 }
		END { printf "%-14s %7.1f%% %7.1f%%   %s\n", target, 100 - 100 * lines_missed / lines,
			100 - 100 * branches_missed / branches, of }'
done
