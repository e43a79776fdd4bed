# shellcheck shell=bash
# Sourced, not run. Takes programs out of Debian packages together with the libraries they need.

# unpack_debian FOLDER PACKAGE...: downloads packages and unpacks them into FOLDER, without installing anything.
unpack_debian() {
  local folder=$1 scratch deb
  shift
  scratch=$(mktemp -d)
  # A machine whose package lists are empty or old gets new ones, and only then.
  (cd "$scratch" && { apt-get download -qq "$@" || { apt-get update -qq && apt-get download -qq "$@"; }; })
  for deb in "$scratch"/*.deb; do dpkg -x "$deb" "$folder"; done
  rm -rf "$scratch"
}

# The library folders inside an unpacked tree.
library_path() { echo "$1/lib/$(uname -m)-linux-gnu:$1/usr/lib/$(uname -m)-linux-gnu"; }

# The dynamic loader of an unpacked tree.
loader_of() { readlink -f "$1"/lib64/ld-linux-*.so.* ; }

# libraries_of TREE PROGRAM: the files that PROGRAM loads, all from inside TREE and none from this machine.
libraries_of() {
  local tree=$1 program=$2 list
  list=$("$(loader_of "$tree")" --library-path "$(library_path "$tree")" --list "$program")
  if grep -F 'not found' <<<"$list"; then return 1; fi
  sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' <<<"$list"
}

# copy_program TREE TARGET PATH...: copies programs with their loader and libraries from an unpacked tree to a root
# file system for a container image, at the same places.
copy_program() {
  local tree=$1 target=$2 path library
  shift 2
  for path in "$@"; do
    install -D -m 755 "$(readlink -f "$tree$path")" "$target$path"
    for library in $(libraries_of "$tree" "$tree$path"); do
      install -D -m 644 "$(readlink -f "$library")" "$target/lib/$(uname -m)-linux-gnu/$(basename "$library")"
    done
  done
  install -D -m 755 "$(loader_of "$tree")" "$target/lib64/$(basename "$tree"/lib64/ld-linux-*.so.*)"
}
