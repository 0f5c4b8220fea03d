#!/usr/bin/env bash
# Shows the webhook at work: builds it, starts it over TLS on loopback with certificates that it makes
# itself, and asks it about a good pod, a bad pod and, with other policies, a pod that can be fixed.
set -euo pipefail
cd "$(dirname "$0")/../.."

BINARY=target/release/gatehouse
WORK=$(mktemp -d)
SERVER=

fail() {
    echo "error: $*" >&2
    exit 1
}

stage() {
    printf '\n[%s] %s\n' "$1" "$2"
}

stop_server() {
    if [ -n "$SERVER" ]; then
        kill "$SERVER" 2>/dev/null || true
        wait "$SERVER" 2>/dev/null || true
        SERVER=
    fi
}

finish() {
    stop_server
    rm -rf "$WORK"
}
trap finish EXIT

install_tools() {
    local missing=()
    for tool in curl jq; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || fail "install ${missing[*]} first"
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends ca-certificates "${missing[@]}" >/dev/null
}

build() {
    [ -x "$BINARY" ] || echo "the first build takes about ten minutes on two cores, most of it wasmtime"
    make --no-print-directory build
}

# start_server ARG…: the policies to serve
start_server() {
    rm -f "$WORK/ready.json"
    timeout 600 "$BINARY" serve "$@" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
        --tls-self-signed --tls-name 127.0.0.1 --tls-ca-out "$WORK/ca.crt" \
        --ready-file "$WORK/ready.json" >"$WORK/server.log" 2>&1 &
    SERVER=$!
    for _ in $(seq 100); do
        [ -f "$WORK/ready.json" ] && return
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.1
    done
    cat "$WORK/server.log" >&2
    fail "the webhook did not start"
}

# review FILE: what the API server would send for the pod in FILE
review() {
    jq '{apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: {
        uid: "705ab4f5-6393-11e8-b7cc-42010a800002", operation: "CREATE",
        kind: {group: "", version: "v1", kind: "Pod"},
        resource: {group: "", version: "v1", resource: "pods"},
        namespace: "default", name: .metadata.name, userInfo: {username: "you"}, object: .
    }}' "$1"
}

# ask PATH FILE: the webhook's answer to the creation of the pod in FILE
ask() {
    local address
    address=$(jq -r .listen "$WORK/ready.json")
    review "$2" >"$WORK/review.json"
    curl --silent --show-error --fail --max-time 10 --cacert "$WORK/ca.crt" \
        --header 'Content-Type: application/json' --data-binary "@$WORK/review.json" \
        "https://$address$1?timeout=10s"
}

show() {
    jq -r '.response | if .allowed then "allowed" else "refused:\n\n" + .status.message end'
}

show_patch() {
    jq -r '.response.patch // empty | @base64d | fromjson | .[]
        | "  \(.op) \(.path) \(.value | tojson)"'
}

stage 1/4 "tools"
install_tools
stage 2/4 "building"
build

stage 3/4 "the default policies: pod-security at its highest level, images pinned by digest"
start_server --default-policies
printf '\n$ kubectl apply -f good-pod.json\n'
ask /validate tests/demo/good-pod.json | show
printf '\n$ kubectl apply -f bad-pod.json\n'
ask /validate tests/demo/bad-pod.json | show
stop_server

stage 4/4 "other policies: what can be repaired is"
start_server --config tests/demo/fix-policies.yaml
printf '\n$ kubectl apply -f broken-pod.json\n'
ask /mutate tests/demo/broken-pod.json >"$WORK/answer.json"
show <"$WORK/answer.json"
echo "with this patch:"
show_patch <"$WORK/answer.json"

printf '\nThe same words in CI: %s check tests/demo/bad-pod.json\n' "$BINARY"
