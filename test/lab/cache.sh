# shellcheck shell=bash
# Sourced, not run. Where the lab keeps what is slow to make, and how its scripts speak about slow steps.
#
# The cache lies outside the checkout, so that a fresh clone on the same machine does not pay again.
KEELSON_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/keelson"
LAB_CACHE="$KEELSON_CACHE/lab"
TEMPORAL_VERSION=v1.5.1
mkdir -p "$LAB_CACHE"

# Says on stderr what is going on; stdout belongs to what a script is asked for (addresses, paths).
say() { printf '%s\n' "$*" >&2; }

# Ends the script with a message that says what is wrong and what to do.
die() { say "error: $*"; exit 1; }

# step TEXT COMMAND...: runs a slow command, telling what it does before and how long it took after.
# Its output goes to a log file, which is shown only when the command fails.
step() {
  local text=$1 begin=$SECONDS log
  shift
  log=$(mktemp)
  say "$text ..."
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "$text: failed after $((SECONDS - begin)) s; the whole output is in $log"
  fi
  rm -f "$log"
  say "$text: done in $((SECONDS - begin)) s"
}

# lock NAME: waits until no other script holds NAME, and holds it until this script ends.
# Descriptor 9 must not reach a program that stays behind: it would keep the lock. Start such programs with 9>&-.
lock() {
  exec 9>"$LAB_CACHE/$1.lock"
  flock -n 9 && return
  say "waiting for another $1 that is under way"
  flock 9
}
