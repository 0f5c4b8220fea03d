#!/usr/bin/env bash
# Plays the scene of a page in docs/: runs its commands, prints what they say, and fails where the page shows something
# else. With `UPDATE=1` the page gets what was said instead. To be sourced, from the repository's root, by a script that
# sets PAGE.

ROOT="$PWD"
readonly ROOT
# shellcheck source=tests/demo/page.sh
source tests/demo/page.sh

# Arguments: the functions that play the scene, in their order.
play() {
  WORK=$(mktemp --directory)
  readonly WORK
  trap finish EXIT
  link_gatehouse
  cd "$WORK"
  for part in "$@"; do "$part"; done 2>&1 | tee "$WORK/output"
  cd "$ROOT"
  if [[ -n ${UPDATE:-} ]]; then update "$WORK/output"; fi
  compare "$WORK/output"
  compare_pictures
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

finish() {
  local pid
  for pid in "$WORK"/*.pid; do
    [[ ! -e $pid ]] || kill "$(<"$pid")" 2>/dev/null || true
  done
  [[ ! -d $WORK/cluster ]] || "$ROOT/tests/cluster/down.sh" "$WORK/cluster"
  rm -rf "$WORK"
}

# So that the commands read as on the page: no paths, and nothing of this machine's configuration.
link_gatehouse() {
  local binary="${GATEHOUSE:-$ROOT/target/release/gatehouse}"
  [[ -x $binary ]] || fail "\`$binary\` does not exist: run \`make build\`"
  mkdir "$WORK/bin" "$WORK/docker"
  ln -s "$binary" "$WORK/bin/gatehouse"
  PATH="$WORK/bin:$PATH"
  export PATH DOCKER_CONFIG="$WORK/docker"
}

# Shows a command as it would be typed, and what it says.
run() {
  printf '$ %s\n' "$*"
  eval "$*" || true
}

# Arguments: a file below docs/, a command. The file is a picture of the command and what it says, coloured.
picture() {
  mkdir -p "$WORK/pictures"
  { printf '$ %s\n' "${*:2}" && eval "${*:2} --color always"; } |
    "$ROOT/target/release/examples/terminal-picture" >"$WORK/pictures/$1" || true
}

chapter() {
  printf '\n%s%s\n' "$CHAPTER" "$*"
}

# Arguments: name, image.
write_pod() {
  cat >"$1.yaml" <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: $1
spec:
  containers:
  - name: app
    image: $2
YAML
}

# Arguments: a command that succeeds before long.
wait_until() {
  local tries
  for tries in {1..300}; do
    if "$@"; then return; fi
    sleep 0.2
  done
  fail "\`$*\` never succeeded in $tries tries"
}
