#!/usr/bin/env bash
# The webhook with its default policies beside a bare TLS echo server, in turns within one run:
# run.sh [SECONDS], of load for each server and number of connections, 10 by default. Loopback only; the
# servers end with the run. `make bench` builds everything first.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly TARGET=${CARGO_TARGET_DIR:-target}/release

fail() {
    echo "error: $*" >&2
    exit 2
}

[ -x "$TARGET/gatehouse" ] || fail "$TARGET/gatehouse is not built: run make build"
cargo build --release --quiet --package gatehouse-bench
echo "$(nproc) × $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), client and server on the same;" \
    "a review of $(wc -c <tests/bench/review.json) bytes; load average before: $(cut -d' ' -f1 /proc/loadavg)"
echo
# longer than four turns take with everything that begins and ends them
timeout $((${1:-10} * 4 + 120)) "$TARGET/gatehouse-bench" compare "$TARGET/gatehouse" --seconds "${1:-10}"
