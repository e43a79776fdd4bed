import { stateDir } from '../host-paths';
import { staticPods } from './static-pods';

/** Snapshots of etcd on a control plane. */
export const snapshotDir = `${stateDir}/snapshots`;
const pki = '/etc/kubernetes/pki/etcd';
/** What a restore puts aside on a host, etcd's tools with it. One place for all of them: a second try finds what the first one left. */
export const restoreDir = `${stateDir}/restore`;

/**
 * Bash: `tool NAME FOLDER` puts etcdctl or etcdutl of this cluster's etcd into FOLDER. From the container that runs, or else
 * from its image: a cluster whose quorum is lost has no etcd that answers, and hosts have no etcdctl of their own.
 */
export const tools = `${staticPods}
export ETCDCTL_API=3
tool() {
  local name=$1 folder=$2 pid image id manifest mount one
  [ ! -x "$folder/$name" ] || return 0
  for pid in $(pids etcd); do
    if [ -x "/proc/$pid/root/usr/local/bin/$name" ]; then install -m 700 "/proc/$pid/root/usr/local/bin/$name" "$folder/$name" && return 0; fi
  done
  for manifest in "$manifests/etcd.yaml" ${restoreDir}/etcd.yaml; do
    [ -f "$manifest" ] || continue
    image=$(sed -n 's/^ *image: *//p' "$manifest" | tail -n 1)
    # A path is mounted once only: containerd remembers it after it was unmounted. So all tools come with one mount.
    if command -v ctr >/dev/null 2>&1 && mount=$(mktemp -d "$folder/image.XXXXXX") && ctr -n k8s.io images mount "$image" "$mount" >/dev/null 2>&1; then
      for one in etcdctl etcdutl; do
        [ ! -x "$mount/usr/local/bin/$one" ] || [ -x "$folder/$one" ] || install -m 700 "$mount/usr/local/bin/$one" "$folder/$one"
      done
      ctr -n k8s.io images unmount --rm "$mount" >/dev/null 2>&1
      rmdir "$mount" 2>/dev/null
    elif command -v docker >/dev/null 2>&1 && id=$(docker create "$image" 2>/dev/null); then
      docker cp "$id:/usr/local/bin/$name" "$folder/$name" >/dev/null 2>&1
      docker rm "$id" >/dev/null
    fi
    [ ! -x "$folder/$name" ] || return 0
  done
  return 1
}
local_etcd() { "$1/etcdctl" --endpoints=https://127.0.0.1:2379 --cacert=${pki}/ca.crt --cert=${pki}/server.crt --key=${pki}/server.key "\${@:2}"; }
# From 3.6 on only etcdutl knows snapshots, before 3.5 only etcdctl.
snapshots_by() { if tool etcdutl "$1"; then echo "$1/etcdutl"; elif tool etcdctl "$1"; then echo "$1/etcdctl"; else echo 'neither etcdutl nor etcdctl is in the image of etcd' >&2; return 1; fi; }
describe() { # FOLDER FILE
  local by; by=$(snapshots_by "$1") || return 1
  echo "status=$("$by" snapshot status "$2" -w json 2>/dev/null)"
  echo "sha256=$(sha256sum <"$2" | cut -d ' ' -f 1)"
  echo "bytes=$(stat -c %s "$2")"
}
`;
