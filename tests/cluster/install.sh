#!/usr/bin/env bash
# Gets etcd, kubectl, kube-apiserver and kube-controller-manager from Debian's package archive into
# a cache outside the work tree. A second run finds them there and does nothing.
set -euo pipefail
# shellcheck source=tests/cluster/lib.sh
source "${BASH_SOURCE[0]%/*}/lib.sh"

readonly LOG="$CACHE/install.log"
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Debian 12's own compiler by its full path: Kubernetes 1.20 does not build with much newer ones.
readonly GO=/usr/lib/go-1.19/bin/go
PATH="$PATH:/usr/sbin:/sbin"

main() {
  if all_installed; then
    return
  fi
  mkdir -p "$CACHE"
  lock
  begin_work
  tools_installed || install_tools
  servers_installed || install_servers
}

# Two installs at once would build everything twice; the second waits and finds it done.
lock() {
  exec 9>"$CACHE/.install.lock"
  if ! flock --nonblock 9; then
    echo "waiting for another install …"
    flock 9
  fi
}

begin_work() {
  rm -rf "$CACHE"/.work.* # what a killed run left behind; the lock says that nobody uses it
  WORK=$(mktemp --directory "$CACHE/.work.XXXXXX")
  readonly WORK SOURCE="$WORK/go/src/k8s.io/kubernetes"
  trap 'rm -rf "$WORK"' EXIT
  : >"$LOG"
}

install_tools() {
  use_debian_archive
  stage "installing etcd, kubectl and openssl" get_tools
}

install_servers() {
  use_debian_archive
  stage "installing what Kubernetes is built with" install_packages \
    "$GO=golang-1.19-go" /usr/bin/dpkg-source=dpkg-dev /usr/bin/xz=xz-utils
  stage "unpacking the source of Kubernetes $KUBERNETES_VERSION" unpack_source
  stage "generating its API description" generate_openapi
  stage "building kube-apiserver and kube-controller-manager $KUBERNETES_VERSION (3 to 8 minutes, once)" build_servers
}

# Runs one step with its output in the log, and says what it was and how long it took.
stage() {
  local title=$1 start=$SECONDS status=0
  shift
  printf '%s … ' "$title"
  # Not `if ! "$@"`: inside a condition bash ignores `set -e`, and the step would run on after an error.
  set +e
  (
    set -e
    "$@"
  ) >>"$LOG" 2>&1 9>&-
  status=$?
  set -e
  if ((status != 0)); then
    printf 'failed\n'
    tail --lines=15 "$LOG" >&2
    fail "$title failed; the whole log is $LOG"
  fi
  printf '%d s\n' $((SECONDS - start))
}

# ---- packages -------------------------------------------------------------------------------------

# Arguments: FILE=PACKAGE; a package is installed where its file is missing.
install_packages() {
  local pair missing=()
  for pair in "$@"; do
    [[ -e ${pair%%=*} ]] || missing+=("${pair#*=}")
  done
  ((${#missing[@]} == 0)) && return
  ((EUID == 0)) || fail "only root can install packages; run \`apt-get install ${missing[*]}\` first"
  apt_install "${missing[@]}" || {
    update_lists
    apt_install "${missing[@]}"
  }
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

# A machine may have other sources that cannot be reached from it; what is needed decides, not they.
update_lists() {
  apt-get update || true
}

# A list of our own leaves the machine's sources as they are, and has what they lack: Debian 12's
# sources and Debian 13's packages.
use_debian_archive() {
  [[ -e $WORK/sources.list ]] && return
  stage "reading Debian's package lists" prepare_archive
}

prepare_archive() {
  local mirror
  install_packages "$KEYRING=debian-archive-keyring" \
    /usr/share/keyrings/debian-archive-trixie-stable.gpg=debian-archive-keyring
  mirror=$(debian_mirror)
  mkdir -p "$WORK/lists/partial" "$WORK/cache/archives/partial" "$WORK/debs" "$WORK/tmp"
  cat >"$WORK/sources.list" <<LIST
deb-src [signed-by=$KEYRING] $mirror bookworm main
deb [signed-by=$KEYRING] $mirror trixie main
LIST
  private_apt update
}

# The mirror that this machine already uses, so that nothing here names one.
debian_mirror() {
  local mirror
  mirror=$(configured_mirror)
  if [[ -z $mirror ]] && ((EUID == 0)); then
    update_lists >&2 # apt names its targets only once it has their lists
    mirror=$(configured_mirror)
  fi
  echo "${mirror:-http://deb.debian.org/debian}"
}

configured_mirror() {
  local codename
  # shellcheck source=/dev/null
  codename=$(source /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --format "\$(SITE)" \
    "Created-By: Packages" "Origin: Debian" "Codename: $codename" | sed --quiet 1p
}

# The empty status file makes apt choose from our list alone, whatever the machine has installed.
private_apt() {
  (
    cd "$WORK/debs"
    apt-get --quiet=2 \
      -o Dir::Etc::SourceList="$WORK/sources.list" -o Dir::Etc::SourceParts=/dev/null \
      -o Dir::State::Lists="$WORK/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$WORK/cache" \
      -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User="$(id --user --name)" "$@"
  )
}

# Arguments: packages; their files end up under $WORK/root. Nothing is installed, so no service starts.
unpack_packages() {
  local deb
  private_apt download "$@"
  for deb in "$WORK"/debs/*.deb; do
    dpkg-deb --extract "$deb" "$WORK/root"
    rm "$deb"
  done
}

# The cache shows a folder complete or not at all.
publish() {
  local folder=$1
  shift
  mkdir "$WORK/new"
  mv "$@" "$WORK/new/"
  rm -rf "$folder"
  mv "$WORK/new" "$folder"
}

get_tools() {
  install_packages /usr/bin/openssl=openssl
  unpack_packages etcd-server kubectl
  "$WORK/root/usr/bin/etcd" --version
  "$WORK/root/usr/bin/kubectl" version --client
  publish "$TOOLS" "$WORK/root/usr/bin/etcd" "$WORK/root/usr/bin/kubectl"
}

# ---- kube-apiserver and kube-controller-manager ---------------------------------------------------

unpack_source() {
  private_apt source --only-source --download-only kubernetes
  compgen -G "$WORK/debs/kubernetes_*really$KUBERNETES_VERSION.orig.tar.gz" ||
    fail "Debian's source package is not Kubernetes $KUBERNETES_VERSION any more"
  mkdir -p "${SOURCE%/*}"
  dpkg-source --extract "$WORK"/debs/kubernetes_*.dsc "$SOURCE"
  replace_reflect2
}

# The vendored 1.0.1 under Go 1.19 crashes the API server on the first JSON Patch.
replace_reflect2() {
  local vendored="$SOURCE/vendor/github.com/modern-go/reflect2"
  unpack_packages golang-github-modern-go-reflect2-dev
  rm -r "$vendored"
  cp -r "$WORK/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$vendored"
}

go_here() {
  (
    cd "$SOURCE"
    env --unset=GOROOT --unset=GOFLAGS GOENV=off GO111MODULE=off CGO_ENABLED=0 GOPATH="$WORK/go" \
      GOCACHE="$WORK/go-cache" GOTMPDIR="$WORK/tmp" nice "$GO" "$@"
  )
}

# The one generated file that the source package lacks. Kubernetes' own Makefile would build and run
# five more generators over files that are already there: three times the work, and rsync and jq.
generate_openapi() {
  go_here build -o "$WORK/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  (
    cd "$SOURCE"
    PATH="${GO%/*}:$PATH" GO111MODULE=off GOPATH="$WORK/go" nice "$WORK/openapi-gen" \
      --input-dirs "$(openapi_packages)" --report-filename "$WORK/openapi-report" \
      --output-package k8s.io/kubernetes/pkg/generated/openapi \
      --output-file-base zz_generated.openapi \
      --go-header-file hack/boilerplate/boilerplate.generatego.txt
  )
}

# The API packages that a running server describes, as one comma-separated argument.
openapi_packages() {
  cd "$SOURCE/vendor"
  grep --dereference-recursive --files-with-matches --include='*.go' '+k8s:openapi-gen=' \
    k8s.io/{api,apiextensions-apiserver,apimachinery,apiserver,kube-aggregator} |
    sed 's#^\(.*\)/[^/]*$#k8s.io/kubernetes/vendor/\1#' | grep --invert-match /example |
    sort --unique | paste --serial --delimiters=,
}

build_servers() {
  mkdir "$WORK/servers"
  go_here build -trimpath -ldflags "$(version_flags)" -o "$WORK/servers/" \
    ./cmd/kube-apiserver ./cmd/kube-controller-manager
  "$WORK/servers/kube-apiserver" --version
  publish "$SERVERS" "$WORK"/servers/*
}

# Without git the build would not know its own version, which kubectl and clients ask for.
version_flags() {
  local package part
  printf '%s ' -s -w
  for package in component-base client-go/pkg; do
    for part in "gitVersion=v$KUBERNETES_VERSION" gitMajor=1 gitMinor=20; do
      printf '%s ' -X "k8s.io/kubernetes/vendor/k8s.io/$package/version.$part"
    done
  done
}

main
