#!/bin/bash
# check.sh REGISTRY_DATA: may this host become part of a cluster? Says everything that is in the way, not only the first thing.
# What our own units occupy is no obstacle, so the check may be repeated on a host that was left half done.
set -u
registry_data=${1:-/var/lib/registry}
problems=0

problem() {
  echo "check: $*" >&2
  problems=$((problems + 1))
}

# ours PID: does the process belong to a unit that this image brought?
ours() {
  [ -d /var/lib/keelson-image ] && grep -qE '/(registry|containerd|kubelet)\.service|/kubepods' "/proc/$1/cgroup" 2>/dev/null
}

check_ports() {
  local ports=" 2379 2380 6443 10248 10249 10250 10256 10257 10259 ${registryPort:-5000} " line port pid program
  command -v ss >/dev/null || { problem "the command ss is missing (package iproute2)"; return; }
  while read -r line; do
    port=$(awk '{print $4}' <<<"$line")
    port=${port##*:}
    case "$ports" in *" $port "*) ;; *) continue ;; esac
    pid=$(sed -n 's/.*pid=\([0-9]*\).*/\1/p' <<<"$line")
    if [ -n "$pid" ] && ours "$pid"; then continue; fi
    program=$(sed -n 's/.*(("\([^"]*\)".*/\1/p' <<<"$line")
    problem "port $port is in use by ${program:-an unknown program} (process ${pid:-unknown}): stop it, or choose another host"
  done < <(ss -Hltnp)
}

check_ports
if command -v docker >/dev/null; then
  problem "docker is installed here, and would share containerd with Kubernetes: remove it first"
elif [ -S /var/run/docker.sock ]; then
  problem "something listens at /var/run/docker.sock: stop it first"
fi
if [ -f /var/run/docker.sock ]; then problem "/var/run/docker.sock is a regular file: remove it"; fi
if [ -f "$registry_data" ]; then problem "$registry_data is a regular file, the registry needs that name: move it away"; fi
for program in mount losetup cp tar; do
  command -v "$program" >/dev/null || problem "the command $program is missing"
done
[ "$problems" = 0 ]
