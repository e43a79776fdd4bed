#!/usr/bin/env bash
# Makes the image of a lab host (Debian with systemd and sshd, as a freshly installed machine has it) and prints its name.
# The name carries a hash of all that goes in, so a changed recipe is a new image and an unchanged one is free.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/cache.sh"

SUITE=bookworm
PACKAGES=systemd,systemd-sysv,dbus,openssh-server,iproute2,iptables,iputils-ping,kmod,procps,ca-certificates,conntrack
PACKAGES+=,socat,ethtool,lsof,curl,sudo,mount
KEY="$LAB_CACHE/id_ed25519"

make_key() {
  [ -f "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C keelson-lab -f "$KEY"
}

short_hash() { sha256sum | cut -c 1-12; }

# The slow half: a bare Debian, kept as a tar archive, so that changes of the lab's own settings do not fetch it again.
make_base() {
  local base=$1 scratch
  scratch=$(mktemp -d "$LAB_CACHE/.base-XXXXXX")
  debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$scratch"
  rm -rf "$scratch"/var/cache/apt/archives/*.deb "$scratch"/var/lib/apt/lists/*
  tar -C "$scratch" -cf "$base.part" .
  mv "$base.part" "$base"
  rm -rf "$scratch"
}

# add_user ROOT NAME PASSWORD: a login with the lab's key and a password.
add_user() {
  local root=$1 name=$2 password=$3 home
  [ "$name" = root ] || chroot "$root" useradd --create-home --shell /bin/bash "$name"
  printf '%s:%s\n' "$name" "$password" | chroot "$root" chpasswd
  home=$(chroot "$root" getent passwd "$name" | cut -d: -f6)
  install -d -m 700 "$root$home/.ssh"
  install -m 600 "$KEY.pub" "$root$home/.ssh/authorized_keys"
  chroot "$root" chown -R "$name:$name" "$home/.ssh"
}

# The users stand for the ways that people hand out access: root, sudo with a password, sudo without, and no sudo.
settle() {
  local root=$1
  add_user "$root" root keelson-lab
  add_user "$root" ops ops-lab-pass
  add_user "$root" free free-lab-pass
  add_user "$root" plain plain-lab-pass
  printf 'ops ALL=(ALL:ALL) ALL\n' >"$root/etc/sudoers.d/ops"
  printf 'free ALL=(ALL:ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/free"
  chmod 440 "$root"/etc/sudoers.d/{ops,free}
  printf 'PermitRootLogin yes\nPasswordAuthentication yes\n' >"$root/etc/ssh/sshd_config.d/lab.conf"
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/hostname"
  install -m 755 "$here/host-init.sh" "$root/sbin/host-init"
}

make_image() {
  local image=$1 base=$2 root
  root=$(mktemp -d "$LAB_CACHE/.root-XXXXXX")
  tar -C "$root" -xf "$base"
  settle "$root"
  tar -C "$root" -c . | podman import -q --change 'CMD ["/sbin/host-init"]' - "$image"
  rm -rf "$root"
}

# Without the lock two first runs could make two keys, and hosts that trust the other one.
lock host-image
make_key
base="$LAB_CACHE/debian-$SUITE-$(echo "$SUITE $PACKAGES" | short_hash).tar"
image="localhost/keelson-lab/host:$SUITE-$(cat "$0" "$here/host-init.sh" "$KEY.pub" | short_hash)"
if ! podman image exists "$image"; then
  [ -f "$base" ] || step "Fetching a bare Debian $SUITE for the lab hosts" make_base "$base"
  step 'Making the image of the lab hosts' make_image "$image" "$base"
fi
echo "$image"
