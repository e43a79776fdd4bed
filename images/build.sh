#!/usr/bin/env bash
# Builds our cluster images into OCI layouts in the cache, and prints for each: its reference and the path of its layout.
#
#   build.sh [NAME...]              kubernetes, flannel, helm, web; all of them when none is named
#   KUBE_VERSION=v1.33.13 build.sh kubernetes
#
# A layout's folder carries a hash of all that the image is made from: an unchanged recipe costs nothing.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "$0")" && pwd)
source "$here/tools/steps.sh"
source "$here/tools/go-build.sh"
source "$here/tools/debian.sh"
source "$here/tools/container-image.sh"
source "$here/tools/parts.sh"
source "$here/versions.env"

IMAGES=(kubernetes flannel helm web)

# version_of NAME: what the image is tagged with.
version_of() {
  case "$1" in
    kubernetes) echo "$KUBE_VERSION" ;;
    flannel) echo "$FLANNEL_VERSION" ;;
    helm) echo "$HELM_VERSION" ;;
    web) echo "$WEB_VERSION" ;;
    *) die "there is no recipe $1; there are: ${IMAGES[*]}" ;;
  esac
}

# Names and contents of the recipe, of the tools, and of the versions: whatever can change the image.
inputs_hash() {
  (
    cd "$here"
    find "$1" tools versions.env build.sh -type f -print0 | sort -z | xargs -0 sha256sum
    echo "$KUBE_VERSION $(go env GOARCH)"
  ) | sha256sum | cut -c 1-12
}

# build_image NAME VERSION LAYOUT: the recipe fills a build context, buildah makes the image from its Kubefile.
build_image() {
  local name=$1 version=$2 layout=$3 context scratch image="localhost/keelson/$1:$2"
  context=$(mktemp -d)
  cp -R "$here/$name/." "$context"
  rm -f "$context/recipe.sh"
  (source "$here/$name/recipe.sh" && fill_context "$context")
  # The mode of a file must not depend on the umask of whoever cloned or built.
  chmod -R u=rwX,go=rX "$context"
  scratch=$(mktemp -d "$(dirname "$layout")/.layout-XXXXXX")
  # One date for all files, and layers as they are: the same inputs give the same digest, and no host pays for gzip.
  buildah build -q --timestamp 0 --format oci --layers=false --identity-label=false --build-arg "VERSION=$version" \
    --build-arg "PAUSE_TAG=$PAUSE_TAG" --build-arg "HAPROXY_TAG=$HAPROXY_TAG" \
    -f "$context/Kubefile" -t "$image" "$context"
  skopeo copy -q --dest-oci-accept-uncompressed-layers "containers-storage:$image" "oci:$scratch:$version"
  skopeo copy -q --dest-oci-accept-uncompressed-layers --preserve-digests "oci:$scratch:$version" "oci:$scratch:latest"
  buildah rmi "$image"
  chmod -R u=rwX,go=rX "$scratch"
  mv "$scratch" "$layout"
  rm -rf "$context"
}

# Layouts are large, and every change of a recipe makes another one: those that no build has named for a week go.
forget_unused() { find "$KEELSON_CACHE/images" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +; }

main() {
  local name version layout
  [ $# -gt 0 ] || set -- "${IMAGES[@]}"
  mkdir -p "$KEELSON_CACHE/images"
  for name in "$@"; do
    version=$(version_of "$name")
    layout="$KEELSON_CACHE/images/$name-$version-$(inputs_hash "$name")"
    if [ ! -d "$layout" ]; then
      lock images
      # Parts first, each with its own line: they are the slow half, and shared by images.
      (source "$here/$name/recipe.sh" && for item in "${PARTS[@]}"; do part "$item" >/dev/null; done)
      forget_unused
      [ -d "$layout" ] || step "Building the image $name $version" build_image "$name" "$version" "$layout"
    fi
    touch "$layout"
    echo "localhost/keelson/$name:$version $layout"
  done
}

main "$@"
