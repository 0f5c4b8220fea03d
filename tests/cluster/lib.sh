# shellcheck shell=bash
# What install.sh, up.sh and down.sh share: where the binaries live and how an error is said.

readonly KUBERNETES_VERSION=1.20.2
readonly CACHE="${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/gatehouse}"
readonly SERVERS="$CACHE/kubernetes-$KUBERNETES_VERSION"
# Debian 13's etcd and kubectl: newer than Debian 12's, and their binaries run there as they are.
readonly TOOLS="$CACHE/debian-13"

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

servers_installed() {
  [[ -x $SERVERS/kube-apiserver && -x $SERVERS/kube-controller-manager ]]
}

tools_installed() {
  [[ -x $TOOLS/etcd && -x $TOOLS/kubectl ]] && command -v openssl >/dev/null
}

all_installed() {
  servers_installed && tools_installed
}

# ---- the processes of a cluster, noted in $DIR/pids as `PID NAME` ----------------------------------
# PID leads a process group of its own: `timeout` and the server that it watches.

# The group's living processes. That they name DIR in their arguments tells them from others to which
# the kernel has given the same number since.
members() {
  local pid
  group "$1" | while read -r pid; do
    ! grep --quiet --null-data --fixed-strings "$DIR/" "/proc/$pid/cmdline" 2>/dev/null || echo "$pid"
  done
}

# Every process of a group but the dead that nobody has collected. Others end while /proc is read.
group() {
  sed --quiet --regexp-extended "s/^([0-9]+) \\(.*\\) [^Z] [0-9]+ $1 .*/\\1/p" /proc/[0-9]*/stat 2>/dev/null || true
}

all_running() {
  local pid name
  [[ -s $DIR/pids && -s $DIR/kubeconfig ]] || return
  while read -r pid name; do
    [[ -n $(members "$pid") ]] || return
  done <"$DIR/pids"
}

# Killed, not asked: the state is thrown away, so nothing is worth waiting for.
end_processes() {
  local pid name
  [[ -e $DIR/pids ]] || return 0
  while read -r pid name; do
    [[ -z $(members "$pid") ]] || kill -KILL -- "-$pid" 2>/dev/null || true
  done <"$DIR/pids"
  while read -r pid name; do
    wait_for_end "$pid" "$name"
  done <"$DIR/pids"
  rm -f "$DIR/pids"
}

wait_for_end() {
  local pid=$1 name=$2 tries
  for ((tries = 0; tries < 100; tries++)); do
    [[ -n $(members "$pid") ]] || return 0
    sleep 0.05
  done
  fail "$name (pid $pid) does not end"
}
