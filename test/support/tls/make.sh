#!/usr/bin/env bash
# Made the certificates beside it, which tests of webhooks over TLS believe and nobody else does: a root, one that it signed
# to sign, and what that signed for receiver.example. They last for a century; the keys that may sign were thrown away.
set -euo pipefail
cd "$(dirname "$0")"
hidden=$(mktemp -d)
trap 'rm -rf "$hidden"' EXIT
touch "$hidden/index"
cat >"$hidden/config" <<CONFIG
[ca]
default_ca = any
[any]
database = $hidden/index
new_certs_dir = $hidden
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
[policy]
commonName = supplied
CONFIG

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# sign NAME KEY SIGNER UNTIL EXTENSION…: the certificate NAME.pem for a key, by the certificate and key of a signer.
sign() {
  local name=$1 key=$2 signer=$3 until=$4 by
  shift 4
  printf '%s\n' "$@" >"$hidden/extensions"
  openssl req -new -key "$key" -subj "/CN=$name" -out "$hidden/request"
  if [ "$signer" = "$name" ]; then by=(-selfsign); else by=(-cert "$signer.pem"); fi
  openssl ca -config "$hidden/config" -batch -notext "${by[@]}" -keyfile "$hidden/$signer.key" -in "$hidden/request" \
    -startdate 20200101000000Z -enddate "$until" -extfile "$hidden/extensions" -out "$name.pem" 2>/dev/null
}

for name in root middle; do key "$hidden/$name.key"; done
key receiver.key
authority=('basicConstraints=critical,CA:true' 'keyUsage=critical,keyCertSign')
receiver=('basicConstraints=critical,CA:false' 'extendedKeyUsage=serverAuth' 'subjectAltName=DNS:receiver.example,IP:127.0.0.1')
sign root "$hidden/root.key" root 21200101000000Z "${authority[@]}"
sign middle "$hidden/middle.key" root 21200101000000Z "${authority[@]}"
sign receiver receiver.key middle 21200101000000Z "${receiver[@]}"
sign expired receiver.key middle 20210101000000Z "${receiver[@]}"
