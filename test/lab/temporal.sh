#!/usr/bin/env bash
# Builds the Temporal CLI (it carries the development server and its UI) into the cache, and prints its path.
set -euo pipefail
source "$(dirname "$0")/cache.sh"

target="$KEELSON_CACHE/temporal/$TEMPORAL_VERSION/temporal"

# Built under a temporary name and renamed: whoever sees the file sees a whole one.
build_temporal() {
  local scratch
  scratch=$(mktemp -d "$(dirname "$target")/.build-XXXXXX")
  GOBIN=$scratch CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "github.com/temporalio/cli/cmd/temporal@$TEMPORAL_VERSION"
  mv "$scratch/temporal" "$target"
  rmdir "$scratch"
}

if [ ! -x "$target" ]; then
  mkdir -p "$(dirname "$target")"
  lock temporal
  [ -x "$target" ] || step "Building the Temporal CLI $TEMPORAL_VERSION" build_temporal
fi
echo "$target"
