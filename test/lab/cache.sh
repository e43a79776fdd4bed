# shellcheck shell=bash
# Sourced, not run. Where the lab keeps what is slow to make.
source "$(dirname "${BASH_SOURCE[0]}")/../../images/tools/steps.sh"
LAB_CACHE="$KEELSON_CACHE/lab"
TEMPORAL_VERSION=v1.5.1
# The server that the CLI above carries: most of it is compiled already.
TEMPORAL_SERVER_VERSION=v1.29.1
mkdir -p "$LAB_CACHE"
