#!/usr/bin/env bash
# Builds our cluster images (cached) and puts them into Keelson's store under their names: the version and `latest`.
# KEELSON_FORMER=1: under the version only, as `latest` is another one.
set -euo pipefail
cd "$(dirname "$0")/.."
images/build.sh "$@" | while read -r name layout; do
  names=(--name "$name")
  [ -n "${KEELSON_FORMER:-}" ] || names+=(--name "${name%:*}:latest")
  node dist/client/main.js load -i "$layout" "${names[@]}"
done
