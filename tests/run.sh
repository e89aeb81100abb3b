#!/bin/sh
# run.sh BUILD[:NAME]...: the unit and end-to-end tests of each build folder (of the latter those with NAME in their names),
# the folders side by side. The last line is the sum: 'N passed, N failed'.
set -u

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM

# NAME COMMAND...: runs a test program that speaks TAP ("1..4", "ok 1 - …", "not ok 2 - …") and counts what it said. A
# program that crashed, hung, or said less than it had planned is one more failure.
run() {
	name=$1
	shift
	timeout -k 5 900 "$@" >"$output" 2>&1 </dev/null
	status=$?
	ok=$(grep '^ok [0-9]' "$output" | grep -vc '# SKIP')
	skipped=$(grep -c '^\(not \)\?ok [0-9].*# SKIP' "$output")
	not_ok=$(grep '^not ok [0-9]' "$output" | grep -vc '# SKIP')
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$output" | awk '{ n += $1 } END { print n + 0 }')
	if [ "$planned" -eq 0 ] || [ "$((ok + not_ok + skipped))" -lt "$planned" ] || { [ $status -ne 0 ] && [ "$not_ok" -eq 0 ]; }; then
		not_ok=$((not_ok + 1))
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
	if [ "$not_ok" -eq 0 ]; then
		printf '%-48s %4d passed\n' "$name" "$ok"
	else
		printf '%-48s %4d passed %4d FAILED (exit status %d)\n' "$name" "$ok" "$not_ok" "$status"
		grep -v '^ok [0-9]' "$output" | sed 's/^/    /' | tail -n 200
	fi
}

# BUILD[:NAME] REPORT: everything of one build; its counts stand in REPORT.sum.
run_build() {
	build=${1%%:*}
	only=${1#"$build"}
	only=${only#:}
	output=$2.tap
	passed=0
	failed=0
	for test in "$build"/tests/test_*; do
		case $test in *.[od]) continue ;; esac
		source=tests/unit/${test##*/}.c
		[ -e "$source" ] || continue # its source is gone
		run "$test" env CMOCKA_MESSAGE_OUTPUT=TAP "$test"
	done
	for target in "$build"/fuzz/*; do
		name=${target##*/}
		[ -e "tests/fuzz/fuzz_$name.c" ] && run "$target" "$target" "tests/fuzz/corpus/$name"
	done
	echo "$build: unit tests done, end-to-end tests running, some minutes ..." >&2
	run "$build, end to end" /usr/bin/python3 -B tests/e2e/run.py --build "$build" ${only:+"$only"}
	echo "$passed $failed" >"$2.sum"
}

number=0
for build; do
	number=$((number + 1))
	run_build "$build" "$folder/$number" >"$folder/$number.log" &
done
wait

passed=0
failed=0
while [ "$number" -gt 0 ]; do
	cat "$folder/$number.log"
	read -r build_passed build_failed <"$folder/$number.sum" || build_passed=0 build_failed=1
	passed=$((passed + build_passed))
	failed=$((failed + build_failed))
	number=$((number - 1))
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
