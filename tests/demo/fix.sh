#!/usr/bin/env bash
# Plays the scene of docs/fix-your-manifests.md on a copy of tests/apps, prints what every command says, and fails
# where the page shows something else.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../.."

readonly PAGE="$PWD/docs/fix-your-manifests.md"
# shellcheck source=tests/demo/scene.sh
source tests/demo/scene.sh

# ---- the scene ------------------------------------------------------------------------------------

check() {
  chapter "check"
  cp -r "$ROOT/tests/apps" apps
  run 'gatehouse check apps | tail -n 1'
  run gatehouse check --code host-network apps/backup.yaml
}

look_at_the_diff() {
  chapter "look at the diff"
  run gatehouse check --diff apps/backup.yaml
}

fix() {
  chapter "fix"
  git init --quiet
  git add apps
  run 'gatehouse check --fix apps 2>done.txt; echo "exit code $?"'
  run git diff --stat
}

some_codes() {
  chapter "some codes"
  git checkout --quiet apps
  run gatehouse check --fix --code seccomp-profile apps/wiki.yaml
}

what_is_left() {
  chapter "what is left"
  cat >agent.yaml <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: agent
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: agent
    image: ghcr.io/acme/agent:3.1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
    volumeMounts:
    - {name: logs, mountPath: /host/logs}
  volumes:
  - name: logs
    hostPath: {path: /var/log}
YAML
  run 'gatehouse check --fix agent.yaml; echo "exit code $?"'
}

what_is_refused() {
  chapter "what is refused"
  cat >shared.yaml <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: shared
x-context: &context
  runAsUser: 0
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: app
    image: ghcr.io/acme/app@sha256:$(printf app | sha256sum | cut --delimiter=' ' --fields=1)
    securityContext:
      <<: *context
      procMount: Default
YAML
  run cat shared.yaml
  run 'gatehouse check --diff shared.yaml'
}

play check look_at_the_diff fix some_codes what_is_left what_is_refused
