# shellcheck shell=bash
# Sourced. A ledger of what a script puts on a host, so that the clean script takes away exactly that, and gives back what
# was there before. Every function may be called again with the same arguments.

# begin_ledger PART: registry, cri or kube; each is cleaned by itself.
begin_ledger() {
  LEDGER=/var/lib/keelson-image/$1
  mkdir -p "$LEDGER"
  touch "$LEDGER/placed" "$LEDGER/folders" "$LEDGER/expected"
  CHANGED=no
}

listed() { grep -qxF -- "$2" "$LEDGER/$1"; }

# Keeps a file that is about to be replaced. Entered into the ledger before the file changes: a crash in between loses nothing.
keep_former() {
  if listed placed "$1"; then return; fi
  if [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p "$LEDGER/before$(dirname "$1")"
    cp -a "$1" "$LEDGER/before$1"
  fi
  echo "$1" >>"$LEDGER/placed"
}

# place MODE SOURCE TARGET: a file, renamed into its place so that a running program of that name is not disturbed.
place() {
  local mode=$1 source=$2 target=$3
  if [ ! -L "$target" ] && cmp -s "$source" "$target" && [ "$(stat -c %a "$target")" = "$mode" ]; then return; fi
  keep_former "$target"
  mkdir -p "$(dirname "$target")"
  install -m "$mode" "$source" "$target.new"
  mv -f "$target.new" "$target"
  CHANGED=yes
}

# place_link POINTS_TO TARGET
place_link() {
  if [ "$(readlink "$2" || true)" = "$1" ]; then return; fi
  keep_former "$2"
  ln -sfn "$1" "$2"
}

# own_folder FOLDER: from now on whatever appears in FOLDER belongs to us, and goes when the part is cleaned. Entries that
# were there before stay. A folder that was missing goes with the parents that had to be made for it.
own_folder() {
  local folder=$1 parent
  if listed folders "$folder"; then mkdir -p "$folder"; return; fi
  mkdir -p "$LEDGER/entries$folder"
  if [ -d "$folder" ]; then
    stat -c %a "$folder" >"$LEDGER/entries$folder/.mode"
    find "$folder" -mindepth 1 -maxdepth 1 >"$LEDGER/entries$folder/.list"
  else
    parent=$folder
    while [ ! -d "$(dirname "$parent")" ]; do parent=$(dirname "$parent"); done
    echo "$parent" >"$LEDGER/entries$folder/.missing"
  fi
  echo "$folder" >>"$LEDGER/folders"
  mkdir -p "$folder"
}

# expect PATH: an empty folder or file that others will make as a side effect, in a place that is not ours. It goes when it was
# not there before, and only if it is empty then.
expect() {
  if [ -e "$1" ] || listed expected "$1"; then return; fi
  echo "$1" >>"$LEDGER/expected"
}

# remember_unit NAME: whether a unit of that name was in use before ours came.
remember_unit() {
  [ -e "$LEDGER/unit-$1" ] && return
  echo "$(systemctl is-enabled "$1" 2>/dev/null || true) $(systemctl is-active "$1" 2>/dev/null || true)" >"$LEDGER/unit-$1"
}

# run_unit NAME: starts our unit at each boot and now; an unchanged one that runs is left alone.
run_unit() {
  systemctl enable --quiet "$1"
  if [ "$CHANGED" = yes ] || ! systemctl is-active --quiet "$1"; then systemctl restart "$1"; fi
}

# unmount_below FOLDER: unmounts all that is mounted below, the deepest first; what is busy goes when it is free.
unmount_below() {
  local point
  awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r point; do
    umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null || true
  done
}

# mounts_on FOLDER: how many mounts lie on that very folder.
mounts_on() { awk -v on="$1" '$5 == on { count++ } END { print count + 0 }' /proc/self/mountinfo; }

# undo_folders: removes what has appeared in owned folders.
undo_folders() {
  local folder missing entry
  tac "$LEDGER/folders" | while read -r folder; do
    unmount_below "$folder"
    if [ -e "$LEDGER/entries$folder/.missing" ]; then
      missing=$(cat "$LEDGER/entries$folder/.missing")
      rm -rf "$folder"
      # The parents only as far as nobody else has put anything there.
      (cd / && while [ "$folder" != "$missing" ]; do folder=$(dirname "$folder") && rmdir "$folder" 2>/dev/null || break; done)
    else
      [ -d "$folder" ] || continue
      find "$folder" -mindepth 1 -maxdepth 1 | while read -r entry; do
        grep -qxF -- "$entry" "$LEDGER/entries$folder/.list" || rm -rf -- "$entry"
      done
      chmod "$(cat "$LEDGER/entries$folder/.mode")" "$folder"
    fi
  done
}

# undo_expected: removes what is left of side effects.
undo_expected() {
  local path
  while read -r path; do
    if [ -d "$path" ]; then rmdir "$path" 2>/dev/null || true; elif [ -f "$path" ] && [ ! -s "$path" ]; then rm -f "$path"; fi
  done <"$LEDGER/expected"
}

# undo_files: removes what we placed, and puts former files back.
undo_files() {
  local path
  tac "$LEDGER/placed" | while read -r path; do
    rm -f -- "$path"
    if [ -e "$LEDGER/before$path" ] || [ -L "$LEDGER/before$path" ]; then cp -a "$LEDGER/before$path" "$path"; fi
    # Only folders that nobody uses, such as kubelet.service.d, and only below /etc/systemd.
    case "$path" in /etc/systemd/system/*.d/*) rmdir "$(dirname "$path")" 2>/dev/null || true ;; esac
  done
  systemctl daemon-reload
}

# give_back_unit NAME: a unit that was in use before ours came is in use again.
give_back_unit() {
  local enabled active
  [ -e "$LEDGER/unit-$1" ] || return 0
  read -r enabled active <"$LEDGER/unit-$1" || true
  [ "$enabled" != enabled ] || systemctl enable --quiet "$1"
  [ "$active" != active ] || systemctl start "$1"
}

# end_ledger: the last act of a clean script.
end_ledger() {
  rm -rf "$LEDGER"
  rmdir "$(dirname "$LEDGER")" 2>/dev/null || true
}
