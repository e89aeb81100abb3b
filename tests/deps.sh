#!/bin/sh
# deps.sh GROUP...: what these groups need and this machine lacks. Says nothing when all is there. On Debian and its kin it
# is installed (as root; no daemon is started by it), elsewhere the packages are named.
set -eu

# group  what to look for         Debian                Fedora           Alpine               Arch            Homebrew
packages='
build    command:cc               gcc                   gcc              gcc                  gcc             gcc
build    header:stdlib.h          libc6-dev             glibc-devel      musl-dev             glibc           gcc
build    header:linux/limits.h    linux-libc-dev        kernel-headers   linux-headers        linux-api-headers -
build    header:openssl/evp.h     libssl-dev            openssl-devel    openssl-dev          openssl         openssl@3
build    header:yaml.h            libyaml-dev           libyaml-devel    yaml-dev             libyaml         libyaml
build    header:hiredis/hiredis.h libhiredis-dev        hiredis-devel    hiredis-dev          hiredis         hiredis
build    header:curl/curl.h       libcurl4-openssl-dev  libcurl-devel    curl-dev             curl            curl
build    command:openssl          openssl               openssl          openssl              openssl         openssl@3
check    header:cmocka.h          libcmocka-dev         libcmocka-devel  cmocka-dev           cmocka          cmocka
check    command:ocsptool         gnutls-bin            gnutls-utils     gnutls-utils         gnutls          gnutls
check    python:cryptography      python3-cryptography  python3-cryptography py3-cryptography python-cryptography cryptography
check    command:redis-server     redis-server          redis            redis                redis           redis
check    command:strace           strace                strace           strace               strace          -
check    command:apache2,httpd    apache2-bin           httpd            apache2              apache          httpd
check    apache:mod_ssl.so        apache2-bin           mod_ssl          apache2-ssl          apache          httpd
check    command:suexec           apache2-suexec-custom httpd            apache2-utils        apache          httpd
check    command:lighttpd         lighttpd              lighttpd         lighttpd             lighttpd        lighttpd
check    command:nginx            nginx-light           nginx            nginx                nginx           nginx
check    command:fcgiwrap         fcgiwrap              fcgiwrap         fcgiwrap             fcgiwrap        fcgiwrap
check    command:curl             curl                  curl             curl                 curl            curl
check    command:wget             wget                  wget             wget                 wget            wget
check    command:gnutls-cli       gnutls-bin            gnutls-utils     gnutls-utils         gnutls          gnutls
check    command:stunnel          stunnel4              stunnel          stunnel              stunnel         stunnel
check    command:certutil         libnss3-tools         nss-tools        nss-tools            nss             nss
check    command:valgrind         valgrind              valgrind         valgrind             valgrind        valgrind
check    command:bwrap            bubblewrap            bubblewrap       bubblewrap           bubblewrap      -
check    command:faketime         faketime              libfaketime      libfaketime          libfaketime     libfaketime
check    command:git              git                   git              git                  git             git
check    command:xz               xz-utils              xz               xz                   xz              xz
check    command:objdump          binutils              binutils         binutils             binutils        binutils
check    command:checksec         checksec              checksec         -                    checksec        -
dist     command:git              git                   git              git                  git             git
dist     command:xz               xz-utils              xz               xz                   xz              xz
dist     command:readelf          binutils              binutils         binutils             binutils        binutils
lint     command:gcc              gcc                   gcc              gcc                  gcc             gcc
lint     command:clang            clang                 clang            clang                clang           llvm
lint     command:clang-tidy       clang-tidy            clang-tools-extra clang-extra-tools   clang           llvm
lint     command:clang-format     clang-format          clang-tools-extra clang-extra-tools   clang           clang-format
lint     command:shellcheck       shellcheck            ShellCheck       shellcheck           shellcheck      shellcheck
lint     command:ctags            universal-ctags       ctags            ctags                ctags           universal-ctags
bench    command:ld.lld           lld                   lld              lld                  lld             lld
bench    command:valgrind         valgrind              valgrind         valgrind             valgrind        valgrind
bench    command:strace           strace                strace           strace               strace          -
bench    command:wrk              wrk                   wrk              wrk                  wrk             wrk
bench    python:cryptography      python3-cryptography  python3-cryptography py3-cryptography python-cryptography cryptography
bench    command:redis-server     redis-server          redis            redis                redis           redis
bench    command:apache2,httpd    apache2-bin           httpd            apache2              apache          httpd
bench    command:lighttpd         lighttpd              lighttpd         lighttpd             lighttpd        lighttpd
bench    command:nginx            nginx-light           nginx            nginx                nginx           nginx
bench    command:fcgiwrap         fcgiwrap              fcgiwrap         fcgiwrap             fcgiwrap        fcgiwrap
fuzz     command:clang            clang                 clang            clang                clang           llvm
afl      command:afl-fuzz         afl++                 american-fuzzy-lop afl++              afl++           afl++
fuzz     command:llvm-cov         llvm                  llvm             llvm                 llvm            llvm
fuzz     runtime:fuzzer           libclang-rt-dev       compiler-rt      compiler-rt          compiler-rt     llvm
prove    command:frama-c          frama-c-base          frama-c          -                    -               -
prove    command:why3             why3                  why3             -                    -               -
prove    command:z3               z3                    z3               z3                   z3              z3
prove    command:cvc4             cvc4                  cvc4             -                    -               -
'

headers_present() { # FILE...: one run of the preprocessor for all of them
	for file; do
		echo "#include <$file>"
	done | ${CC:-cc} ${CPPFLAGS:-} -E -x c - >/dev/null 2>&1
}

python_has() { # MODULE, for the python that the tests are run with
	for folder in /usr/lib/python3/dist-packages /usr/lib/python3*/site-packages; do
		[ -d "$folder/$1" ] && return
	done
	/usr/bin/python3 -c "import $1" >/dev/null 2>&1
}

runtime_present() { # clang's library NAME, for its -fsanitize=NAME
	ls "$(clang -print-resource-dir 2>/dev/null)"/lib/*/libclang_rt."$1"*.a >/dev/null 2>&1
}

apache_has() { # MODULE.so: some systems have it in a package of its own
	for folder in /usr/lib/apache2/modules /usr/lib64/httpd/modules /usr/lib/httpd/modules; do
		[ -e "$folder/$1" ] && return
	done
	return 1
}

command_present() { # NAME[,OTHER NAME]: servers live in sbin, which is not in every user's PATH, suexec elsewhere
	IFS=,
	for name in $1; do
		unset IFS
		PATH=$PATH:/usr/sbin:/sbin:/usr/lib/apache2 command -v "$name" >/dev/null && return
	done
	return 1
}

present() { # KIND:NAME
	case $1 in
	command:*) command_present "${1#*:}" ;;
	apache:*) apache_has "${1#*:}" ;;
	header:*) [ "$headers_known" ] || headers_present "${1#*:}" ;;
	python:*) [ -x /usr/bin/python3 ] && python_has "${1#*:}" ;;
	runtime:*) runtime_present "${1#*:}" ;;
	esac
}

rows_of() { # GROUP...
	for group; do
		echo "$packages" | while read -r row_group row; do
			[ "$row_group" != "$group" ] || echo "$row"
		done
	done
}

say() {
	echo "make deps: $*" >&2
}

# Packages that start a daemon ask policy-rc.d first; 101 is "not allowed". The administrator's own, if there is one, waits
# beside it, also through a run that is killed; ours is known by its text. One run at a time: the lock ends with the shell.
policy=/usr/sbin/policy-rc.d
kept=$policy.kept-by-make-deps
ours='#!/bin/sh
# of make deps, for as long as it installs
exit 101'

is_ours() {
	[ -f $policy ] && [ ! -L $policy ] && [ "$(cat $policy)" = "$ours" ]
}

forbid_daemons() {
	exec 9</usr/sbin
	flock 9
	trap allow_daemons EXIT
	trap 'exit 130' HUP INT TERM
	if ! is_ours && { [ -e $policy ] || [ -L $policy ]; }; then
		mv $policy $kept
	fi
	rm -f $policy.new
	printf '%s\n' "$ours" >$policy.new
	chmod 755 $policy.new
	mv $policy.new $policy
}

allow_daemons() {
	rm -f "${log:-}"
	! is_ours || rm -f $policy
	if [ -e $kept ] || [ -L $kept ]; then
		mv $kept $policy
	fi
}

install_debian() { # PACKAGE...
	if [ "$(id -u)" -ne 0 ]; then
		say "missing: $*. As root, type:"
		say "  apt-get update && apt-get install -y --no-install-recommends $*"
		exit 1
	fi
	say "installing $*"
	forbid_daemons
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	options='-q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3'
	# shellcheck disable=SC2086 # the options are words
	if ! { apt-get $options update && apt-get $options install --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		say "apt-get could not install $*: its own words are above"
		exit 1
	fi
}

wanted=$(rows_of "$@")
headers=$(echo "$wanted" | sed -n 's/^header:\([^ ]*\).*/\1/p')
headers_known=
# shellcheck disable=SC2086 # header names are words
headers_present $headers && headers_known=yes

missing=
while read -r what debian fedora alpine arch homebrew; do
	[ -n "$what" ] || continue
	present "$what" || missing="$missing$debian $fedora $alpine $arch $homebrew
"
done <<END
$wanted
END
[ -n "$missing" ] || exit 0

column() { # N: that column's packages, each once
	printf '%s' "$missing" | awk -v n="$1" '$n != "-" && !seen[$n]++ { printf "%s%s", sep, $n; sep = " " }'
}

if command -v apt-get >/dev/null; then
	# shellcheck disable=SC2046 # package names are words
	install_debian $(column 1)
	exit
fi
say "missing here. Install, whichever is yours:"
say "  Fedora:    dnf install $(column 2)"
say "  Alpine:    apk add $(column 3)"
say "  Arch:      pacman -S --needed $(column 4)"
say "  Homebrew:  brew install $(column 5)"
say "and where there is no libcrypto.a, build with DYNAMIC=1"
exit 1
