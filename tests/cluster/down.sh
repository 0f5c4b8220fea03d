#!/usr/bin/env bash
# Usage: down.sh DIR
# Ends the cluster that up.sh started in DIR; its logs stay. Does nothing where none runs.
set -euo pipefail
# shellcheck source=tests/cluster/lib.sh
source "${BASH_SOURCE[0]%/*}/lib.sh"

main() {
  (($# == 1)) || fail "usage: down.sh DIR"
  [[ -e $1/pids ]] || return 0
  DIR=$(cd "$1" && pwd -P)
  readonly DIR
  exec 9>"$DIR/lock"
  flock --timeout 90 9 || fail "another up.sh or down.sh holds $DIR/lock"
  end_processes
}

main "$@"
