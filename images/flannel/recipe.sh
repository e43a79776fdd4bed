# shellcheck shell=bash
# Sourced by build.sh. What goes into the image flannel besides the files of this folder.
PARTS=(flannel nettools)

# fill_context FOLDER: flanneld, what starts it and the writer of the CNI configuration in one image, over the tools that
# kube-proxy has too, so that a host pulls those once.
fill_context() {
  local context=$1 root name
  root=$(mktemp -d)
  install -D -m 755 -t "$root/usr/local/bin" "$(part flannel)/flanneld"
  for name in start-flanneld write-conflist; do
    CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$root/usr/local/bin/$name" "$context/$name/main.go"
  done
  put_image "$context/registry" "keelson/flannel:$FLANNEL_VERSION" '"Entrypoint":["/usr/local/bin/start-flanneld"]' \
    "$(part nettools)/root" "$root"
  rm -rf "$root"
  sed -i "s|@FLANNEL_VERSION@|$FLANNEL_VERSION|" "$context/manifests/flannel.yaml"
}
