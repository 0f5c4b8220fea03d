#!/usr/bin/env bash
# For scenes with images: a registry, cosign, and images to push. To be sourced after scene.sh.

readonly REGISTRY="127.0.0.1:5000"
readonly MANIFEST="application/vnd.oci.image.manifest.v1+json"
readonly INDEX="application/vnd.oci.image.index.v1+json"

link_cosign() {
  local name path
  while read -r name path; do
    ln -s "$path" "$WORK/bin/$name"
  done < <("$ROOT/tests/registry-tools/get-cosign.sh")
  ln -s cosign-3 "$WORK/bin/cosign"
  export COSIGN_PASSWORD="" TUF_ROOT="$WORK/tuf" SIGSTORE_NO_CACHE=1
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
