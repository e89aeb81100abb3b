#!/bin/sh
# ca.sh FOLDER: a throw-away CA (RSA) kept by `openssl ca`, its P-256 OCSP delegate, and three certificates:
# good.pem (valid), revoked.pem (keyCompromise), unknown.pem (issued behind the database's back), in FOLDER.
set -eu
cd "$1"

cat >ca.cnf <<'END'
[ca]
default_ca = demo
[demo]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[delegate]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
END

p256() { # NAME SUBJECT: a key and its request
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
	openssl req -new -config ca.cnf -key "$1.key" -subj "$2" -out "$1.csr"
}

: >index.txt
echo 1000 >serial
openssl req -x509 -config ca.cnf -extensions root -newkey rsa:2048 -nodes -keyout ca.key -days 60 \
	-subj '/C=XX/O=Throw-away/CN=Demo CA' -out ca.pem 2>/dev/null
p256 ocsp '/CN=Demo OCSP responder'
openssl ca -batch -config ca.cnf -extensions delegate -in ocsp.csr -out ocsp.pem -notext 2>/dev/null
for name in good revoked; do
	p256 $name "/CN=$name.example"
	openssl ca -batch -config ca.cnf -extensions server -in $name.csr -out $name.pem -notext 2>/dev/null
done
openssl ca -batch -config ca.cnf -revoke revoked.pem -crl_reason keyCompromise 2>/dev/null
openssl ca -batch -config ca.cnf -gencrl -out crl.pem 2>/dev/null
p256 unknown '/CN=unknown.example'
openssl x509 -req -in unknown.csr -CA ca.pem -CAkey ca.key -set_serial 0x7777 -days 30 -sha256 -out unknown.pem 2>/dev/null

cat >config.yaml <<'END'
certificate_authorities:
  demo:
    ca_cert: {cert: ca.pem}
    ocsp_cert: {cert: ocsp.pem, key: ocsp.key}
    status: {table: demo.table}
END
