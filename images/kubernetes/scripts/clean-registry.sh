#!/bin/bash
# clean-registry.sh DATA CONFIG: takes the registry away. Its content is part of the image's tree and goes with that.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh

begin_ledger registry
systemctl disable --quiet --now registry.service 2>/dev/null || true
undo_folders
undo_files
# A link into the tree. A real folder of that name was never ours.
[ ! -L "${1:?}" ] || rm -f "$1"
give_back_unit registry.service
end_ledger
