# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: demo build test e2e pages lint fuzz bench gates instructions toolchain nextest

BINARY := target/release/gatehouse
SCENES := denial ci fix trust keyless

# What building needs beside the Rust toolchain.
toolchain:
	@webhook/builtin/install-toolchain.sh

# The release binary. The second build embeds the policies compiled for this machine.
build: toolchain
	cargo build --release --package gatehouse --bin gatehouse
	$(BINARY) policy precompile
	cargo build --release --package gatehouse --bin gatehouse

# A good pod, a bad pod and a pod to be fixed, judged over TLS.
demo:
	@tests/demo/run.sh

# Every test that needs no server of others.
test: build nextest
	cargo nextest run --cargo-profile release --workspace
	cargo test --release --workspace --doc

# The tests against a real API server, etcd and kubectl.
e2e: build nextest
	tests/e2e.sh

# Plays the scenes of the pages in docs/ and compares every output with what they show.
# `make pages UPDATE=1` makes the pages show what is said now.
pages: build
	cargo build --release --workspace --bin gatehouse-test-sigstore --example terminal-picture
	for scene in $(SCENES); do tests/demo/$$scene.sh | tail -n 1; done

lint: toolchain
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- --deny warnings
	cargo deny --workspace check bans licenses sources
	.ci/check-advisories

# Each fuzz target for SECONDS.
SECONDS_EACH ?= 60
fuzz: build
	fuzz/run.sh $(SECONDS_EACH)

# The webhook beside a bare TLS echo server, in one run.
bench: build
	tests/bench/run.sh

# The benchmarks that have a limit: times, then counts of instructions.
gates: build
	tests/bench/gates.sh

# The counts alone, which other load hardly changes.
instructions: build
	cargo build --release --package gatehouse-bench
	tests/bench/instructions.sh

nextest:
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
