#!/usr/bin/env bash
# The same cluster by hand, over OpenSSH, as fast as we know how: every host goes through its own steps without waiting for
# the others, except where one needs what another one serves.
#
#   by-hand.sh PREPARED KEY LEADER WORKER...
#
# PREPARED is what prepare.js made. Prints a line for each step: name, host, start and end in seconds since the epoch,
# separated by tabs.
set -euo pipefail
prepared=$1 key=$2
shift 2
hosts=("$@") leader=$1
data=/var/lib/sealos/data/default
run=$(mktemp -d)
trap 'finish' EXIT

finish() {
  local code=$? host
  [ "$code" = 0 ] || { jobs -p | xargs -r kill 2>/dev/null || true; }
  for host in "${hosts[@]}"; do ssh -S "$run/$host" -O exit "root@$host" 2>/dev/null || true; done
  if [ "$code" != 0 ]; then tail -n 20 "$run"/*.log >&2 || true; fi
  rm -rf "$run"
}

# One connection for each host; every command is a channel of it. AES-GCM is the fastest cipher where the processor has AES.
connect() {
  ssh -M -N -f -S "$run/$1" -i "$key" -c aes128-gcm@openssh.com -o ControlPersist=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "root@$1" >/dev/null
}

on() {
  local host=$1
  shift
  ssh -S "$run/$host" "root@$host" "$@"
}

# step NAME HOST COMMAND...
step() {
  local name=$1 host=$2 start=$EPOCHREALTIME
  shift 2
  "$@" >>"$run/$host.log" 2>&1
  printf '%s\t%s\t%s\t%s\n' "$name" "$host" "$start" "$EPOCHREALTIME"
}

# A flag is a file: lanes are processes, and what one has reached the others see at once.
raise() { touch "$run/$1"; }
await() { until [ -e "$run/$1" ]; do [ -d "$run" ] && sleep 0.05 || exit 1; done; }

copy() { tar -C "$prepared/$2" -b 512 -c . | on "$1" "mkdir -p $3 && tar -C $3 -b 512 -x"; }

name_hosts() { on "$1" "echo '$leader sealos.hub apiserver.cluster.local' >>/etc/hosts"; }

script() { on "$1" bash -s <"$prepared/$2.sh"; }

# Side by side, through the mirror configuration of the runtime that was just set up.
pull() {
  on "$1" 'for image in $(cat); do ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d "$image" >/dev/null & pids+=($!); done
    for pid in "${pids[@]}"; do wait "$pid" || exit 1; done' <"$prepared/pull-$2"
}

prepare_host() {
  local host=$1 role=$2
  step copy "$host" copy "$host" rootfs "$data/rootfs"
  step names "$host" name_hosts "$host"
  step check "$host" script "$host" check
  raise "checked-$host"
  step cri "$host" script "$host" init-cri &
  local cri=$!
  step kubelet "$host" script "$host" init &
  local kubelet=$!
  wait "$cri"
  await registry-serves
  step pull "$host" pull "$host" "$role"
  wait "$kubelet"
}

serve_registry() {
  step registry-content "$leader" copy "$leader" registry "$data/rootfs/registry"
  # The program itself comes with the other files.
  await "checked-$leader"
  step registry "$leader" on "$leader" "ln -sfn $data/rootfs/registry /var/lib/registry && bash -s" <"$prepared/init-registry.sh"
  raise registry-serves
}

init() {
  on "$leader" "umask 077 && mkdir -p /etc/kubernetes && cp $data/rootfs/statics/audit-policy.yml /etc/kubernetes/ && cat >/root/init.yaml &&
    kubeadm init --config /root/init.yaml --skip-token-print --ignore-preflight-errors=SystemVerification" <"$prepared/init.yaml"
  on "$leader" 'mkdir -p /root/.kube && cp /etc/kubernetes/admin.conf /root/.kube/config'
}

network() {
  tar -C "$prepared/network" -c . | on "$leader" "mkdir -p /root/network && tar -C /root/network -x && bash /root/network/apply.sh"
}

# What the workers have to trust, read where it was made: nobody polls for it.
discovery() {
  on "$leader" 'echo "ca: $(base64 -w 0 /etc/kubernetes/pki/ca.crt)"' | sed -n 's/^ca: //p' >"$run/ca"
  sed "s|@CA@|$(cat "$run/ca")|" "$prepared/discovery.conf" >"$run/discovery.conf"
}

join() {
  { sed "s|^|d |" "$run/discovery.conf"; sed "s|^|j |" "$prepared/join-$1.yaml"; } |
    on "$1" "umask 077 && cat >/root/both && sed -n 's/^d //p' /root/both >/root/discovery.conf && sed -n 's/^j //p' /root/both >/root/join.yaml &&
      rm /root/both && mkdir -p /etc/kubernetes && kubeadm join --config /root/join.yaml --ignore-preflight-errors=SystemVerification"
}

lead() {
  step connect "$leader" connect "$leader"
  serve_registry &
  local registry=$!
  prepare_host "$leader" leader
  wait "$registry"
  step init "$leader" init
  step discovery "$leader" discovery
  raise api-serves
  step network "$leader" network
}

follow() {
  step connect "$1" connect "$1"
  prepare_host "$1" worker
  await api-serves
  step join "$1" join "$1"
}

lead &
for worker in "${hosts[@]:1}"; do follow "$worker" & done
for _ in "${hosts[@]}"; do wait -n; done
