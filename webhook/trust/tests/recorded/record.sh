#!/usr/bin/env bash
# Records anew what cosign 2 and cosign 3 leave in a registry: a folder a signature, beside this script.
# Needs openssl, curl, jq and python3; gets the rest by tests/registry-tools/get-cosign.sh.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}"

readonly PORT="${PORT:-5917}"
readonly REGISTRY="127.0.0.1:$PORT"
readonly LOG="127.0.0.1:$((PORT + 1))"
readonly MANIFESTS="application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"

main() {
  local name path key
  declare -gA TOOLS
  while read -r name path; do
    TOOLS[$name]=$path
  done < <(../../../../tests/registry-tools/get-cosign.sh)
  WORK=$(mktemp --directory)
  readonly WORK
  export COSIGN_PASSWORD="" TUF_ROOT="$WORK/tuf" SIGSTORE_NO_CACHE=1
  trap clean EXIT
  start_registry
  make_keys
  make_certificates
  for key in p256 p384 ed25519 rsa; do
    record "cosign-2-$key" cosign-2 "$key" --tlog-upload=false
    record "cosign-3-$key" cosign-3 "$key" --tlog-upload=false --use-signing-config=false
  done
  record cosign-2-certificate cosign-2 p256 --tlog-upload=false \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
  record cosign-3-certificate cosign-3 p256 --tlog-upload=false --use-signing-config=false \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
  record cosign-3-as-2 cosign-3 p256 --tlog-upload=false --use-signing-config=false --new-bundle-format=false
  write_scan
  record_attestation cosign-2-attestation cosign-2 p256 --tlog-upload=false
  record_attestation cosign-3-attestation cosign-3 p256 --tlog-upload=false --use-signing-config=false
  start_log
  record cosign-2-logged cosign-2 p256 --rekor-url "http://$LOG"
  record cosign-2-p384-logged cosign-2 p384 --rekor-url "http://$LOG"
  record cosign-3-logged cosign-3 p256 --use-signing-config=false --rekor-url "http://$LOG"
  record cosign-2-timestamp cosign-2 p256 --tlog-upload=false --timestamp-server-url "http://$LOG" \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
  record cosign-3-timestamp cosign-3 p256 --tlog-upload=false --use-signing-config=false \
    --timestamp-server-url "http://$LOG" \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
  record_attestation cosign-2-attestation-logged cosign-2 p256 --rekor-url "http://$LOG"
  record_attestation cosign-2-attestation-p384-logged cosign-2 p384 --rekor-url "http://$LOG"
  record_attestation cosign-2-attestation-intoto cosign-2 p256 --rekor-url "http://$LOG" --rekor-entry-type intoto
  record_attestation cosign-3-attestation-logged cosign-3 p256 --use-signing-config=false --rekor-url "http://$LOG"
  record_attestation cosign-2-attestation-timestamp cosign-2 p256 --tlog-upload=false \
    --timestamp-server-url "http://$LOG" \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
  record_attestation cosign-3-attestation-timestamp cosign-3 p256 --tlog-upload=false --use-signing-config=false \
    --timestamp-server-url "http://$LOG" \
    --certificate "$WORK/leaf.pem" --certificate-chain "$WORK/chain.pem"
}

clean() {
  local pid
  for pid in ${PID:-} ${LOG_PID:-}; do
    kill "$pid"
  done
  rm -rf "$WORK"
}

start_registry() {
  cat >"$WORK/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $WORK/registry}}
http: {addr: $REGISTRY}
YAML
  "${TOOLS[docker-registry]}" serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
  PID=$!
  curl --silent --retry 50 --retry-delay 1 --retry-connrefused "http://$REGISTRY/v2/" >/dev/null
}

# A log and a timestamp authority of our own, as Sigstore's cannot be reached.
start_log() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/log.pem"
  openssl pkey -in "$WORK/log.pem" -pubout -out "$WORK/log.pub"
  export SIGSTORE_REKOR_PUBLIC_KEY="$WORK/log.pub"
  configure_timestamps
  python3 log.py "${LOG#*:}" "$WORK/log.pem" "$WORK/timestamps.cnf" &
  LOG_PID=$!
  write_trust_root
  curl --silent --retry 50 --retry-delay 1 --retry-connrefused "http://$LOG/" >/dev/null
}

configure_timestamps() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/timestamps.key"
  issue timestamps "$WORK/timestamps.key" "/O=Acme/CN=Acme Time" ca.pem "$WORK/root.key" timestamps
  echo 01 >"$WORK/timestamps.serial"
  cat >"$WORK/timestamps.cnf" <<CNF
[tsa]
default_tsa = authority
[authority]
serial = $WORK/timestamps.serial
signer_cert = $WORK/timestamps.pem
signer_key = $WORK/timestamps.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
CNF
}

write_trust_root() {
  local spki id leaf root
  leaf=$(openssl x509 -in "$WORK/timestamps.pem" -outform DER | base64 --wrap=0)
  root=$(openssl x509 -in ca.pem -outform DER | base64 --wrap=0)
  spki=$(openssl pkey -pubin -in "$WORK/log.pub" -outform DER | base64 --wrap=0)
  id=$(base64 --decode <<<"$spki" | openssl dgst -sha256 -binary | base64 --wrap=0)
  jq --null-input --arg spki "$spki" --arg id "$id" --arg leaf "$leaf" --arg root "$root" '{
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [{
      baseUrl: "https://log.example",
      hashAlgorithm: "SHA2_256",
      publicKey: {
        rawBytes: $spki,
        keyDetails: "PKIX_ECDSA_P256_SHA_256",
        validFor: {start: "2020-01-01T00:00:00Z"}
      },
      logId: {keyId: $id}
    }],
    timestampAuthorities: [{certChain: {certificates: [{rawBytes: $leaf}, {rawBytes: $root}]}}]
  }' >trusted_root.json
}

make_keys() {
  local key
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/p256.pem"
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$WORK/p384.pem"
  openssl genpkey -quiet -algorithm ed25519 -out "$WORK/ed25519.pem"
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$WORK/rsa.pem"
  for key in p256 p384 ed25519 rsa; do
    openssl pkey -in "$WORK/$key.pem" -pubout -out "$key.pub"
    # Debian's cosign 2 cannot import all of these, but it signs with what cosign 3 imported.
    "${TOOLS[cosign-3]}" import-key-pair --yes --key "$WORK/$key.pem" --output-key-prefix "$WORK/$key"
  done
}

# Root, intermediate and a leaf for the P-256 key.
make_certificates() {
  cat >"$WORK/openssl.cnf" <<CNF
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectAltName = email:builds@acme.example
[timestamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
CNF
  local ca
  for ca in root intermediate; do
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/$ca.key"
  done
  openssl req -x509 -new -key "$WORK/root.key" -subj "/O=Acme/CN=Acme Root" -days 36500 \
    -config "$WORK/openssl.cnf" -extensions ca -out ca.pem
  issue intermediate "$WORK/intermediate.key" "/O=Acme/CN=Acme Builds" ca.pem "$WORK/root.key" ca
  issue leaf "$WORK/p256.pem" "/O=Acme/CN=builds" "$WORK/intermediate.pem" "$WORK/intermediate.key" leaf
  cat "$WORK/intermediate.pem" ca.pem >"$WORK/chain.pem"
  cp "$WORK/intermediate.pem" intermediate.pem
}

# Arguments: name, key, subject, issuer, key of the issuer, section of openssl.cnf.
issue() {
  openssl req -new -config "$WORK/openssl.cnf" -key "$2" -subj "$3" -out "$WORK/$1.csr"
  openssl x509 -req -in "$WORK/$1.csr" -CA "$4" -CAkey "$5" -CAcreateserial -CAserial "$WORK/serial" -days 36500 \
    -extfile "$WORK/openssl.cnf" -extensions "$6" -out "$WORK/$1.pem"
}

# Arguments: folder, cosign, key, arguments of `cosign sign`.
record() {
  local folder=$1 cosign=$2 key=$3 digest
  shift 3
  digest=$(push_image "$folder")
  "${TOOLS[$cosign]}" sign --yes --key "$WORK/$key.key" --allow-insecure-registry "$@" \
    "$REGISTRY/acme/$folder@$digest"
  save "$folder" "$digest"
}

# Arguments: folder, cosign, key, arguments of `cosign attest`.
record_attestation() {
  local folder=$1 cosign=$2 key=$3 digest
  shift 3
  digest=$(push_image "$folder")
  "${TOOLS[$cosign]}" attest --yes --key "$WORK/$key.key" --allow-insecure-registry "$@" \
    --type vuln --predicate "$WORK/scan.json" "$REGISTRY/acme/$folder@$digest"
  save "$folder" "$digest"
}

# What a scanner found, as `cosign attest --type vuln` wants it.
write_scan() {
  cat >"$WORK/scan.json" <<JSON
{
  "invocation": {"parameters": null, "uri": "", "event_id": "", "builder.id": ""},
  "scanner": {
    "uri": "https://scanner.example",
    "version": "1.0",
    "db": {"uri": "", "version": ""},
    "result": {"Results": [{"Target": "app", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2026-0001", "Severity": "LOW"},
      {"VulnerabilityID": "CVE-2026-0002", "Severity": "MEDIUM"}
    ]}, {"Target": "base"}]}
  },
  "metadata": {"scanStartedOn": "2026-11-21T23:59:00Z", "scanFinishedOn": "2026-11-22T00:00:00Z"}
}
JSON
}

# An image of its own for every signature: no layers, and a configuration that names it.
push_image() {
  local config digest
  config="{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Labels\":{\"name\":\"$1\"}}}"
  digest=$(push_blob "$1" "$config")
  printf '%s' "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$digest\",\"size\":${#config}},\"layers\":[]}" >"$WORK/manifest"
  curl --fail --silent --upload-file "$WORK/manifest" \
    --header "Content-Type: application/vnd.oci.image.manifest.v1+json" "http://$REGISTRY/v2/acme/$1/manifests/v1" >&2
  printf 'sha256:%s' "$(sha256sum <"$WORK/manifest" | cut --delimiter=' ' --fields=1)"
}

push_blob() {
  local location digest
  printf '%s' "$2" >"$WORK/blob"
  digest="sha256:$(sha256sum <"$WORK/blob" | cut --delimiter=' ' --fields=1)"
  location=$(curl --fail --silent --include --request POST "http://$REGISTRY/v2/acme/$1/blobs/uploads/" |
    tr --delete '\r' | sed --quiet 's/^Location: //Ip')
  curl --fail --silent --request PUT --data-binary "@$WORK/blob" \
    --header "Content-Type: application/octet-stream" "$location&digest=$digest" >&2
  echo "$digest"
}

# The signature's manifest and the bytes of its layer, and the reference of the image.
save() {
  local folder=$1 hex=${2#sha256:} manifest
  mkdir -p "$folder"
  fetch "$folder" "manifests/sha256-$hex.sig" "$WORK/found" ||
    fetch "$folder" "manifests/sha256-$hex.att" "$WORK/found" ||
    fetch "$folder" "manifests/sha256-$hex" "$WORK/found"
  if jq --exit-status .manifests "$WORK/found" >/dev/null; then
    mv "$WORK/found" "$folder/fallback-tag.json"
    manifest=$(jq --raw-output '.manifests[0].digest' "$folder/fallback-tag.json")
    fetch "$folder" "manifests/$manifest" "$WORK/found"
  fi
  mv "$WORK/found" "$folder/manifest.json"
  fetch "$folder" "blobs/$(jq --raw-output '.layers[0].digest' "$folder/manifest.json")" "$folder/layer"
  printf '%s' "$REGISTRY/acme/$folder@$2" >"$folder/image"
}

fetch() {
  curl --fail --silent --header "Accept: $MANIFESTS" --output "$3" "http://$REGISTRY/v2/acme/$1/$2"
}

main
