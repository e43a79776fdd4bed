#!/bin/bash
# init.sh: kernel settings, the Kubernetes programs, and the kubelet's unit. The kubelet is started by kubeadm.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh

# Pods reach each other through the host, and bridged packets pass the filters that implement Services.
SETTINGS=(net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1)
# The kubelet and kube-proxy change these by themselves; remembered here, so that they can be given back.
ALSO_CHANGED=(vm.overcommit_memory kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes
  net.ipv4.conf.all.route_localnet net.netfilter.nf_conntrack_tcp_timeout_close_wait net.netfilter.nf_conntrack_tcp_timeout_established)

setting_file() { echo "/proc/sys/${1//.//}"; }

remember_settings() {
  local name file
  [ ! -e "$LEDGER/settings" ] || return 0
  for name in "${SETTINGS[@]%%=*}" "${ALSO_CHANGED[@]}"; do
    file=$(setting_file "$name")
    [ ! -r "$file" ] || echo "$name=$(cat "$file")"
  done >"$LEDGER/settings.new"
  mv "$LEDGER/settings.new" "$LEDGER/settings"
}

# Not every kernel has every setting (bridge filters may be compiled out), and kubeadm's own checks speak of the needed ones.
apply_settings() {
  local setting file
  for setting in "${SETTINGS[@]}"; do
    file=$(setting_file "${setting%%=*}")
    [ ! -w "$file" ] || [ "$(cat "$file")" = "${setting#*=}" ] || echo "${setting#*=}" >"$file"
  done
}

begin_ledger kube
remember_unit kubelet.service
# Built into some kernels, a module in others.
for module in overlay br_netfilter nf_conntrack; do modprobe --quiet "$module" 2>/dev/null || true; done
remember_settings
apply_settings
printf '%s\n' "${SETTINGS[@]}" >"$LEDGER/sysctl.conf"
printf '%s\n' overlay br_netfilter nf_conntrack >"$LEDGER/modules.conf"
place 644 "$LEDGER/sysctl.conf" /etc/sysctl.d/99-keelson-kubernetes.conf
place 644 "$LEDGER/modules.conf" /etc/modules-load.d/keelson-kubernetes.conf

# Where it is not a shared mount, the kubelet mounts its folder onto itself.
[ -e "$LEDGER/kubelet-mounts" ] || mounts_on /var/lib/kubelet >"$LEDGER/kubelet-mounts"
for folder in /etc/kubernetes /var/lib/kubelet /var/lib/etcd /var/log/pods /var/log/containers /var/log/kubernetes \
  /usr/libexec/kubernetes /run/flannel; do
  own_folder "$folder"
done
mkdir -p /etc/kubernetes/manifests
# kube-proxy's pod mounts these from the host.
expect /lib/modules
expect /run/xtables.lock
for program in ../bin/*; do place 755 "$program" "/usr/bin/$(basename "$program")"; done
# Some kubeadm versions and CNI plugins call these; a host's own ones come first.
for program in nft conntrack; do
  if listed placed "/usr/bin/$program" || ! command -v "$program" >/dev/null; then
    place_link "$(readlink -f ../opt)/$program" "/usr/bin/$program"
  fi
done
place 644 ../etc/kubelet.service /etc/systemd/system/kubelet.service
place 644 ../etc/10-kubeadm.conf /etc/systemd/system/kubelet.service.d/10-kubeadm.conf
systemctl daemon-reload
systemctl enable --quiet kubelet.service
