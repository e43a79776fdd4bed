# shellcheck shell=bash
# Sourced, not run. Builds programs of a Go module through the Go module proxy; go.sum of the module verifies the sources.

# module_folder MODULE@VERSION: downloads the sources and prints where they lie (read-only).
module_folder() {
  (cd / && GOFLAGS=-mod=mod go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p'
}

# wrap_module MODULE@VERSION FOLDER: makes a module in FOLDER that builds packages of another one with that one's own
# dependencies. "go install" refuses modules that replace dependencies by local folders. The wrapper turns Kubernetes'
# staging folders into the released modules, and drops other local replacements, whose releases are required anyway.
wrap_module() {
  local module=${1%@*} version=${1#*@} folder=$2 source
  source=$(module_folder "$1")
  [ -n "$source" ] || { echo "the sources of $1 cannot be had from the Go module proxy" >&2; return 1; }
  sed -E -e 's|^module .*|module keelson/build|' \
    -e "s|=> \./staging/src/(\S+)|=> \1 v0.${version#v1.}|" \
    -e '/=> \.\.?\//d' "$source/go.mod" >"$folder/go.mod"
  if [ -f "$source/go.sum" ]; then cat "$source/go.sum" >"$folder/go.sum"; fi
  (cd "$folder" && go mod edit "-require=$module@$version")
}

# go_build MODULE@VERSION OUT_FOLDER PACKAGE...: static programs, named as Go names them.
# GO_LDFLAGS adds linker flags, GO_TAGS build tags; CGO_ENABLED=1 is honoured. No path and no date of this machine goes in.
go_build() {
  local module=$1 out=$2 scratch package
  shift 2
  scratch=$(mktemp -d)
  wrap_module "$module" "$scratch"
  {
    printf '//go:build tools\n\npackage tools\n\n'
    for package in "$@"; do printf 'import _ "%s"\n' "$package"; done
  } >"$scratch/tools.go"
  (
    cd "$scratch"
    CGO_ENABLED=${CGO_ENABLED:-0} GOFLAGS=-mod=mod \
      go build -trimpath -buildvcs=false -tags "${GO_TAGS:-}" -ldflags "-s -w ${GO_LDFLAGS:-}" -o "$out/" "$@"
  )
  rm -rf "$scratch"
}
