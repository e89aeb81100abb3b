#!/bin/sh
# run.sh FOLDER [FILE...]: proves what the ACSL contracts of lib/ say, as many files at once as there are processors (all of
# the list below, or those named). Says how many goals are proved of how many, begins no other file once one has a goal that
# is not, and names it. FOLDER is for the provers' configuration and for what they have proved before. The last line is
# 'N passed, N failed', goals proved and not. tests/prove/README.md tells what is proved and assumed.
set -eu

# file                 assumed as their contracts say   shifts, sums and conversions that may lose bits
list='
lib/bytes.c            copy,same,bytes_of,bytes_before,bytes_append_text bytes_le16,bytes_le32,bytes_le64
lib/calendar.c         -                                -
lib/der.c              copy                             -
lib/base64.c           -                                -
lib/serial.c           -                                -
lib/request.c          -                                -
lib/request_extensions.c -                              -
lib/request_oid.c      -                                -
lib/request_name.c     -                                -
lib/cgi.c              cgi_environment                  -
lib/cgi_body.c         read_some                        -
lib/snapshot.c         has_magic,snapshot_crc           snapshot_slot_start
lib/snapshot_ca.c      -                                -
lib/snapshot_parts.c   -                                -
lib/status_table.c     table_open,table_close,table_is_of,take_header,take_bucket,has_magic,compare,table_bucket_crc read_tail
'

# ---- one file: PROVERS SECONDS FILE OPTION..., into $log ----

attempt() {
	provers=$1 seconds=$2
	shift 2
	frama-c -c11 -machdep gcc_x86_64 -cpp-extra-args='-Ilib -D_GNU_SOURCE -Dstrerrordesc_np=strerror' \
		-wp -wp-rte -wp-prover "$provers" -wp-timeout "$seconds" -wp-par 1 \
		-wp-cache update -wp-cache-dir "$folder/cache" "$@" >"$log" 2>&1 || {
		cat "$log" >&2
		exit 255
	}
	sum=$(sed -n 's/^\[wp\] Proved goals: *\([0-9]*\) *\/ *\([0-9]*\).*/\1 \2/p' "$log")
	[ -n "$sum" ] && [ "${sum% *}" -eq "${sum#* }" ] && ! grep -q "No 'assigns' specification" "$log"
}

# Nearly every goal takes CVC4 far less than a second. What it has proved is in the cache when Z3 tries what is left.
prove() { # FILE OPTION...: adds to the sums
	whole=yes
	attempt cvc4 5 "$@" || attempt cvc4,z3 5 "$@" || attempt cvc4,z3 60 "$@" || whole=
	proved=$((proved + ${sum% *}))
	goals=$((goals + ${sum#* }))
	[ "$whole" ] || {
		grep -vE '\[Qed\]|: Valid|^\[rte|default assigns|missing-spec' "$log" >&2
		echo "make prove: $1: not all is proved" >&2
	}
}

prove_file() { # FILE ASSUMED SHIFTING
	log=$folder/$(basename "$1").log
	skipped=$(echo "$2,$3" | sed 's/-,//; s/,-$//; s/^-$//')
	proved=0 goals=0
	prove "$1" -warn-unsigned-overflow -warn-signed-downcast ${skipped:+-wp-skip-fct "$skipped"}
	[ "$3" = - ] || prove "$1" -wp-fct "$3"
	printf '%-28s %4d of %4d goals proved\n' "$1" "$proved" "$goals"
	[ "$proved" -eq "$goals" ] && [ "$whole" ] || exit 255 # of which xargs says: no more
}

if [ "${1:-}" = --file ]; then
	folder=$2
	shift 2
	prove_file "$@"
	exit
fi

# ---- all of them ----

folder=$1
shift
mkdir -p "$folder/home"
folder=$(cd "$folder" && pwd)
export HOME="$folder/home" # what the provers keep there is nobody's but ours
export WHY3CONFIG="$folder/why3.conf"
[ -s "$WHY3CONFIG" ] || why3 config detect -C "$WHY3CONFIG" >"$folder/why3.log" 2>&1 || {
	cat "$folder/why3.log" >&2
	exit 1
}

wanted() { # FILE...: their rows, or all
	echo "$list" | while read -r file assumed shifting; do
		case " $* " in
		"  " | *" $file "*) [ -z "$file" ] || echo "$file $assumed $shifting" ;;
		esac
	done
}

rows=$(wanted "$@")
if [ $# -gt 0 ] && [ "$(echo "$rows" | wc -w)" -ne $((3 * $#)) ]; then
	echo "make prove: not all of these are in the list of $0: $*" >&2
	exit 2
fi
echo "$rows" | { xargs -P "$(getconf _NPROCESSORS_ONLN)" -L 1 "$0" --file "$folder" || true; } | awk -v files="$(echo "$rows" | wc -l)" '
	{ print; fflush(); proved += $2; goals += $4 }
	END {
		missing = goals > proved ? goals - proved : NR < files ? files - NR : 0
		printf "%-28s %4d of %4d goals proved\n", "together", proved, goals
		printf "%d passed, %d failed\n", proved, missing
		exit missing > 0
	}'
