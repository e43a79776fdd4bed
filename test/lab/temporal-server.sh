#!/usr/bin/env bash
# Builds Temporal's own server (not the development server) and its schema tool into the cache, and prints their folder:
# `server`, `sql`, and `schema/` for PostgreSQL. It is what a team runs; docker-compose.yml takes it from an image.
set -euo pipefail
source "$(dirname "$0")/cache.sh"

target="$KEELSON_CACHE/temporal-server/$TEMPORAL_SERVER_VERSION"

# Built under a temporary name and renamed: whoever sees the folder sees a whole one.
build_server() {
  local scratch module
  mkdir -p "$(dirname "$target")"
  scratch=$(mktemp -d "$(dirname "$target")/.build-XXXXXX")
  GOBIN=$scratch CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' \
    "go.temporal.io/server/cmd/server@$TEMPORAL_SERVER_VERSION" "go.temporal.io/server/cmd/tools/sql@$TEMPORAL_SERVER_VERSION"
  module=$(go env GOMODCACHE)/go.temporal.io/server@$TEMPORAL_SERVER_VERSION
  cp -r --no-preserve=mode "$module/schema/postgresql/v12" "$scratch/schema"
  mv -T "$scratch" "$target"
}

if [ ! -x "$target/server" ]; then
  lock temporal-server
  [ -x "$target/server" ] || step "Building the Temporal server $TEMPORAL_SERVER_VERSION" build_server
fi
echo "$target"
