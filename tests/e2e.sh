#!/usr/bin/env bash
# Runs the end-to-end tests in a new cluster, or on the server that $E2E_KUBECONFIG names, and says what
# the tests report and what the server lacked. Arguments go to nextest, for example a filter.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

main() {
  DIR=$(mktemp --directory "${TMPDIR:-/tmp}/gatehouse-e2e.XXXXXX")
  readonly DIR
  trap end EXIT
  if [[ -z ${E2E_KUBECONFIG:-} ]]; then
    tests/cluster/install.sh
    E2E_KUBECONFIG=$(tests/cluster/up.sh "$DIR/cluster")
  fi
  # Tests that need cosign or a registry get them by themselves; here they would wait for each other.
  tests/registry-tools/get-cosign.sh >/dev/null
  export E2E_KUBECONFIG E2E_SKIPPED="$DIR/skipped" E2E_REPORT="$DIR/report"
  touch "$E2E_SKIPPED" "$E2E_REPORT"
  local status=0
  cargo nextest run --workspace --cargo-profile release --profile e2e "$@" || status=$?
  cat "$E2E_REPORT"
  report_skipped
  return "$status"
}

end() {
  if [[ -d $DIR/cluster ]]; then
    tests/cluster/down.sh "$DIR/cluster"
  fi
  rm -rf "$DIR"
}

report_skipped() {
  sort "$E2E_SKIPPED"
  echo "$(wc --lines <"$E2E_SKIPPED") tests skipped something that this server lacks"
}

main "$@"
