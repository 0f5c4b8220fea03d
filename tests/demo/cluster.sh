#!/usr/bin/env bash
# For scenes in a cluster: etcd, kube-apiserver, kube-controller-manager, and the webhook that they ask. To be sourced
# after scene.sh.

# For those who need no cluster.
link_kubectl() {
  "$ROOT/tests/cluster/install.sh"
  ln -s "$(source "$ROOT/tests/cluster/lib.sh" && echo "$TOOLS/kubectl")" "$WORK/bin/kubectl"
}

start_cluster() {
  "$ROOT/tests/cluster/install.sh"
  KUBECONFIG=$("$ROOT/tests/cluster/up.sh" "$WORK/cluster")
  export KUBECONFIG
  ln -s "$WORK/cluster/kubectl" bin/kubectl
}

# Arguments: a file of policies. Starts the webhook with them, and makes the API server ask it.
start_webhook() {
  [[ ! -e webhook.pid ]] || kill "$(<webhook.pid)"
  rm -f ready.json
  gatehouse serve --config "$1" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
    --tls-self-signed --tls-name 127.0.0.1 --tls-ca-out ca.crt --ready-file ready.json >webhook.log 2>&1 &
  echo $! >webhook.pid
  wait_until test -e ready.json || fail "$(<webhook.log)"
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
