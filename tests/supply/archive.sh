#!/bin/sh
# archive.sh FILE.tar.xz NAME: the files of the last commit beneath NAME/. The octets depend on the commit alone: neither on
# this user's settings of git and xz nor on the number of processors.
set -eu
export GIT_NO_REPLACE_OBJECTS=1
own=$(git rev-parse --git-path info/attributes)
if [ -s "$own" ]; then
	echo "archive.sh: $own would change the archive, and is in no commit: move it away" >&2
	exit 1
fi
tar=$(mktemp)
trap 'rm -f "$tar"' EXIT
mkdir -p "$(dirname "$1")"
GIT_ATTR_NOSYSTEM=1 git -c tar.umask=0022 -c core.autocrlf=false -c core.attributesFile=/dev/null \
	archive --format=tar --prefix="$2/" HEAD >"$tar"
env -u XZ_DEFAULTS -u XZ_OPT xz -T1 -9e -c "$tar" >"$1"
