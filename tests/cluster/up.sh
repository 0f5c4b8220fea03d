#!/usr/bin/env bash
# Usage: up.sh DIR
# Starts an empty cluster (etcd, kube-apiserver, kube-controller-manager; no nodes) on free loopback
# ports with all state under DIR, waits until it is ready, and prints the path of its kubeconfig.
# Where the cluster of DIR already runs, it prints the path and leaves it alone.
set -euo pipefail
# shellcheck source=tests/cluster/lib.sh
source "${BASH_SOURCE[0]%/*}/lib.sh"

# Should nobody call down.sh, the processes end by themselves.
readonly LIFETIME="${GATEHOUSE_CLUSTER_LIFETIME:-1800}"
readonly READY_WITHIN=60
readonly HOST=127.0.0.1

main() {
  (($# == 1)) || fail "usage: up.sh DIR"
  all_installed || fail "the cluster's binaries are not installed; run tests/cluster/install.sh"
  umask 077 # tokens and keys lie below
  mkdir -p "$1"
  DIR=$(cd "$1" && pwd -P)
  readonly DIR
  lock
  all_running || start_afresh
  echo "$DIR/kubeconfig"
}

# Tests that share one cluster may all ask for it at once.
lock() {
  exec 9>"$DIR/lock"
  flock --timeout $((READY_WITHIN + 30)) 9 || fail "another up.sh or down.sh holds $DIR/lock"
}

start_afresh() {
  DEADLINE=$((SECONDS + READY_WITHIN))
  readonly DEADLINE
  end_processes
  rm -rf "${DIR:?}"/{etcd,certs,logs,pids,tokens.csv,kubeconfig,kubectl,kubectl-cache,audit.log,audit-policy.yaml,controller-manager.kubeconfig}
  mkdir "$DIR/certs" "$DIR/logs"
  trap give_up EXIT
  write_certificates
  write_files
  start_etcd
  start_apiserver
  start_controller_manager
  trap - EXIT
}

# A half-started cluster is of use to nobody.
give_up() {
  end_processes
}

# ---- files ----------------------------------------------------------------------------------------

write_certificates() {
  cat >"$DIR/certs/openssl.cnf" <<CONF
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:$HOST, IP:10.0.0.1, DNS:localhost, DNS:kubernetes.default.svc
CONF
  certificate ca -subj "/CN=gatehouse-test-cluster-ca" -extensions ca
  certificate apiserver -subj "/CN=kube-apiserver" -extensions server \
    -CA "$DIR/certs/ca.crt" -CAkey "$DIR/certs/ca.key"
  openssl ecparam -name prime256v1 -genkey -noout -out "$DIR/certs/service-account.key"
}

certificate() {
  local name=$1
  shift
  openssl req -x509 -config "$DIR/certs/openssl.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
    -nodes -days 2 -keyout "$DIR/certs/$name.key" -out "$DIR/certs/$name.crt" "$@" \
    >"$DIR/logs/openssl.log" 2>&1 || fail_with_log "openssl could not make the certificate of \`$name\`" openssl
}

write_files() {
  local admin controller_manager
  admin=$(openssl rand -hex 16)
  controller_manager=$(openssl rand -hex 16)
  ETCD_PORT=$(free_port)
  API_PORT=$(free_port)
  readonly ETCD_PORT API_PORT
  cat >"$DIR/tokens.csv" <<CSV
$admin,admin,admin,system:masters
$controller_manager,system:kube-controller-manager,system:kube-controller-manager
CSV
  write_kubeconfig kubeconfig admin "$admin"
  write_kubeconfig controller-manager.kubeconfig system:kube-controller-manager "$controller_manager"
  write_audit_policy
  write_kubectl
}

# Below the range that the kernel gives to outgoing connections, so that none of those takes it.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    if [[ $port != "${ETCD_PORT:-}" ]] && ! (exec 3<>"/dev/tcp/$HOST/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

write_kubeconfig() {
  local file=$1 user=$2 token=$3
  cat >"$DIR/$file" <<YAML
apiVersion: v1
kind: Config
current-context: gatehouse-test
contexts:
- name: gatehouse-test
  context: {cluster: gatehouse-test, user: "$user"}
clusters:
- name: gatehouse-test
  cluster:
    server: https://$HOST:$API_PORT
    certificate-authority-data: $(base64 --wrap=0 "$DIR/certs/ca.crt")
users:
- name: "$user"
  user: {token: "$token"}
YAML
}

# Writes alone, without bodies: enough to see a webhook's audit annotations.
write_audit_policy() {
  cat >"$DIR/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  verbs: [get, list, watch]
- level: Metadata
YAML
}

# kubectl caches by address what a server offers; an older cluster may have had the same port.
write_kubectl() {
  cat >"$DIR/kubectl" <<SH
#!/bin/sh
export KUBECONFIG="\${KUBECONFIG:-$DIR/kubeconfig}" KUBECACHEDIR="$DIR/kubectl-cache"
exec "$TOOLS/kubectl" "\$@"
SH
  chmod +x "$DIR/kubectl"
}

# ---- processes ------------------------------------------------------------------------------------

# `timeout` makes a process group of its own, so its pid names the server and all that it starts.
start() {
  local name=$1
  shift
  timeout --signal=KILL "$LIFETIME" "$@" >"$DIR/logs/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $name" >>"$DIR/pids"
  disown # else bash reports each process that is killed
}

start_etcd() {
  start etcd "$TOOLS/etcd" \
    --data-dir="$DIR/etcd" \
    --listen-client-urls="http://$HOST:$ETCD_PORT" --advertise-client-urls="http://$HOST:$ETCD_PORT" \
    --listen-peer-urls="http://$HOST:0" \
    --unsafe-no-fsync --log-level=warn
}

# It tries etcd again until that is up, so there is no need to wait here.
start_apiserver() {
  start kube-apiserver "$SERVERS/kube-apiserver" \
    --etcd-servers="http://$HOST:$ETCD_PORT" \
    --bind-address="$HOST" --advertise-address="$HOST" --secure-port="$API_PORT" \
    --endpoint-reconciler-type=none --service-cluster-ip-range=10.0.0.0/24 \
    --tls-cert-file="$DIR/certs/apiserver.crt" --tls-private-key-file="$DIR/certs/apiserver.key" \
    --token-auth-file="$DIR/tokens.csv" --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$DIR/certs/service-account.key" \
    --service-account-signing-key-file="$DIR/certs/service-account.key" \
    --disable-admission-plugins=ServiceAccount --allow-privileged \
    --audit-log-path="$DIR/audit.log" --audit-policy-file="$DIR/audit-policy.yaml"
  wait_until kube-apiserver "is not ready" apiserver_ready
}

apiserver_ready() {
  "$DIR/kubectl" get --raw=/readyz --request-timeout=2s
}

# Each controller acts as its own service account, as in a real cluster: that is whom a webhook sees.
start_controller_manager() {
  start kube-controller-manager "$SERVERS/kube-controller-manager" \
    --kubeconfig="$DIR/controller-manager.kubeconfig" --kube-api-qps=200 --kube-api-burst=400 \
    --use-service-account-credentials --leader-elect=false --port=0 --secure-port=0 \
    --service-account-private-key-file="$DIR/certs/service-account.key" \
    --root-ca-file="$DIR/certs/ca.crt" \
    --controllers=namespace,serviceaccount,clusterrole-aggregation,garbagecollector,deployment,replicaset,replicationcontroller,statefulset,daemonset,job,cronjob
  wait_until kube-controller-manager "runs no controllers" controllers_run
}

controllers_run() {
  "$DIR/kubectl" get serviceaccount default --namespace=default --request-timeout=2s
}

wait_until() {
  local name=$1 otherwise=$2 condition=$3
  until "$condition" >/dev/null 2>&1; do
    all_running || fail_with_log "$name ended before it was ready" "$name"
    ((SECONDS < DEADLINE)) || fail_with_log "$name $otherwise after $READY_WITHIN s" "$name"
    sleep 0.2
  done
}

fail_with_log() {
  local name=$2
  tail --lines=20 "$DIR/logs/$name.log" >&2
  fail "$1; the whole log is $DIR/logs/$name.log"
}

main "$@"
