#!/usr/bin/env bash
# Plays the scene of docs/sign-without-keys.md with the real cosign, docker-registry and a Sigstore of our own, and
# compares what every command says with what the page shows (see scene.sh).
# The port is part of what the page shows, so it has to be free.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../.."

readonly PAGE="$PWD/docs/sign-without-keys.md"
# shellcheck source=tests/demo/scene.sh
source tests/demo/scene.sh
# shellcheck source=tests/demo/images.sh
source tests/demo/images.sh

# By which Sigstore the real cosign signs; the page shows them once.
readonly SIGSTORE=(--signing-config signing-config.json --trusted-root trusted_root.json)

# ---- the scene ------------------------------------------------------------------------------------

start_sigstore() {
  local binary="$ROOT/target/release/gatehouse-test-sigstore"
  [[ -x $binary ]] || fail "\`$binary\` does not exist: run \`make pages\`"
  mkfifo stop
  "$binary" . <stop >sigstore.url &
  echo $! >sigstore.pid
  # it serves as long as this is open
  exec 9>stop
  wait_until test -s sigstore.url
}

sign() {
  chapter "sign"
  WEB="$REGISTRY/acme/web@$(push_image acme/web 1.0 "the web shop")"
  OURS="$REGISTRY/acme/ours@$(push_image acme/ours 1.0 "a fork's")"
  write_pod web "$WEB"
  write_pod ours "$OURS"
  run cosign sign --yes --identity-token release.token "${SIGSTORE[@]}" --allow-insecure-registry "$WEB"
  cosign sign --yes --identity-token fork.token "${SIGSTORE[@]}" --allow-insecure-registry "$OURS" >/dev/null 2>&1
}

check() {
  chapter "check"
  write_policies
  run cat trust.yaml
  run 'gatehouse check --config trust.yaml web.yaml; echo "exit code $?"'
  run 'gatehouse check --config trust.yaml ours.yaml; echo "exit code $?"'
  run gatehouse trust verify --config trust.yaml "$WEB"
}

# Arguments: further authorities, the rule.
write_policies() {
  cat >trust.yaml <<YAML
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata:
  name: image-trust
spec:
  module: builtin:image-trust
  mode: deny
  facts: [image]
  settings:
    authorities:
      release:
        trustRoot:${3:- file:trusted_root.json}
        keyless:
          issuer: https://token.actions.githubusercontent.com
          subject: {glob: "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*"}
${1:-}    signatures:
    - {images: ["127.0.0.1:5000/acme/**"], ${2:-"anyOf: [release]"}}
YAML
  local_registry >>trust.yaml
}

provenance() {
  chapter "where it was built"
  write_policies '      built:
        trustRoot: file:trusted_root.json
        keyless:
          issuer: https://token.actions.githubusercontent.com
          subject: {glob: "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*"}
        attestation:
          predicateType: https://slsa.dev/provenance/v1
          conditions:
          - path: runDetails.builder.id
            equals: https://github.com/actions/runner/github-hosted
          - path: buildDefinition.externalParameters.workflow.repository
            glob: https://github.com/acme/*
' 'allOf: [release, built]'
  write_provenance laptop https://acme.example/laptops/17
  write_provenance runner https://github.com/actions/runner/github-hosted
  run "sed -n '/built:/,/signatures:/p' trust.yaml"
  run cat runner.json
  run gatehouse check --config trust.yaml web.yaml
  run cosign attest --yes --type slsaprovenance1 --predicate laptop.json --identity-token release.token "${SIGSTORE[@]}" \
    --allow-insecure-registry "$WEB"
  run gatehouse check --config trust.yaml web.yaml
  cosign attest --yes --type slsaprovenance1 --predicate runner.json --identity-token release.token "${SIGSTORE[@]}" \
    --allow-insecure-registry "$WEB" >/dev/null 2>&1
  run gatehouse check --config trust.yaml web.yaml
}

# Arguments: the file's name, the builder.
write_provenance() {
  cat >"$1.json" <<JSON
{
  "buildDefinition": {
    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
    "externalParameters": {
      "workflow": {"ref": "refs/tags/v1.0", "repository": "https://github.com/acme/web", "path": ".github/workflows/release.yaml"}
    }
  },
  "runDetails": {"builder": {"id": "$2"}}
}
JSON
}

scans() {
  chapter "what a scanner found"
  write_policies '      scanned:
        trustRoot: file:trusted_root.json
        keyless:
          issuer: https://token.actions.githubusercontent.com
          subject: https://github.com/acme/scans/.github/workflows/scan.yaml@refs/heads/main
        attestation:
          predicateType: https://cosign.sigstore.dev/attestation/vuln/v1
          conditions:
          - {path: metadata.scanFinishedOn, maxAge: 72h}
          - {path: "scanner.result.Results[*].Vulnerabilities[*].Severity", noneOf: [CRITICAL]}
' 'allOf: [release, scanned]'
  run "sed -n '/scanned:/,/signatures:/p' trust.yaml"
  write_scan old 2026-01-05T08:00:00Z HIGH
  attest_scan old
  run gatehouse check --config trust.yaml web.yaml
  write_scan critical "$(date --utc +%Y-%m-%dT%H:%M:%SZ)" CRITICAL
  attest_scan critical
  run gatehouse check --config trust.yaml web.yaml
  write_scan new "$(date --utc +%Y-%m-%dT%H:%M:%SZ)" HIGH
  attest_scan new
  run gatehouse check --config trust.yaml web.yaml
}

# Arguments: the file's name.
attest_scan() {
  run cosign attest --yes --type vuln --predicate "$1.json" --identity-token scan.token "${SIGSTORE[@]}" \
    --allow-insecure-registry "$WEB" "2>/dev/null"
}

# Arguments: the file's name, when the scan ended, the worst that it found.
write_scan() {
  cat >"$1.json" <<JSON
{
  "invocation": {"uri": "https://github.com/acme/scans", "parameters": []},
  "scanner": {
    "uri": "pkg:github/aquasecurity/trivy@0.65.0",
    "version": "0.65.0",
    "result": {"Results": [{"Target": "web (debian 13)"}, {"Target": "app", "Vulnerabilities": [{"VulnerabilityID": "CVE-2026-1", "Severity": "$3"}]}]}
  },
  "metadata": {"scanStartedOn": "2026-01-05T07:59:00Z", "scanFinishedOn": "$2"}
}
JSON
}

parts() {
  chapter "a trust root by its parts"
  write_policies '' 'anyOf: [release]' '
          fulcio: ["file:fulcio.pem"]
          ctLogs: ["file:ctlog.pub"]
          rekor: ["file:rekor.pub"]'
  run "sed -n '/trustRoot:/,/keyless:/p' trust.yaml"
  run gatehouse check --config trust.yaml web.yaml
  run rm rekor.pub
  run 'gatehouse check --config trust.yaml web.yaml; echo "exit code $?"'
}

bundles() {
  chapter "a bundle"
  echo "release notes" >notes.txt
  run cosign sign-blob --yes --identity-token release.token "${SIGSTORE[@]}" --bundle notes.sigstore.json notes.txt
  run "gatehouse trust verify-bundle --bundle notes.sigstore.json --trusted-root trusted_root.json \
--issuer https://token.actions.githubusercontent.com \
--identity https://github.com/acme/web/.github/workflows/release.yaml@refs/tags/v1.0 \
sha256:\$(sha256sum < notes.txt | cut -d' ' -f1); echo \"exit code \$?\""
  run "gatehouse trust verify-bundle --bundle notes.sigstore.json --trusted-root trusted_root.json \
--issuer https://token.actions.githubusercontent.com \
--identity https://github.com/acme/web/.github/workflows/release.yaml@refs/tags/v2.0 \
sha256:\$(sha256sum < notes.txt | cut -d' ' -f1); echo \"exit code \$?\""
}

play link_cosign start_registry start_sigstore sign check provenance scans parts bundles
