# shellcheck shell=bash
# Sourced by build.sh. What goes into the image web besides the files of this folder.
PARTS=()

# fill_context FOLDER
fill_context() {
  local context=$1 root
  root=$(mktemp -d)
  mkdir -p "$root/usr/local/bin"
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$WEB_VERSION" -o "$root/usr/local/bin/web" "$context/server/main.go"
  put_image "$context/registry" "keelson/web:$WEB_VERSION" '"User":"65532:65532","Entrypoint":["/usr/local/bin/web"]' "$root"
  rm -rf "$root"
  sed -i "s|@WEB_VERSION@|$WEB_VERSION|" "$context/manifests/web.yaml"
}
