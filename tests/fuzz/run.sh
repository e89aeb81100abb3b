#!/bin/sh
# run.sh FOLDER SECONDS: builds each target with clang's libFuzzer and the sanitizers, and runs it for so long on a corpus
# that begins with the requests of tests/vectors and grows in FOLDER. A crash is an error; its input is kept there.
set -eu
folder=$1
seconds=$2
mkdir -p "$folder"

for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	corpus=$folder/corpus-${name#fuzz_}
	mkdir -p "$corpus"
	cp -n tests/vectors/requests/*.der "$corpus"
	clang -std=c11 -D_GNU_SOURCE -Ilib -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o "$folder/$name" "$source" lib/request*.c lib/der.c lib/calendar.c lib/bytes.c
	"$folder/$name" -max_total_time="$seconds" -max_len=17000 -artifact_prefix="$folder/crash-" -print_final_stats=1 \
		"$corpus" 2>"$folder/$name.log" || {
		tail -n 60 "$folder/$name.log" >&2
		echo "make fuzz: $name has failed, its input is $folder/crash-…" >&2
		exit 1
	}
	echo "$name: $(sed -n 's/stat::number_of_executed_units: *//p' "$folder/$name.log") runs in $seconds s, no fault"
done
