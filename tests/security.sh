#!/bin/sh
# security.sh [FILE]: each test that SECURITY.md names, as `e2e/FILE CLASS.TEST…` or `unit/FILE TEST…` between backticks, exists.
set -u
cd "$(dirname "$0")/.." || exit 1
table=$(mktemp)
trap 'rm -f "$table"' EXIT

# A table such as conformance.tsv is: a line of SECURITY.md that names tests stands for a line there.
awk '
{
	text = $0
	while (match(text, /`(e2e|unit)\/test_[^`]*`/)) {
		reference = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
		file = reference
		sub(/ .*/, "", file)
		names = substr(reference, length(file) + 2)
		if (!(NR in seen))
			lines = lines " L" NR
		seen[NR]
		rows = rows "L" NR "\tnames tests\t" file "\t" names "\n"
	}
}
END { printf "#:%s\n%s", lines, rows }' "${1:-SECURITY.md}" >"$table"
tests/conformance.sh "$table" SECURITY.md
