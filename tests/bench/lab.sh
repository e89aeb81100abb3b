# lab.sh: sourced by the scripts of this folder, which have set $build, $tests and $folder, an empty one that becomes the
# current folder. lab_make NAME makes $folder/NAME with a snapshot and request.der. $redis is the server's process.
# shellcheck shell=sh disable=SC2034,SC2154

cd "$folder" || exit

lab_run() { # COMMAND...: silent unless it fails
	"$@" >"$folder/log" 2>&1 || { echo "$*:" && cat "$folder/log"; } >&2
}

lab_ca() { # one CA for all: the slow part
	[ ! -e "$folder/ca/config.yaml" ] || return 0
	mkdir "$folder/ca"
	"$tests/ca.sh" "$folder/ca"
	(cd "$folder/ca" && openssl ocsp -issuer ca.pem -cert good.pem -no_nonce -reqout request.der >/dev/null 2>&1)
}

lab_redis() {
	[ -z "$redis" ] || return 0
	redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --daemonize no --dir "$folder" >/dev/null 2>&1 &
	redis=$!
	while ! redis-cli -s "$folder/redis.sock" ping >/dev/null 2>&1; do sleep 0.05; done
}

lab_delegate() { # ALGORITHM: instead of ca.sh's, of P-256
	case $1 in
	rsa) options='-algorithm RSA -pkeyopt rsa_keygen_bits:2048' ;;
	p384) options='-algorithm EC -pkeyopt ec_paramgen_curve:secp384r1' ;;
	p521) options='-algorithm EC -pkeyopt ec_paramgen_curve:secp521r1' ;;
	ed25519) options='-algorithm ED25519' ;;
	esac
	# shellcheck disable=SC2086 # the options are words
	openssl genpkey $options -out ocsp.key 2>/dev/null
	openssl req -new -config ca.cnf -key ocsp.key -subj '/CN=Bench responder' -out ocsp.csr
	openssl ca -batch -config ca.cnf -extensions delegate -in ocsp.csr -out ocsp.pem -notext 2>/dev/null
}

lab_make() { # table | redis | rsa | p384 | p521 | ed25519
	lab_ca
	cp -r "$folder/ca" "$folder/$1"
	cd "$folder/$1" || exit
	case $1 in
	redis)
		lab_redis
		sed 's/^    status: .*/    status: redis/' "$folder/ca/config.yaml" >config.yaml
		printf 'redis: {address: "unix:%s/redis.sock"}\n' "$folder" >>config.yaml
		lab_run "$build/ocspctl" import -c config.yaml --ca demo --index index.txt
		;;
	*)
		[ "$1" = table ] || lab_delegate "$1"
		lab_run "$build/ocspctl" table --index index.txt --ca demo -c config.yaml -o demo.table
		;;
	esac
	lab_run "$build/ocspctl" compile -c config.yaml -o snapshot
	cd "$folder" || exit
}
