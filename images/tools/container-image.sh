# shellcheck shell=bash
# Sourced, not run. Writes container images straight into the storage layout of Docker Distribution (a cluster image's
# registry/ folder). No registry and no container engine takes part: the same files always give the same digests.

# Layers are compressed with zstd: as small as gzip, and unpacked several times as fast on the hosts.
LAYER_TYPE=application/vnd.oci.image.layer.v1.tar+zstd
CONFIG_TYPE=application/vnd.oci.image.config.v1+json
MANIFEST_TYPE=application/vnd.oci.image.manifest.v1+json

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# put_link FILE HASH: Distribution's way of saying that a repository has a blob.
put_link() {
  mkdir -p "$(dirname "$1")"
  printf 'sha256:%s' "$2" >"$1"
}

# put_blob REGISTRY REPOSITORY FILE: moves FILE into the storage, makes it known to the repository, prints its hash.
put_blob() {
  local storage=$1/docker/registry/v2 repository=$2 file=$3 hash blob
  hash=$(hash_of "$file")
  blob=$storage/blobs/sha256/${hash:0:2}/$hash
  mkdir -p "$blob"
  mv "$file" "$blob/data"
  chmod 644 "$blob/data"
  put_link "$storage/repositories/$repository/_layers/sha256/$hash/link" "$hash"
  echo "$hash"
}

blob_size() { stat -c %s "$1/docker/registry/v2/blobs/sha256/${2:0:2}/$2/data"; }

# The tar archive of a root file system, the same for the same files: no owner, no date, one order.
pack() { tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -cf "$2" .; }

# descriptor TYPE HASH SIZE
descriptor() { printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$1" "$2" "$3"; }

# put_image REGISTRY REPOSITORY:TAG CONFIG ROOT...: one layer for each ROOT folder. CONFIG holds the JSON members of the
# image's "config" besides Env, such as '"Entrypoint":["/x"]'.
put_image() {
  local registry=$1 repository=${2%:*} tag=${2##*:} config=$3 root scratch layers='' diffs='' hash
  shift 3
  scratch=$(mktemp -d)
  for root in "$@"; do
    pack "$root" "$scratch/layer.tar"
    diffs+="${diffs:+,}\"sha256:$(hash_of "$scratch/layer.tar")\""
    zstd -q -6 -T0 --rm "$scratch/layer.tar" -o "$scratch/layer"
    hash=$(put_blob "$registry" "$repository" "$scratch/layer")
    layers+="${layers:+,}$(descriptor "$LAYER_TYPE" "$hash" "$(blob_size "$registry" "$hash")")"
  done
  printf '{"created":"1970-01-01T00:00:00Z","architecture":"%s","os":"linux","config":{"Env":["%s"],%s},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$(go env GOARCH)" PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$config" "$diffs" >"$scratch/config"
  hash=$(put_blob "$registry" "$repository" "$scratch/config")
  printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
    "$MANIFEST_TYPE" "$(descriptor "$CONFIG_TYPE" "$hash" "$(blob_size "$registry" "$hash")")" "$layers" >"$scratch/manifest"
  put_manifest "$registry" "$repository" "$tag" "$scratch/manifest"
  rm -rf "$scratch"
}

# put_manifest REGISTRY REPOSITORY TAG FILE: a manifest is a blob that is known as a revision and by its tag.
put_manifest() {
  local registry=$1 repository=$2 tag=$3 file=$4 hash manifests=$1/docker/registry/v2/repositories/$2/_manifests
  hash=$(hash_of "$file")
  mkdir -p "$registry/docker/registry/v2/blobs/sha256/${hash:0:2}/$hash"
  install -m 644 "$file" "$registry/docker/registry/v2/blobs/sha256/${hash:0:2}/$hash/data"
  put_link "$manifests/revisions/sha256/$hash/link" "$hash"
  put_link "$manifests/tags/$tag/current/link" "$hash"
  put_link "$manifests/tags/$tag/index/sha256/$hash/link" "$hash"
}
