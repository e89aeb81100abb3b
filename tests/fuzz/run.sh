#!/bin/sh
# run.sh libfuzzer|afl SECONDS: builds the fuzz targets with that fuzzer and the sanitizers, and runs one after the other,
# each for its share of the time, from tests/fuzz/corpus and the requests of tests/vectors; what it adds is kept in
# build/fuzz/corpus-TARGET. A crash, a hang or a broken promise is an error, and its input is kept there too. Ends in a table.
set -eu
fuzzer=$1
seconds=$2
build=build/fuzz/$fuzzer
targets=$(ls tests/fuzz/fuzz_*.c | sed 's/.*fuzz_\(.*\)\.c/\1/')
share=$((seconds / $(echo "$targets" | wc -l)))
[ "$share" -gt 0 ] || share=1

compile() { # COMPILER FLAGS...
	compiler=$1
	shift
	make -s fuzz-targets CC="$compiler" SANITIZE=1 BUILD="$build" CFLAGS="-O2 -g $*" LDFLAGS=-fsanitize=fuzzer FUZZ_DRIVER=
}

give_seeds() { # TARGET FOLDER
	mkdir -p "$2"
	find "tests/fuzz/corpus/$1" -type f -exec cp -n {} "$2" \;
	case $1 in
	request | differential) cp -n tests/vectors/requests/*.der "$2" ;;
	esac
}

fail() { # TARGET LOG
	tail -n 60 "$2" >&2
	echo "make fuzz: $1 has failed; its input is in $build" >&2
	exit 1
}

row() { printf '%-14s %12s %10s %8s %8s %8s\n' "$@"; }

run_libfuzzer() { # TARGET
	log=$build/$1.log
	corpus=build/fuzz/corpus-$1
	"$build/fuzz/$1" -max_total_time="$share" -max_len=4096 -timeout=10 -close_fd_mask=2 -print_final_stats=1 \
		-artifact_prefix="$build/$1-" "$corpus" >"$log" 2>&1 || fail "$1" "$log"
	last=$(grep -o 'cov: .*corp: [0-9]*' "$log" | tail -n 1)
	row "$1" "$(sed -n 's/stat::number_of_executed_units: *//p' "$log")" "$(sed -n 's/stat::average_exec_per_sec: *//p' "$log")" \
		"$(echo "$last" | cut -d ' ' -f 2)" "$(echo "$last" | cut -d ' ' -f 4)" "$(echo "$last" | cut -d ' ' -f 6)"
}

run_afl() { # TARGET
	log=$build/$1.log
	state=$build/$1-state
	rm -rf "$state"
	AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 \
		afl-fuzz -V "$share" -t 2000+ -i "build/fuzz/corpus-$1" -o "$state" -- "$build/fuzz/$1" >"$log" 2>&1 || fail "$1" "$log"
	value() { sed -n "s/^$1 *: *//p" "$state/default/fuzzer_stats"; }
	[ "$(value saved_crashes)" -eq 0 ] && [ "$(value saved_hangs)" -eq 0 ] || fail "$1" "$log"
	row "$1" "$(value execs_done)" "$(value execs_per_sec)" "$(value edges_found)" "$(value bitmap_cvg)" "$(value corpus_count)"
}

case $fuzzer in
libfuzzer) compile clang -fsanitize=fuzzer-no-link ;;
afl) AFL_QUIET=1 compile afl-clang-fast ;;
*) echo "make fuzz: FUZZER=$fuzzer: it is libfuzzer or afl" >&2 && exit 2 ;;
esac

table=$(mktemp)
trap 'rm -f "$table"' EXIT
for target in $targets; do
	give_seeds "$target" "build/fuzz/corpus-$target"
	"run_$fuzzer" "$target" >>"$table"
	tail -n 1 "$table" | sed "s/$/   $share s, no fault/" >&2
done
echo
if [ "$fuzzer" = afl ]; then
	row target executions per-second edges map corpus
else
	row target executions per-second edges features corpus
fi
cat "$table"
awk '{ n += $2 } END { printf "%-14s %12d\n", "all", n }' "$table"
