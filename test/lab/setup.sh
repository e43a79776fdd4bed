#!/usr/bin/env bash
# Makes this machine ready for the lab: packages, the Temporal CLI, the image of the hosts. Safe to run at any time;
# when all is there it costs less than a second.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/cache.sh"

# One at a time: apt-get cannot share, and two builds of the same thing would cost twice.
lock setup
"$here/packages.sh"
"$here/temporal.sh" >/dev/null
"$here/temporal-server.sh" >/dev/null
"$here/host-image.sh" >/dev/null
