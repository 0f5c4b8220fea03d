#!/usr/bin/env bash
# What the scenes of the pages in docs/ share: the parts that they are played with, and the comparison of what
# was said with what the page shows. To be sourced by a script that sets PAGE, from the repository's root.

readonly REGISTRY="127.0.0.1:5000"
readonly MANIFEST="application/vnd.oci.image.manifest.v1+json"
readonly INDEX="application/vnd.oci.image.index.v1+json"
ROOT="$PWD"
readonly ROOT

# Arguments: the functions that play the scene, in their order.
play() {
  WORK=$(mktemp --directory)
  readonly WORK
  trap finish EXIT
  link_tools
  cd "$WORK"
  start_registry
  for part in "$@"; do "$part"; done 2>&1 | tee "$WORK/output"
  cd "$ROOT"
  compare
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

# ---- the parts ------------------------------------------------------------------------------------

# So that the commands read as on the page: no paths, and nothing of this machine's configuration.
link_tools() {
  local name path binary="${GATEHOUSE:-$ROOT/target/release/gatehouse}"
  [[ -x $binary ]] || fail "\`$binary\` does not exist: run \`make build\`"
  mkdir "$WORK/bin" "$WORK/docker"
  ln -s "$binary" "$WORK/bin/gatehouse"
  while read -r name path; do
    ln -s "$path" "$WORK/bin/$name"
  done < <("$ROOT/tests/registry-tools/get-cosign.sh")
  ln -s cosign-3 "$WORK/bin/cosign"
  "$ROOT/tests/cluster/install.sh"
  PATH="$WORK/bin:$PATH"
  export PATH DOCKER_CONFIG="$WORK/docker" COSIGN_PASSWORD="" TUF_ROOT="$WORK/tuf" SIGSTORE_NO_CACHE=1
}

start_registry() {
  if (exec 3<>"/dev/tcp/${REGISTRY%:*}/${REGISTRY#*:}") 2>/dev/null; then
    fail "something listens on $REGISTRY already"
  fi
  cat >registry.yml <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $WORK/registry}}
http: {addr: "$REGISTRY"}
YAML
  docker-registry serve registry.yml >registry.log 2>&1 &
  echo $! >registry.pid
  curl --silent --retry 50 --retry-delay 1 --retry-connrefused "http://$REGISTRY/v2/" >/dev/null
}

stop_registry() {
  kill "$(<registry.pid)"
  rm registry.pid
}

# Arguments: repository, tag, text. An image without layers; equal texts give equal digests. Prints the digest.
push_image() {
  local config digest
  config="{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Labels\":{\"is\":\"$3\"}}}"
  digest=$(push_blob "$1" "$config")
  push_manifest "$1" "$2" "$MANIFEST" "{\"schemaVersion\":2,\"mediaType\":\"$MANIFEST\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$digest\",\"size\":${#config}},\"layers\":[]}"
}

# Arguments: repository, tag, digest of an image.
push_index() {
  local size
  size=$(curl --fail --silent --header "Accept: $MANIFEST" "http://$REGISTRY/v2/$1/manifests/$3" | wc --bytes)
  push_manifest "$1" "$2" "$INDEX" "{\"schemaVersion\":2,\"mediaType\":\"$INDEX\",\"manifests\":[{\"mediaType\":\"$MANIFEST\",\"digest\":\"$3\",\"size\":$size,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}"
}

push_manifest() {
  printf '%s' "$4" >manifest
  curl --fail --silent --upload-file manifest --header "Content-Type: $3" \
    "http://$REGISTRY/v2/$1/manifests/$2" >/dev/null
  printf 'sha256:%s' "$(sha256sum <manifest | cut --delimiter=' ' --fields=1)"
}

push_blob() {
  local location digest
  printf '%s' "$2" >blob
  digest="sha256:$(sha256sum <blob | cut --delimiter=' ' --fields=1)"
  location=$(curl --fail --silent --include --request POST "http://$REGISTRY/v2/$1/blobs/uploads/" |
    tr --delete '\r' | sed --quiet 's/^Location: //Ip')
  curl --fail --silent --request PUT --data-binary @blob \
    --header "Content-Type: application/octet-stream" "$location&digest=$digest" >/dev/null
  printf '%s' "$digest"
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

# The document that lets the registry be asked on loopback and without TLS.
local_registry() {
  cat <<YAML
---
apiVersion: gatehouse.dev/v1alpha1
kind: Registry
metadata:
  name: local
spec:
  host: $REGISTRY
  plainHttp: true
  addresses: [127.0.0.0/8]
YAML
}

# Shows a command as it would be typed, and what it says.
run() {
  printf '$ %s\n' "$*"
  eval "$*" || true
}

chapter() {
  printf '\n[%s]\n' "$*"
}

# ---- a cluster ------------------------------------------------------------------------------------

start_cluster() {
  KUBECONFIG=$("$ROOT/tests/cluster/up.sh" "$WORK/cluster")
  export KUBECONFIG
  ln -s "$WORK/cluster/kubectl" bin/kubectl
}

# Starts the webhook with the policies that there are now, and makes the API server ask it.
start_webhook() {
  [[ ! -e webhook.pid ]] || kill "$(<webhook.pid)"
  rm -f ready.json
  gatehouse serve --config trust.yaml --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
    --tls-self-signed --tls-name 127.0.0.1 --tls-ca-out ca.crt --ready-file ready.json >webhook.log 2>&1 &
  echo $! >webhook.pid
  wait_until test -e ready.json
  mkdir -p overlay
  write_overlay "https://$(jq --raw-output .listen ready.json)" "$(base64 --wrap=0 ca.crt)" >overlay/kustomization.yaml
  kubectl label --overwrite namespace default kubernetes.io/metadata.name=default >/dev/null
  kubectl kustomize overlay | kubectl apply -f - >/dev/null
  write_pod probe registry.example/none
  wait_until webhook_is_asked
}

webhook_is_asked() {
  # an image that no rule matches, so that no registry is asked
  [[ $(kubectl create --dry-run=server -f probe.yaml 2>&1) == *"denied the request"* ]]
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

# Arguments: where the webhook is, its authority.
write_overlay() {
  local name kind up
  # kustomize takes no absolute paths
  # shellcheck disable=SC2001 # no pattern of bash means each part of a path
  up=$(sed 's|/[^/]*|../|g' <<<"$WORK/overlay")
  printf 'resources: ["%s"]\npatches:\n' "$up${ROOT#/}/manifests/base/webhooks"
  for name in mutate validate; do
    kind=Mutating
    [[ $name == mutate ]] || kind=Validating
    printf -- '- target: {kind: %sWebhookConfiguration}\n  patch: |-\n' "$kind"
    printf '    [{"op": "replace", "path": "/webhooks/0/clientConfig", "value": {"url": "%s/%s", "caBundle": "%s"}}]\n' \
      "$1" "$name" "$2"
  done
}

# ---- the page -------------------------------------------------------------------------------------

# Each command in a `console` block of the page, with what it says, has to be in the output as it stands.
# Digests of keys and of signatures differ each time.
compare() {
  local output line command="" commands=0 inside=""
  output=$(stable <"$WORK/output")
  while IFS= read -r line; do
    case $inside$line in
    '```console') inside=yes ;;
    'yes```') expect "$output" "$command" && inside="" command="" ;;
    'yes$ '*) expect "$output" "$command" && command="$line"$'\n' && commands=$((commands + 1)) ;;
    yes*) command+="$line"$'\n' ;;
    esac
  done < <(stable <"$PAGE")
  ((commands)) || fail "$PAGE shows no command"
  printf '\n%s: %s commands say what it shows\n' "${PAGE#"$ROOT"/}" "$commands"
}

stable() {
  sed --regexp-extended 's/((key|key,|manifest) `?sha256:)[0-9a-f]{64}/\1…/'
}

# Arguments: the output, a part of the page. cosign says its lines in any order.
expect() {
  local line
  [[ $1$'\n' != *"$2"* ]] || return 0
  [[ $2 == '$ cosign '* ]] || fail "$PAGE shows what was not printed:"$'\n'"$2"
  while IFS= read -r line; do
    [[ $1$'\n' == *"$line"$'\n'* ]] || fail "$PAGE shows a line that cosign did not print: $line"
  done <<<"${2%$'\n'}"
}
