#!/bin/sh
# hardening.sh static|pie|dynamic PROGRAM OBJECT...: what protects a linked program, seen in the program itself and in the objects
# of ours that it was linked from. One line each; exits 1 when something is missing. KIND: static has fixed addresses, pie is
# static and has not, dynamic is a PIE with libraries.
set -u
export LC_ALL=C
kind=$1
program=$2
shift 2
faults=0

row() { # ok|FAIL|- NAME TEXT
	printf '%-5s %-14s %s\n' "$1" "$2" "$3"
	[ "$1" != FAIL ] || faults=$((faults + 1))
}

verdict() { # NAME "what is right" "what is wrong", by the status of the command before
	# shellcheck disable=SC2320 # of the command before, indeed
	if [ $? -eq 0 ]; then row ok "$1" "$2"; else row FAIL "$1" "$3"; fi
}

for tool in readelf objdump nm strings; do
	command -v $tool >/dev/null || { echo "hardening.sh: no $tool; the package binutils has it" >&2 && exit 1; }
done
header=$(readelf -hW "$program") || exit 1
segments=$(readelf -lW "$program")
dynamic=$(readelf -dW "$program")
machine=$(echo "$header" | sed -n 's/^ *Machine: *//p')

segment() { # TYPE: its line of the program headers
	echo "$segments" | grep "^ *$1 "
}

has() { # what is dynamic in it matches PATTERN
	echo "$dynamic" | grep -qE "$1"
}

absent() { # grep's arguments: it has looked, and found nothing
	options=$1
	shift
	grep -q "$options" -e "$@"
	[ $? -eq 1 ]
}

# ---- addresses ----

type=$(echo "$header" | sed -n 's/^ *Type: *\([A-Z]*\).*/\1/p')
if segment INTERP >/dev/null; then loader=yes; else loader=; fi
case $kind in
static)
	[ "$type" = EXEC ] && [ -z "$loader" ]
	verdict addresses 'fixed, by intent: a static program without relocations (PIE=1 has random ones)' "not a static program: $type"
	;;
pie)
	[ "$type" = DYN ] && [ -z "$loader" ] && has 'FLAGS_1.*PIE'
	verdict addresses 'random: a static PIE' "not a static PIE: $type"
	;;
dynamic)
	[ "$type" = DYN ] && [ -n "$loader" ] && has 'FLAGS_1.*PIE'
	verdict addresses 'random: a PIE' "not a PIE: $type"
	;;
esac

# ---- memory ----

segment GNU_STACK | grep -q ' RW  '
verdict stack 'not executable' 'executable, or left to the kernel'

! segment LOAD | grep -q 'W *E\|RWE'
verdict segments 'none is writable and executable' 'one is writable and executable'

# The last lines of readelf -l: which sections lie in which segment, by its number.
relro=$(echo "$segments" | awk '/^  [A-Z_]+ +0x/ { n++; if ($1 == "GNU_RELRO") at = n - 1 }
	/^   [0-9][0-9] / && at != "" && $1 + 0 == at')
case $relro in *.data.rel.ro*.got*) true ;; *.got*.data.rel.ro*) true ;; *) false ;; esac
verdict relro 'relocated tables become read-only' 'relocated tables stay writable'

case $kind in
static)
	echo "$dynamic" | grep -q 'no dynamic section'
	verdict binding 'nothing is bound at run time: no dynamic section' 'a static program with a dynamic section'
	;;
*)
	has 'BIND_NOW|FLAGS_1.*NOW'
	verdict binding 'all at start, then read-only' 'lazily: its table stays writable'
	;;
esac

! has 'TEXTREL'
verdict text 'never relocated, so never writable' 'relocated: the code is writable for a moment'

! has 'RPATH|RUNPATH'
verdict search 'no folder of its own for libraries' 'brings folders in which libraries are looked for (RPATH, RUNPATH)'

# ---- code of ours ----

count() { # PATTERN OBJECT...: how many objects call what matches
	pattern=$1
	shift
	for object; do
		nm -u "$object" | grep -qE "$pattern" && echo "$object"
	done | wc -l
}

# Most files have a function with an array or a local whose address is taken; one whose functions have none needs no canary.
guarded=$(count ' __stack_chk_(fail|guard)' "$@")
[ $((guarded * 3)) -ge $(($# * 2)) ]
verdict canary "in $guarded of $# objects, all that have a function with something to guard" "in $guarded of $# objects only"

checked=$(count ' __[a-z_]*[^l]_chk$' "$@")
[ "$checked" -gt 0 ]
verdict fortify "lengths are checked at run time in $checked of $# objects, by the compiler elsewhere" 'no checked call in any object'

# A frame larger than a page is probed page by page: no function moves the stack pointer further at once. (Less 0xff…80 is more.)
if [ "$machine" = 'Advanced Micro Devices X86-64' ]; then
	leaps=$(for object; do objdump -d --no-show-raw-insn "$object"; done |
		sed -n 's/.*sub  *\$0x\([0-9a-f]*\),%rsp.*/\1/p' | grep -vx -e 1000 -e 'ffffffff.*' | grep -c '....')
	[ "$leaps" -eq 0 ]
	verdict stack-clash 'no function leaps over a guard page' "$leaps functions leap over a guard page"
else
	row - stack-clash "not examined on $machine"
fi

notes=$(readelf -nW "$program" | sed -n 's/.*Properties: x86 feature: //p')
row - control-flow "${notes:-no IBT or SHSTK, which every object of libc and libcrypto would have to have as well}"

# ---- what must not be in it ----

folders=$PWD/
case ${HOME:-/} in /) ;; *) folders=$(printf '%s\n%s/' "$folders" "${HOME%/}") ;; esac
strings -a "$program" | absent -F "$folders"
verdict paths 'no folder of this machine' "this machine's folders are in it"

# PEM; then DER as SEC1 and PKCS#8 begin (P-256, P-384, P-521, RSA), with the lengths that follow.
keys='-----BEGIN [A-Z ]*PRIVATE KEY-----|\x30\x77\x02\x01\x01\x04\x20|\x30\x81\xA4\x02\x01\x01\x04\x30|\x30\x81\xDC\x02\x01\x01\x04\x42'
keys="$keys"'|\x02\x01\x00\x30\x13\x06\x07\x2A\x86\x48\xCE\x3D|\x02\x01\x00\x02\x82[\x01-\x04][\x01\x81]\x00'
absent -aP "$keys" "$program"
verdict keys 'nothing that looks like a private key' 'something looks like a private key'

[ $faults -eq 0 ]
