#!/usr/bin/env bash
# Gets cosign 2, cosign 3 and docker-registry from Debian's package archive into a cache outside the
# work tree, and prints where they are, as `NAME PATH`. A second run finds them there and does nothing.
# Where the archive has replaced a pinned version and keeps it nowhere, what it has now will do: apt
# checks who signed it.
set -euo pipefail

readonly CACHE="${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/gatehouse}"
readonly MIRROR="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
# Keeps what the archive itself has replaced by a newer version; unstable does so every few weeks.
readonly SNAPSHOT="https://snapshot.debian.org/archive/debian/20261121T000000Z"
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

main() {
  local architecture
  architecture=$(dpkg --print-architecture)
  mkdir -p "$CACHE"
  lock
  # Debian 13
  get cosign-2 cosign cosign trixie "2.5.0-2+b4" "$architecture" \
    amd64=aef4fb6635710fd369ef73c07dde35540f45c877984e20f37aa11e181bb597c3 \
    arm64=0e917a7ed906dd756001133bc67090b2e45decba139916c84237b0900bdc3628
  get docker-registry docker-registry docker-registry trixie "2.8.3+ds1-2+b8" "$architecture" \
    amd64=f0577a2581fbf090716d8bd57f14d0b25a25eba6c87c3a8c252ddbf1a6bd0470 \
    arm64=d5a77cb5b745e3f722f6fafe2191e7330e4106c954b55f0761c164fc7ab45eff
  # Debian unstable; the binary runs on Debian 12 as it is
  get cosign-3 cosign cosign sid "3.1.1-2" "$architecture" \
    amd64=d8622ebffce1d69197288fc030ff06a4c247af5507107f85c5a878870b686b23 \
    arm64=131d3a895f48a1f1f5df708cb3423e96fee4d2135ff4ee3fc71b884290e79549
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Two downloads at once would tread on each other; the second waits and finds it done.
lock() {
  exec 9>"$CACHE/.registry-tools.lock"
  flock 9
}

# Arguments: name in the cache, package, its binary, suite, version, architecture, sums as ARCHITECTURE=SHA256.
get() {
  local name=$1 package=$2 binary=$3 suite=$4 version=$5 architecture=$6 sum
  local folder="$CACHE/registry-tools/$name-$version"
  shift 6
  if [[ ! -x $folder/$binary ]]; then
    sum=$(sum_for "$architecture" "$@") ||
      fail "$package $version is pinned for amd64 and arm64 only, this machine is $architecture"
    unpack "$package" "$suite" "$version" "$architecture" "$sum" "$folder"
  fi
  printf '%s %s\n' "$name" "$folder/$binary"
}

sum_for() {
  local architecture=$1 pair
  shift
  for pair in "$@"; do
    if [[ ${pair%%=*} == "$architecture" ]]; then
      echo "${pair#*=}"
      return
    fi
  done
  return 1
}

# The cache shows a folder complete or not at all. Nothing is installed, so no service starts.
unpack() {
  local package=$1 suite=$2 version=$3 architecture=$4 sum=$5 folder=$6 work
  work=$(mktemp --directory "$CACHE/.work.XXXXXX")
  # shellcheck disable=SC2064 # the folder of this call
  trap "rm -rf '$work'" EXIT
  download "pool/main/${package:0:1}/$package/${package}_${version}_$architecture.deb" "$sum" "$work/deb" ||
    newest "$suite" "$package" "$work" ||
    fail "neither $package $version nor a newer one of $suite could be had from $MIRROR"
  dpkg-deb --extract "$work/deb" "$work/root"
  mkdir -p "${folder%/*}"
  rm -rf "$folder"
  mv "$work/root/usr/bin" "$folder"
  rm -rf "$work"
}

# What the suite has now, signed by Debian: writes $3/deb.
newest() {
  local suite=$1 package=$2 work=$3
  printf 'the pinned %s is gone; getting what %s has now …\n' "$package" "$suite" >&2
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
  echo "deb [signed-by=$KEYRING] $MIRROR $suite main" >"$work/sources.list"
  private_apt "$work" update >&2 && private_apt "$work" download "$package" >&2 &&
    mv "$work/debs/$package"_*.deb "$work/deb"
}

# A list of its own leaves the machine's as they are; the empty status file makes apt choose from it alone.
private_apt() {
  local work=$1
  shift
  (
    cd "$work/debs"
    apt-get --quiet=2 \
      -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
      -o Dir::State::Lists="$work/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$work/cache" \
      -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User="$(id --user --name)" "$@"
  )
}

# Arguments: path in the archive, its sum, the file to write. The sum decides, so plain http will do.
download() {
  local path=$1 sum=$2 file=$3 base
  for base in "$MIRROR" "$SNAPSHOT"; do
    printf 'getting %s …\n' "$base/$path" >&2
    if curl --fail --silent --show-error --location --retry 1 --connect-timeout 10 --max-time 300 \
      --output "$file" "$base/${path//+/%2B}" && matches "$sum" "$file"; then
      return
    fi
  done
  return 1
}

matches() {
  sha256sum --check --status <<<"$1  $2" || {
    printf '%s has another sum than is pinned\n' "$2" >&2
    return 1
  }
}

main
