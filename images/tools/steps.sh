# shellcheck shell=bash
# Sourced, not run. Where slow work is kept, how scripts speak about it, and how two runs keep out of each other's way.
#
# The cache lies outside the checkout, so that a fresh clone on the same machine does not pay again.
KEELSON_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/keelson"
mkdir -p "$KEELSON_CACHE"

# Says on stderr what is going on; stdout belongs to what a script is asked for (addresses, paths).
say() { printf '%s\n' "$*" >&2; }

# Ends the script with a message that says what is wrong and what to do.
die() { say "error: $*"; exit 1; }

# step TEXT COMMAND...: runs a slow command, telling what it does before and how long it took after.
# Its output goes to a log file, which is shown only when the command fails. The command may be a function; it runs as a
# plain command in a shell of its own, since "set -e" would not hold inside a function that an "if" waits for.
step() {
  local text=$1 begin=$SECONDS log status
  shift
  log=$(mktemp)
  say "$text ..."
  set +e
  (set -e; "$@") >"$log" 2>&1
  status=$?
  set -e
  if [ "$status" != 0 ]; then
    tail -n 40 "$log" >&2
    die "$text: failed after $((SECONDS - begin)) s; the whole output is in $log"
  fi
  rm -f "$log"
  say "$text: done in $((SECONDS - begin)) s"
}

# lock NAME: waits until no other script holds NAME, and holds it until this script ends. A script holds one lock at a time.
# Descriptor 9 must not reach a program that stays behind: it would keep the lock. Start such programs with 9>&-.
lock() {
  exec 9>"$KEELSON_CACHE/$1.lock"
  flock -n 9 && return
  say "waiting for another run that holds the lock $1"
  flock 9
}
