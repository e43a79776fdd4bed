#!/usr/bin/env bash
# Builds our cluster images (cached) and puts them into Keelson's store under their names: the version and `latest`.
set -euo pipefail
cd "$(dirname "$0")/.."
images/build.sh "$@" | while read -r name layout; do
  node dist/client/main.js load -i "$layout" --name "$name" --name "${name%:*}:latest"
done
