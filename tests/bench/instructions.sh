#!/usr/bin/env bash
# Counts the instructions that parts of a request's way take, and `gatehouse check` for a manifest, under
# valgrind, and compares them with instructions.txt: instructions.sh [--record]
#
# A count is the difference between many calls and few, so starting up does not count, and unlike a time it
# hardly depends on what else the machine does. A count that is off by more than the tolerance fails, in
# either direction: who makes something faster records it, so that it stays so.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

readonly BENCH=${CARGO_TARGET_DIR:-target}/release/gatehouse-bench
readonly GATEHOUSE=${CARGO_TARGET_DIR:-target}/release/gatehouse
readonly RECORDED=tests/bench/instructions.txt
readonly WORKLOADS=(review-to-tree empty-guest pod-security image-trust check)
readonly FEW=200 MANY=1200
readonly TOLERANCE=5 # percent
# the first that this process may have
PROCESSOR=$(taskset --cpu-list --pid $$ | sed 's/.*: \([0-9]*\).*/\1/')
readonly PROCESSOR
MANIFESTS=$(mktemp --directory)
readonly MANIFESTS
trap 'rm -rf "$MANIFESTS"' EXIT

fail() {
    echo "error: $*" >&2
    exit 2
}

install_valgrind() {
    command -v valgrind >/dev/null && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "install valgrind first"
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends valgrind >/dev/null
}

# run WORKLOAD COUNT: all instructions of a process that does it so often
run() {
    local said command=("$BENCH" work "$1" "$2") ends=0
    if [ "$1" = check ]; then
        "$BENCH" manifests "$MANIFESTS/$2" "$2"
        # some of them are refused
        command=("$GATEHOUSE" check "$MANIFESTS/$2") ends=1
    fi
    # on one processor, since the instances of more need more addresses than there are under valgrind
    said=$(taskset --cpu-list "$PROCESSOR" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "${command[@]}" 2>&1 >/dev/null) ||
        [ $? = "$ends" ] || fail "$1 does not run under valgrind: $(tail -n 3 <<<"$said")"
    sed -n 's/.*Collected *: *//p' <<<"$said"
}

# count WORKLOAD: instructions of one call
count() {
    local few many
    few=$(run "$1" "$FEW")
    many=$(run "$1" "$MANY")
    echo $(((many - few) / (MANY - FEW)))
}

recorded() {
    awk -v name="$1" '$1 == name { print $2 }' "$RECORDED"
}

# compare WORKLOAD COUNT: a row of the table; fails where the count is off
compare() {
    local was change verdict=ok
    was=$(recorded "$1")
    [ -n "$was" ] || fail "$RECORDED has no \`$1\`: run tests/bench/instructions.sh --record"
    change=$(awk -v was="$was" -v now="$2" 'BEGIN { printf "%+.1f", (now - was) * 100 / was }')
    awk -v change="$change" -v most="$TOLERANCE" 'BEGIN { exit change > most || change < -most }' || verdict=FAIL
    printf '| %s | %d | %d | %s %% | %s |\n' "$1" "$was" "$2" "$change" "$verdict"
    [ "$verdict" = ok ]
}

main() {
    [ $# = 0 ] || [ "$*" = --record ] || fail "usage: instructions.sh [--record]"
    [ -x "$BENCH" ] || fail "$BENCH is not built: run make build, then tests/bench/gates.sh"
    [ -x "$GATEHOUSE" ] || fail "$GATEHOUSE is not built: run make build"
    install_valgrind
    local off=0 counted counts=()
    [ $# = 1 ] || printf '| instructions of one call | recorded | now | change | |\n|---|---:|---:|---:|---|\n'
    for workload in "${WORKLOADS[@]}"; do
        counted=$(count "$workload")
        counts+=("$workload $counted")
        [ $# = 1 ] || compare "$workload" "$counted" || off=1
    done
    if [ $# = 1 ]; then
        printf '%s\n' "${counts[@]}" | tee "$RECORDED"
    elif [ "$off" = 1 ]; then
        echo "more than $TOLERANCE % off: find out why, or tests/bench/instructions.sh --record"
        return 1
    fi
}

main "$@"
