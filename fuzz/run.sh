#!/usr/bin/env bash
# Fuzzes: fuzz/run.sh [SECONDS [TARGET…]], 60 s each by default, all targets.
#
# One line a target; a crash ends the run with exit code 1 and names the input that caused it. Build and
# working corpus lie in target/fuzz (or $CARGO_TARGET_DIR/fuzz).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
all=(json_tree manifest path policy reference review tree)
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=("${all[@]}")

fail() {
  echo "fuzz/run.sh: $1" >&2
  exit 2
}

case $seconds in '' | *[!0-9]*) fail "\`$seconds\` is not a number of seconds" ;; esac
for target in "${targets[@]}"; do
  [ -e "$here/targets/$target.rs" ] || fail "there is no target \`$target\`: ${all[*]}"
done

work=${CARGO_TARGET_DIR:-$here/../target}/fuzz
mkdir -p "$work"
work=$(cd "$work" && pwd)
triple=$(rustc -vV | sed -n 's/^host: //p')

# What `cargo fuzz` passes, on the stable compiler and without sanitizers: safe code needs none. With
# --target the flags leave build scripts and macros alone.
build() {
  local coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
  coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
  coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
  RUSTFLAGS="--cfg fuzzing $coverage" CARGO_TARGET_DIR=$work \
    cargo build --quiet --locked --release --target "$triple" --manifest-path "$here/Cargo.toml"
}

# Longest input of a target, in bytes.
longest() {
  case $1 in
  reference | path) echo 512 ;;
  tree) echo 2048 ;;
  manifest) echo 4096 ;;
  *) echo 8192 ;;
  esac
}

dictionary() {
  case $1 in
  review | policy | json_tree) echo json.dict ;;
  manifest) echo yaml.dict ;;
  reference) echo reference.dict ;;
  *) ;;
  esac
}

# The line that libFuzzer prints with -print_final_stats=1.
stat() {
  sed -n "s/^stat::$1: *//p" "$2"
}

fuzz() {
  local target=$1 corpus=$work/corpus/$1 log=$work/$1.log words
  local crashes=$work/crashes/$1-
  mkdir -p "$corpus" "$work/crashes"
  words=$(dictionary "$target")
  # a policy that loops is slow, not stuck: 5 s is far more than any input may take
  local options=("-max_total_time=$seconds" "-max_len=$(longest "$target")" -timeout=5 -rss_limit_mb=2048
    -print_final_stats=1 "-artifact_prefix=$crashes")
  [ -z "$words" ] || options+=("-dict=$here/dictionaries/$words")
  local begun=$SECONDS input
  if ! "$work/$triple/release/$target" "${options[@]}" "$corpus" "$here/seeds/$target" >"$log" 2>&1; then
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    [ -n "$input" ] || fail "$target did not run: see $log"
    crashed "$target" "$log" "$input"
    return 1
  fi
  echo "$target: $(stat number_of_executed_units "$log") executions in $((SECONDS - begun)) s," \
    "$(stat new_units_added "$log") new inputs, no crash"
}

crashed() {
  local target=$1 log=$2 input=$3
  echo "$target: CRASH"
  grep -hE -A1 'panicked at|ERROR: libFuzzer' "$log" | grep -vE '^(--|NOTE)' | head -n 6 | sed 's/^/  /' || true
  echo "  input: $input"
  echo "  again: $work/$triple/release/$target $input"
}

build
failed=0
for target in "${targets[@]}"; do
  fuzz "$target" || failed=1
done
exit "$failed"
