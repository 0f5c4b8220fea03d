#!/usr/bin/env bash
# Plays the scene of docs/reading-a-denial.md in a cluster, and compares what every command says with what the page
# shows (see scene.sh).
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../.."

readonly PAGE="$PWD/docs/reading-a-denial.md"
# shellcheck source=tests/demo/scene.sh
source tests/demo/scene.sh
# shellcheck source=tests/demo/cluster.sh
source tests/demo/cluster.sh

readonly DIGEST="sha256:4bc453b53cb3d914b45f4b250294236adba2c0e09ff6f03793949e7e39fd4cc1"

# ---- the scene ------------------------------------------------------------------------------------

prepare() {
  write_shop
  start_cluster
  kubectl create -f <(as_deployment legacy "registry.example/legacy@$DIGEST") >/dev/null
  write_policies deny
  start_webhook policies.yaml
}

write_shop() {
  cat >shop.yaml <<YAML
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: ghcr.io/acme/shop:2.4.1
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
      # counts requests
      - name: metrics
        image: ghcr.io/acme/metrics:1.9@$DIGEST
        securityContext:
          capabilities: {add: [SYS_PTRACE]}   # to look into the app
YAML
}

# Arguments: name, image.
as_deployment() {
  cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec: {containers: [{name: app, image: "$2"}]}
YAML
}

# Arguments: mode of pod-security.
write_policies() {
  cat >policies.yaml <<YAML
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pod-security}
spec:
  module: builtin:pod-security
  mode: $1
  settings: {level: hardened}
  facts: [namespace]
  message: "questions? #platform, or https://wiki.acme.example/pods"
---
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: image-trust}
spec:
  module: builtin:image-trust
  mode: deny
  settings: {digest: required}
  facts: [image]
YAML
}

the_denial() {
  chapter "the denial"
  run cat shop.yaml
  run kubectl apply -f shop.yaml
}

more() {
  chapter "more"
  run gatehouse explain added-capabilities
}

at_home() {
  chapter "at home"
  run "gatehouse check --config policies.yaml shop.yaml | sed -n '/-->/,\$p'"
  run gatehouse check --config policies.yaml --diff shop.yaml
  run gatehouse check --config policies.yaml --fix shop.yaml
  run "sed -i s/shop:2.4.1/shop:2.4.1@$DIGEST/ shop.yaml"
  run kubectl apply -f shop.yaml
}

in_an_event() {
  chapter "in an event"
  run kubectl scale deployment legacy --replicas=2
  wait_until refused_in_event
  run kubectl get events --field-selector reason=FailedCreate
}

refused_in_event() {
  [[ $(kubectl get events --field-selector reason=FailedCreate --output name) ]]
}

a_warning() {
  chapter "a warning"
  write_policies warn
  start_webhook policies.yaml
  kubectl delete deployment shop >/dev/null
  write_shop
  sed -i "s/shop:2.4.1/shop:2.4.1@$DIGEST/" shop.yaml
  run kubectl apply -f shop.yaml
}

could_not_check() {
  chapter "could not check"
  openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -out release.pub 2>/dev/null
  write_signatures
  write_pod web "registry.example/acme/web@$DIGEST"
  run 'gatehouse check --config signatures.yaml web.yaml; echo "exit code $?"'
}

write_signatures() {
  cat >signatures.yaml <<YAML
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: image-trust}
spec:
  module: builtin:image-trust
  mode: deny
  facts: [image]
  settings:
    authorities:
      release: {key: "file:release.pub"}
    signatures:
    - {images: ["registry.example/acme/**"], anyOf: [release]}
YAML
}

play prepare the_denial more at_home in_an_event a_warning could_not_check
