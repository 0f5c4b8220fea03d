#!/usr/bin/env bash
# Plays the scene of docs/trust-your-images.md with the real cosign, docker-registry and kube-apiserver,
# and compares what every command says with what the page shows (see scene.sh).
# The port is part of what the page shows, so it has to be free.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../.."

readonly PAGE="$PWD/docs/trust-your-images.md"
# shellcheck source=tests/demo/scene.sh
source tests/demo/scene.sh
# shellcheck source=tests/demo/images.sh
source tests/demo/images.sh
# shellcheck source=tests/demo/cluster.sh
source tests/demo/cluster.sh

# The options without which cosign asks Sigstore's public services, which nobody needs for a key.
readonly LOCAL=(--tlog-upload=false --use-signing-config=false --allow-insecure-registry)

# ---- the scene ------------------------------------------------------------------------------------

generate_a_key() {
  chapter "a key"
  run cosign generate-key-pair --output-key-prefix release
  # cosign says where it writes before it says what it wrote
  cosign generate-key-pair --output-key-prefix security >/dev/null 2>&1
}

sign() {
  chapter "sign"
  WEB="$REGISTRY/acme/web@$(push_image acme/web 1.0 "the web shop")"
  TOOLS="$REGISTRY/acme/tools@$(push_image acme/tools 1.0 "tools")"
  write_pod web "$WEB"
  write_pod tools "$TOOLS"
  run cosign sign --yes --key release.key "${LOCAL[@]}" "$WEB"
  run cosign verify --key release.pub --insecure-ignore-tlog --allow-insecure-registry "$WEB" "> verified.json"
}

check() {
  chapter "check"
  write_policies deny '{images: ["127.0.0.1:5000/acme/**"], anyOf: [release]}'
  run cat trust.yaml
  run cat tools.yaml
  run 'gatehouse check --config trust.yaml tools.yaml; echo "exit code $?"'
  run 'gatehouse check --config trust.yaml web.yaml; echo "exit code $?"'
}

# Arguments: mode, rule, further settings.
write_policies() {
  cat >trust.yaml <<YAML
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata:
  name: image-trust
spec:
  module: builtin:image-trust
  mode: $1
  facts: [image]
  settings:
    authorities:
      release: {key: "file:release.pub"${4:-}}${3:-}
    signatures:
    - $2
YAML
  local_registry >>trust.yaml
}

in_the_cluster() {
  chapter "in the cluster"
  start_cluster
  start_webhook trust.yaml
  run kubectl create -f tools.yaml
  run kubectl create -f web.yaml

  chapter "mode: fix"
  write_policies fix '{images: ["127.0.0.1:5000/acme/**"], anyOf: [release]}'
  start_webhook trust.yaml
  write_pod shop "$REGISTRY/acme/web:1.0"
  run grep image: shop.yaml
  run kubectl create -f shop.yaml
  run "kubectl get pod shop -o jsonpath='{.spec.containers[0].image}{\"\\n\"}'"
  push_image acme/web 1.0 "an attacker's" >/dev/null
  run "kubectl get pod shop -o jsonpath='{.spec.containers[0].image}{\"\\n\"}'"
  sleep 11 # a tag is remembered for ten seconds
  write_pod next "$REGISTRY/acme/web:1.0"
  run kubectl create -f next.yaml
  push_image acme/web 1.0 "the web shop" >/dev/null
}

rules() {
  chapter "rules"
  local security=$'\n      security: {key: "file:security.pub"}'
  write_policies deny '{images: ["127.0.0.1:5000/acme/**"], allOf: [release, security]}' "$security"
  run gatehouse check --config trust.yaml web.yaml
  run "gatehouse trust verify --config trust.yaml $WEB; echo \"exit code \$?\""
  run cosign sign --yes --key security.key "${LOCAL[@]}" "$WEB"
  run gatehouse check --config trust.yaml web.yaml
}

bind() {
  chapter "bindReference"
  write_policies deny '{images: ["127.0.0.1:5000/acme/**"], anyOf: [release]}' '' ', bindReference: true'
  run gatehouse check --config trust.yaml web.yaml
  run cosign sign --yes --key release.key "${LOCAL[@]}" --new-bundle-format=false "$WEB"
  run gatehouse check --config trust.yaml web.yaml
}

platforms() {
  chapter "an index"
  local image index
  image=$(push_image acme/multi amd64 "for amd64")
  index=$(push_index acme/multi 1.0 "$image")
  write_policies deny '{images: ["127.0.0.1:5000/acme/**"], anyOf: [release]}'
  write_pod by-index "$REGISTRY/acme/multi@$index"
  write_pod by-platform "$REGISTRY/acme/multi@$image"
  run cosign sign --yes --key release.key "${LOCAL[@]}" "$REGISTRY/acme/multi@$index"
  run gatehouse check --config trust.yaml by-index.yaml by-platform.yaml
  run cosign sign --yes --recursive --key release.key "${LOCAL[@]}" "$REGISTRY/acme/multi@$index"
  run gatehouse check --config trust.yaml by-index.yaml by-platform.yaml
}

certificates() {
  chapter "certificates"
  cat >ca.cnf <<'CNF'
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[builds]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectAltName = email:builds@acme.example
CNF
  run "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout root.pem -out root.crt -days 3650 -subj '/O=Acme/CN=Acme Root' -config ca.cnf -extensions ca 2>/dev/null"
  run "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout builds.pem -out builds.csr -subj /CN=builds -config ca.cnf 2>/dev/null"
  run "openssl x509 -req -in builds.csr -CA root.crt -CAkey root.pem -CAcreateserial -days 365 -extfile ca.cnf -extensions builds -out builds.crt 2>/dev/null"
  run cosign import-key-pair --yes --key builds.pem --output-key-prefix builds
  run cosign sign --yes --key builds.key --certificate builds.crt --certificate-chain root.crt "${LOCAL[@]}" "$TOOLS"
  write_policies deny '{images: ["127.0.0.1:5000/acme/**"], anyOf: [release, builds]}' \
    $'\n      builds: {certificate: "file:root.crt", identities: [builds@acme.example]}'
  run gatehouse check --config trust.yaml tools.yaml
}

record() {
  chapter "record"
  run gatehouse check --config trust.yaml --record facts.json web.yaml tools.yaml
  run 'gatehouse check --config trust.yaml --offline --facts facts.json web.yaml tools.yaml; echo "exit code $?"'
  run 'gatehouse check --config trust.yaml --offline web.yaml; echo "exit code $?"'
}

registry_is_down() {
  chapter "the registry is down"
  stop_registry
  run 'gatehouse check --config trust.yaml web.yaml; echo "exit code $?"'
}

play link_cosign start_registry generate_a_key sign check in_the_cluster rules bind platforms certificates record registry_is_down
