#!/usr/bin/env bash
# Checks that this machine can carry the lab, and installs the Debian packages that are missing.
# Quick when nothing is missing: the list of packages is asked for, not the network.
set -euo pipefail
source "$(dirname "$0")/cache.sh"

# podman runs the hosts (with runc: systemd in a host needs its way of mounting cgroups); netavark with iptables is its
# network, and nft looks into it; debootstrap makes their file system; buildah and skopeo make and move images; sshpass
# tests logins by password; PostgreSQL is the database of a team's Temporal; chromium shows the Temporal UI to a test; the compiler and libseccomp are for runc, the one
# program of the images that is not pure Go.
PACKAGES=(podman runc crun netavark uidmap iptables nftables procps buildah skopeo debootstrap iproute2 openssh-client sshpass apache2-utils
  postgresql-15 zstd chromium ca-certificates curl git make gcc libc6-dev pkg-config libseccomp-dev)

ways_out='Without root, Debian or podman, "npm test" runs the part of the tests that needs none of them.'

check_machine() {
  [ "$(id -u)" = 0 ] || die "the lab needs root: its hosts are privileged containers. $ways_out"
  [ -r /etc/debian_version ] && command -v apt-get >/dev/null || die "the lab needs Debian 12 (apt-get is missing). $ways_out"
  local release
  release=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
  [ "$release" = 12 ] || say "warning: made and tested on Debian 12, this is ${release}"
}

# check_tool NAME LEAST VERSION HINT: the version is the tool's own word, without a leading letter.
check_tool() {
  local name=$1 least=$2 version=$3 hint=$4
  [ -n "$version" ] || die "$name is missing: $hint. $ways_out"
  [ "$(printf '%s\n%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" ] ||
    die "$name $version is too old, $least or newer is needed: $hint. $ways_out"
}

missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  for package in "${PACKAGES[@]}"; do
    grep -qxF "$package" <<<"$installed" || echo "$package"
  done
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  # Of PostgreSQL only the programs are wanted: tests make databases of their own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@"
}

check_machine
check_tool Node.js 20 "$(node --version 2>/dev/null | sed 's/^v//')" 'install Node.js 20, for example from deb.nodesource.com'
check_tool Go 1.24 "$(go env GOVERSION 2>/dev/null | sed 's/^go//')" 'install Go from go.dev/dl; all programs of the lab are built from source'
mapfile -t missing < <(missing_packages)
[ "${#missing[@]}" = 0 ] || step "Installing Debian packages: ${missing[*]}" install_packages "${missing[@]}"
