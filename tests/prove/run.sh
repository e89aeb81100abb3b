#!/bin/sh
# run.sh FOLDER [FILE...]: proves what the ACSL contracts of lib/ say, file by file (all of the list below, or those
# named). Says how many goals are proved of how many; ends at the first file with one that is not, and names it. FOLDER is
# for the provers' configuration and what they have proved before. tests/prove/README.md tells what is proved and assumed.
set -eu
folder=$1
shift
seconds=40 # for one prover and one goal; nearly all take well below one, one 4, and on a busy machine thrice that

# file                 assumed as their contracts say   shifts and conversions that may lose bits
list='
lib/bytes.c            copy,same,bytes_of,bytes_before,bytes_append_text bytes_le16,bytes_le32,bytes_le64
lib/calendar.c         -                                -
lib/der.c              copy                             -
lib/base64.c           -                                -
lib/serial.c           -                                -
lib/request.c          -                                -
lib/request_extensions.c -                              -
lib/status_table.c     table_open,table_close,table_is_of,take_header,take_bucket,has_magic,compare,table_bucket_crc read_tail
lib/snapshot.c         has_magic,snapshot_crc           snapshot_slot_start
lib/snapshot_ca.c      -                                -
lib/snapshot_parts.c   -                                -
lib/request_oid.c      -                                -
lib/request_name.c     -                                -
lib/cgi.c              cgi_environment                  -
lib/cgi_body.c         read_some                        -
'

mkdir -p "$folder"
export WHY3CONFIG="$folder/why3.conf"
export HOME="${HOME:-$folder}"
[ -s "$WHY3CONFIG" ] || why3 config detect -C "$WHY3CONFIG" >"$folder/why3.log" 2>&1 || {
	cat "$folder/why3.log" >&2
	exit 1
}

prove() { # FILE OPTION...: adds to the sums
	what=$1
	shift
	frama-c -c11 -machdep gcc_x86_64 -cpp-extra-args='-Ilib -D_GNU_SOURCE -Dstrerrordesc_np=strerror' -wp -wp-rte \
		-wp-prover z3,cvc4 -wp-timeout "$seconds" -wp-par "$(getconf _NPROCESSORS_ONLN)" \
		-wp-cache update -wp-cache-dir "$folder/cache" "$what" "$@" >"$folder/log" 2>&1 || {
		cat "$folder/log" >&2
		exit 1
	}
	sum=$(sed -n 's/^\[wp\] Proved goals: *\([0-9]*\) *\/ *\([0-9]*\).*/\1 \2/p' "$folder/log")
	if [ -z "$sum" ] || [ "${sum% *}" -ne "${sum#* }" ] || grep -q "No 'assigns' specification" "$folder/log"; then
		grep -vE '\[Qed\]|: Valid|^\[rte|default assigns|missing-spec' "$folder/log" >&2
		echo "make prove: $what: not all is proved" >&2
		exit 1
	fi
	proved=$((proved + ${sum% *}))
	goals=$((goals + ${sum#* }))
}

total_proved=0
total_goals=0
while read -r file assumed shifting; do
	[ -n "$file" ] || continue
	case " $* " in
	"  " | *" $file "*) ;;
	*) continue ;;
	esac
	skipped=$(echo "$assumed,$shifting" | sed 's/-,//; s/,-$//; s/^-$//')
	proved=0 goals=0
	prove "$file" -warn-unsigned-overflow -warn-signed-downcast ${skipped:+-wp-skip-fct "$skipped"}
	[ "$shifting" = - ] || prove "$file" -wp-fct "$shifting"
	printf '%-28s %4d of %4d goals proved\n' "$file" "$proved" "$goals"
	total_proved=$((total_proved + proved))
	total_goals=$((total_goals + goals))
done <<END
$list
END
printf '%-28s %4d of %4d goals proved\n' together "$total_proved" "$total_goals"
