#!/bin/bash
# clean.sh: takes the Kubernetes programs and the kubelet away, and gives kernel settings their former values.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh

begin_ledger kube
systemctl disable --quiet --now kubelet.service 2>/dev/null || true
unmount_below /var/lib/kubelet
former=$(cat "$LEDGER/kubelet-mounts" 2>/dev/null || echo 1)
while [ "$(mounts_on /var/lib/kubelet)" -gt "$former" ] && umount /var/lib/kubelet; do :; done
undo_folders
undo_files
undo_expected
systemctl reset-failed kubelet.service 2>/dev/null || true
if [ -e "$LEDGER/settings" ]; then
  while IFS='=' read -r name value; do
    file="/proc/sys/${name//.//}"
    [ ! -w "$file" ] || [ "$(cat "$file")" = "$value" ] || echo "$value" >"$file" || true
  done <"$LEDGER/settings"
fi
give_back_unit kubelet.service
end_ledger
