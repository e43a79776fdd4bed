#!/bin/sh
# The first program of a lab host. It gives the host an identity of its own and hands over to systemd.

# podman 4 mounts the machine's whole name=systemd cgroup hierarchy over the private one of the container. The kubelet
# would look for kubepods.slice there and not find it, so the mount goes before systemd starts.
umount /sys/fs/cgroup/systemd/release_agent 2>/dev/null
umount /sys/fs/cgroup/systemd 2>/dev/null

# At the first start only: all hosts come from one image, and would else be one machine with one SSH host key.
if [ ! -e /var/lib/lab-host-born ]; then
  head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >/etc/machine-id
  echo >>/etc/machine-id
  rm -f /etc/ssh/ssh_host_*
  ssh-keygen -q -A
  # Written by the host itself: podman's own /etc/hosts is a bind mount, which cannot be replaced and comes back at each start.
  printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$(cat /proc/sys/kernel/hostname)" >/etc/hosts
  touch /var/lib/lab-host-born
fi
exec /sbin/init
