#!/usr/bin/env bash
# The benchmarks that have a limit: times of the parts of a request's way, of `gatehouse check` as a process,
# then counts of instructions against the recorded ones. Exits with 1 where a limit is crossed. `make gates`
# builds everything first.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly TARGET=${CARGO_TARGET_DIR:-target}/release

cargo build --release --quiet --package gatehouse-bench
echo "$(nproc) × $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1);" \
    "load average before: $(cut -d' ' -f1 /proc/loadavg)"
echo
status=0
"$TARGET/gatehouse-bench" gates || status=$?
echo
"$TARGET/gatehouse-bench" check "$TARGET/gatehouse" || status=$?
echo
tests/bench/instructions.sh "$@" || status=$?
exit "$status"
