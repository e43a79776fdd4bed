#!/bin/bash
# Puts helm into the path of the leader. "install" rather than "cp": a helm that runs right now would be "Text file busy".
set -euo pipefail
cd "$(dirname "$0")"

# Our Kubernetes image keeps a ledger of what it takes away at a reset. A helm that was there before is not entered.
ledger=/var/lib/keelson-image/kube/placed
if [ -e "$ledger" ] && [ ! -e /usr/bin/helm ]; then echo /usr/bin/helm >>"$ledger"; fi
install -m 755 opt/helm /usr/bin/helm
