# shellcheck shell=bash
# Sourced, not run. Where the lab keeps what is slow to make.
source "$(dirname "${BASH_SOURCE[0]}")/../../images/tools/steps.sh"
LAB_CACHE="$KEELSON_CACHE/lab"
TEMPORAL_VERSION=v1.5.1
mkdir -p "$LAB_CACHE"
