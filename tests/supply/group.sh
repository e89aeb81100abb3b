#!/bin/sh
# group.sh GROUP: before `make install` gives ocsp-cgi this group: is there such a one, and is nobody in it? By name or number.
set -eu
group=$1

# Asked for one, the system also knows groups that it does not list; where there is no getent, there is the file.
if command -v getent >/dev/null; then
	entry=$(getent group "$group" || true)
	users=$(getent passwd || true)
else
	entry=$(awk -F: -v group="$group" '$1 == group || $3 == group' /etc/group)
	users=$(cat /etc/passwd)
fi

if [ -z "$entry" ]; then
	case $group in
	*[!0-9]*)
		echo "make install: there is no group \"$group\"; nothing was installed. Create it, and try again: groupadd --system $group" >&2
		exit 1
		;;
	esac
	entry=$group:x:$group:
fi

name=$(echo "$entry" | cut -d: -f1)
number=$(echo "$entry" | cut -d: -f3)
who=$({
	echo "$entry" | cut -d: -f4 | tr ',' '\n'
	echo "$users" | awk -F: -v number="$number" '$4 == number { print $1 }'
} | sort -u | paste -s -d ' ' - | sed 's/^ *//; s/ /, /g')
[ -z "$who" ] ||
	echo "make install: warning: in group $name there is $who, who can thus read the snapshot, with the keys in it; better one" \
		"that nobody is in: groupadd --system ocsp-cgi, then make install OCSP_GROUP=ocsp-cgi" >&2
