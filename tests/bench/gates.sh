#!/usr/bin/env bash
# The benchmarks that have a limit: times as ratios within one run, then counts of instructions against the
# recorded ones. Exits with 1 where a limit is crossed. `make gates` builds everything first.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --release --quiet --package gatehouse-bench
status=0
"${CARGO_TARGET_DIR:-target}/release/gatehouse-bench" gates || status=$?
echo
tests/bench/instructions.sh "$@" || status=$?
exit "$status"
