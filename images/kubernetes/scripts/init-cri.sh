#!/bin/bash
# init-cri.sh REGISTRY_DOMAIN REGISTRY_PORT: the container runtime, which serves when this returns (containerd tells systemd
# when it is ready). A second run changes nothing and restarts nothing.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh
registry=$1:$2

begin_ledger cri
remember_unit containerd.service
for folder in /etc/containerd /opt/cni /etc/cni /etc/cni/net.d /opt/containerd /run/containerd /run/nri /var/lib/cni "${criData:-/var/lib/containerd}"; do
  own_folder "$folder"
done
expect /run/netns
for program in containerd containerd-shim-runc-v2 ctr runc; do place 755 "../cri/$program" "/usr/bin/$program"; done
for plugin in ../cri/cni/*; do place 755 "$plugin" "/opt/cni/bin/$(basename "$plugin")"; done
place 644 ../etc/config.toml /etc/containerd/config.toml
# These hold the registry's password.
place 600 ../etc/hosts.toml /etc/containerd/certs.d/_default/hosts.toml
place 600 ../etc/hosts.toml "/etc/containerd/certs.d/$registry/hosts.toml"
place 644 ../etc/containerd.service /etc/systemd/system/containerd.service
systemctl daemon-reload
run_unit containerd.service
