#!/bin/bash
# Brings Flannel into the cluster with the cluster's own pod network. Running it again changes what differs, and nothing else.
set -euo pipefail
cd "$(dirname "$0")"

# What kubeadm was told, of which only two lines matter here.
cluster_configuration=$(kubectl --namespace kube-system get configmap kubeadm-config --output 'jsonpath={.data.ClusterConfiguration}')
told() { sed -n "s/^ *$1: *[\"']\{0,1\}\([^\"']*\).*/\1/p" <<<"$cluster_configuration" | head -n 1; }

pod_network=${POD_CIDR:-$(told podSubnet)}
pod_network=${pod_network:-100.64.0.0/10}
endpoint=$(told controlPlaneEndpoint)

# Of a dual-stack pair the IPv4 half, which is what this image's configuration speaks of.
IFS=',' read -ra networks <<<"$pod_network"
for network in "${networks[@]}"; do
  case "$network" in *:*) ;; *) pod_network=$network ;; esac
done

config() {
  cat <<YAML
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: flannel
  namespace: kube-flannel
data:
  net-conf.json: |
    {"Network": "$pod_network", "EnableNFTables": true, "Backend": {"Type": "${FLANNEL_BACKEND:-vxlan}"}}
YAML
  [ -z "$endpoint" ] || printf '  api-host: "%s"\n  api-port: "%s"\n' "${endpoint%:*}" "${endpoint##*:}"
}

hash=$(config | sha256sum | cut -c 1-16)
{ sed "s|@CONFIG@|$hash|" manifests/flannel.yaml; config; } | kubectl apply -f -
