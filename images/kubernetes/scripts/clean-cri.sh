#!/bin/bash
# clean-cri.sh CRI_DATA: takes the container runtime away, with all containers that still run.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh
: "${1:?the folder of the runtime}"

begin_ledger cri
systemctl disable --quiet --now containerd.service 2>/dev/null || true
# Containers and their shims outlive containerd. Both are known by their cgroups, so nobody else's processes are met.
for unit in kubepods.slice containerd.service; do
  systemctl kill --signal KILL "$unit" 2>/dev/null || true
done
systemctl stop kubepods.slice 2>/dev/null || true
# The network namespaces of pods; the runtime names them so.
for namespace in /run/netns/cni-*; do
  [ -e "$namespace" ] || continue
  umount "$namespace" 2>/dev/null || true
  rm -f "$namespace"
done
undo_folders
undo_files
undo_expected
systemctl reset-failed containerd.service 2>/dev/null || true
give_back_unit containerd.service
end_ledger
