#!/usr/bin/env bash
# Plays the scene of docs/policies-in-ci.md, and compares what every command says with what the page shows (see
# scene.sh).
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../.."

readonly PAGE="$PWD/docs/policies-in-ci.md"
# shellcheck source=tests/demo/scene.sh
source tests/demo/scene.sh
# shellcheck source=tests/demo/cluster.sh
source tests/demo/cluster.sh

readonly DIGEST="sha256:4bc453b53cb3d914b45f4b250294236adba2c0e09ff6f03793949e7e39fd4cc1"

# ---- the scene ------------------------------------------------------------------------------------

prepare() {
  link_kubectl
  write_manifests
  mkdir policies
  write_policies policies
}

write_manifests() {
  mkdir -p deploy overlays/production
  cat >deploy/web.yaml <<YAML
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      hostNetwork: true   # until the ingress works
      securityContext:
        runAsNonRoot: true
        readOnlyRootFilesystem: true
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: ghcr.io/acme/web:3.1@$DIGEST
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
YAML
  cat >deploy/report.yaml <<YAML
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
  namespace: shop
spec:
  schedule: "0 6 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          securityContext:
            runAsNonRoot: true
            seccompProfile: {type: RuntimeDefault}
          containers:
          - name: report
            image: ghcr.io/acme/report:1.0@$DIGEST
            securityContext:
              allowPrivilegeEscalation: false
              readOnlyRootFilesystem: true
              capabilities: {drop: [ALL]}
YAML
  printf 'replicas: 3\nlogLevel: info\n' >deploy/values.yaml
  printf 'resources: [web.yaml, report.yaml]\n' >deploy/kustomization.yaml
  printf 'resources: [../../deploy]\nimages:\n- {name: ghcr.io/acme/web, newTag: "3.2"}\nbuildMetadata: [originAnnotations]\n' \
    >overlays/production/kustomization.yaml
}

# Arguments: a folder, further settings of pod-security.
write_policies() {
  cat >"$1/policies.yaml" <<YAML
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pod-security}
spec:
  module: builtin:pod-security
  mode: deny
  settings: {level: ${2:-hardened}}
  facts: [namespace]
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

in_a_pipeline() {
  chapter "in a pipeline"
  run 'gatehouse check --config policies deploy; echo "exit code $?"'
}

on_a_terminal() {
  chapter "on a terminal"
  picture check.svg gatehouse check deploy/web.yaml
}

rendered() {
  chapter "rendered"
  run "kubectl kustomize overlays/production | gatehouse check --config policies - | sed -n '/-->/,\$p'"
}

outputs() {
  chapter "outputs"
  run "gatehouse check --config policies --output github deploy | cut -c -120"
  run "gatehouse check --config policies --output sarif deploy > gatehouse.sarif; jq -c '.runs[].results[].locations[].physicalLocation | [.artifactLocation.uri, .region.startLine]' gatehouse.sarif"
  run "gatehouse check --config policies --output junit deploy > gatehouse.xml; grep '<[tsf]' gatehouse.xml | cut -c -100"
  run "gatehouse check --config policies --output json deploy | jq -r '.objects[] | .name as \$name | .findings[] | [\$name, .code, .line] | @tsv'"
}

policies_that_change() {
  chapter "policies that change"
  write_case
  run cat tests/shop.yaml
  run gatehouse test tests
  mkdir --parents main/policies
  write_policies main/policies privileged
  run 'gatehouse check --config policies --against main/policies deploy; echo "exit code $?"'
}

write_case() {
  mkdir tests
  cat >tests/shop.yaml <<'YAML'
apiVersion: gatehouse.dev/v1alpha1
kind: PolicyTest
metadata: {name: shop}
spec:
  config: [../policies]
  cases:
  - name: the web shop needs no network of its node
    manifest: ../deploy/web.yaml
    expect:
      verdict: deny
      findings: [{code: host-network}, {code: read-only-root-filesystem, container: app}]
  - name: the report is as it should be
    manifest: ../deploy/report.yaml
    expect: {verdict: allow}
YAML
}

bad_input() {
  chapter "what cannot be read"
  printf 'kind: Pod\n  apiVersion: v1\n' >broken.yaml
  run 'gatehouse check --config policies broken.yaml deploy/report.yaml; echo "exit code $?"'
  mkdir empty
  run 'gatehouse check --config policies empty; echo "exit code $?"'
}

play prepare in_a_pipeline on_a_terminal rendered outputs policies_that_change bad_input
