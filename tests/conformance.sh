#!/bin/sh
# conformance.sh [TABLE [NAME]]: holds tests/conformance.tsv true. Each line that its first comment lists stands there, in that
# order, with a rule and at least one test; each test that is named exists in the named file. Says what does not, and exits 1. So
# does any other TABLE of the kind, of which it speaks as NAME.
set -u
cd "$(dirname "$0")" || exit 1
table=${1:-conformance.tsv}
name=${2:-}

# shellcheck disable=SC2016 # $ is awk's
awk -F '\t' -v name="$name" '
function complain(what) {
	print (name != "" ? name : FILENAME ":" FNR) ": " what > "/dev/stderr"
	faults++
}

# "Q1-Q3 H1a": into lines[1…count]
function expand(list,    n, i, words, ends, number) {
	n = split(list, words, " ")
	for (i = 1; i <= n; i++) {
		if (split(words[i], ends, "-") == 1)
			lines[++count] = words[i]
		else
			for (number = substr(ends[1], 2) + 0; number <= substr(ends[2], 2) + 0; number++)
				lines[++count] = substr(ends[1], 1, 1) number
	}
}

# All tests of a file, into tests[file, name]: methods of Python classes, cmocka functions that are run, rows by their names.
function load(file,    path, line, class, name, words, n, i) {
	path = file
	loaded[file] = 1
	while ((getline line < path) > 0) {
		exists[file] = 1
		if (file ~ /\.py$/ && line ~ /^class /) {
			split(line, words, /[ (:]/)
			class = words[2]
		} else if (file ~ /\.py$/ && line ~ /^    def test_/) {
			split(line, words, /[ (]+/)
			tests[file, class "." words[3]] = 1
		} else if (file ~ /\.c$/ && line ~ /^static void [a-z0-9_]+\(void \*\*state\)/) {
			split(line, words, /[ (]+/)
			defined[file, words[3]] = 1
		} else if (file ~ /\.c$/ && line ~ /^\t/) {
			n = split(line, words, /[^A-Za-z0-9_"]+/)
			for (i = 1; i <= n; i++)
				if ((file, words[i]) in defined)
					tests[file, words[i]] = 1
				else if (words[i] ~ /^"[a-z0-9_]+"$/)
					rows[file, substr(words[i], 2, length(words[i]) - 2)] = 1
		}
	}
	close(path)
}

function check(file, name,    parts) {
	split(name, parts, "/")
	if (!((file, parts[1]) in tests))
		complain($1 ": no test " parts[1] " in tests/" file)
	else if (parts[2] != "" && !((file, parts[2]) in rows))
		complain($1 ": no row " parts[2] " in tests/" file)
}

/^#:/ { expand(substr($0, 3)); next }
/^#/ { next }
NF < 4 || NF > 5 { complain(NF " columns: line, rule, file, tests, note"); next }
{
	if ($1 != current) {
		current = $1
		if ($1 != lines[++reached]) {
			complain($1 " stands where " lines[reached] " should")
			for (i = 1; i <= count; i++)
				if (lines[i] == $1)
					reached = i
		}
		if ($2 == "")
			complain($1 " without its rule")
	}
	if (!($3 in loaded))
		load($3)
	if (!($3 in exists))
		complain($1 ": no file tests/" $3)
	else if (split($4, names, " ") == 0)
		complain($1 " without a test")
	else
		for (i in names)
			check($3, names[i])
}
END {
	while (reached < count)
		complain(lines[++reached] " has no test")
	if (count == 0)
		complain("says nowhere (#:) which lines there are")
	if (faults > 0)
		exit 1
	print (name != "" ? name : FILENAME) ": " count " lines, each with its tests"
}' "$table"
