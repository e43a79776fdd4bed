import { quote } from '../../command';
import { stateDir } from '../../host-paths';

/** Names of packet filter chains that Kubernetes and its pod networks make, as an extended regular expression. */
export const chains = '(KUBE-|CNI-|FLANNEL-|cali-|CILIUM_|OLD_CILIUM_|WEAVE-)';

/** nft tables that are theirs as a whole. */
export const tables = '(kube-proxy|kube-network-policies|flannel-ipv[46]|cni_hostport|cni_plugins_masquerade)';

/** Interfaces that they make, as an extended regular expression for the whole name. */
export const interfaces = '(cni0|flannel\\.[0-9]+|flannel-v6\\.[0-9]+|flannel-wg(-v6)?|kube-ipvs0|nodelocaldns|kube-bridge|vxlan\\.calico|vxlan-v6\\.calico|wireguard\\.cali|cali[0-9a-f]{11}|cilium_(host|net|vxlan)|weave)';

/** Below these, mounts are those of pods and of their containers. Another runtime's containers have other folders. */
const mountRoots = [
  '/var/lib/kubelet/', '/run/containerd/io.containerd.runtime.v2.task/k8s.io/', '/run/containerd/io.containerd.grpc.v1.cri/', '/run/netns/cni-',
] as const;

/** Folders where whatever came with the cluster goes. Entries that are older than our claim stay: others may use these, too. */
export const folders = [
  '/etc/kubernetes', '/var/lib/kubelet', '/var/log/pods', '/var/log/containers', '/var/log/kubernetes', '/usr/libexec/kubernetes', '/var/lib/cni', '/etc/cni', '/opt/cni',
  '/run/flannel', '/var/lib/calico', '/run/calico', '/var/log/calico', '/var/lib/weave', '/run/cilium',
] as const;
/** Only where it was ours: a worker may serve an etcd of its own. */
const etcdData = '/var/lib/etcd';

/** The folders of a host by its role. */
export const foldersOf = (controlPlane: boolean): string[] => [...folders, ...(controlPlane ? [etcdData] : [])];

/**
 * Bash functions that several scripts need. `since` is the second at which the host became ours, with some slack for a
 * clock that was put right afterwards. The time of a file's last change (ctime) cannot be set by anybody, so it tells what is
 * older.
 */
export const shared = `
export LC_ALL=C
shopt -s nullglob
has() { command -v "$1" >/dev/null 2>&1; }
pause() { read -r -t "$1" <> <(:); }
since=0
[ ! -e ${stateDir}/claim.json ] || since=$(($(stat -c %Y ${stateDir}/claim.json) - 60))

# new_files FOLDER ACTION...: what in it has changed since, folders left aside.
new_files() { local folder=$1; shift; find "$folder" -mindepth 1 -xdev ! -type d -newerct "@$since" "$@"; }
# new_folders FOLDER: folders in it that were born since, the deepest first, NUL after each. A file that is removed makes an old
# folder look changed, so their birth counts; where the file system does not know it (0), they count as new.
new_folders() {
  local born name
  find "$1" -mindepth 1 -xdev -depth -type d -exec stat --printf '%W %n\\0' {} + | while IFS=' ' read -r -d '' born name; do
    [ "$born" != 0 ] && [ "$born" != '?' ] && [ "$born" -lt "$since" ] || printf '%s\\0' "$name"
  done
}
is_mounted() { awk -v on="$1" '$5 == on { found = 1 } END { exit !found }' /proc/self/mountinfo; }
is_new() { local born; born=$(stat -c %W "$1") && [ "$born" != '?' ] && [ "$born" -ge "$since" ]; }
# What is mounted below the roots of pods, the deepest first, as the kernel writes it.
pod_mounts() {
  awk '${mountRoots.map((root) => `index($5, "${root}") == 1`).join(' || ')} { print $5 }' /proc/self/mountinfo | sort -r
}
plain() { printf %b "\${1//\\\\/\\\\0}"; }

# Mounts of the kubelet's folder onto itself: same file system and same folder as what lies below.
self_mounts() {
  awk -v on=/var/lib/kubelet '
    { device[$1] = $3; root[$1] = $4; point[$1] = $5; parent[$1] = $2 }
    END {
      for (id in point) {
        if (point[id] != on || !(parent[id] in point)) continue
        up = parent[id]; below = root[up]; if (below == "/") below = ""
        rest = substr(on, length(point[up]) + (point[up] == "/" ? 0 : 1))
        if (device[id] == device[up] && root[id] == below rest) count++
      }
      print count + 0
    }' /proc/self/mountinfo
}

# Processes in the cgroups of pods. Not asked for where the host itself lives in one: all would be.
pod_processes() {
  local file
  ! grep -qs /kubepods /proc/1/cgroup || return 0
  for file in $(grep -ls /kubepods /proc/[0-9]*/cgroup); do file=\${file#/proc/}; echo "\${file%/cgroup}"; done
}
# The runtime's keepers of our containers. Docker's and others' have another namespace.
shims() {
  local file words
  for file in /proc/[0-9]*/cmdline; do
    mapfile -d '' -t words 2>/dev/null <"$file" || continue
    [[ \${words[0]##*/} == containerd-shim* && " \${words[*]} " == *' -namespace k8s.io '* ]] || continue
    file=\${file#/proc/}
    echo "\${file%/cmdline}"
  done
} 2>/dev/null
`;

/** Finds nft on the host or in the image's files. */
export const findNft = (rootfs: string): string => `nft=$(command -v nft) || { nft=${quote(`${rootfs}/opt/nft`)}; [ -x "$nft" ] || nft=; }`;

/**
 * Calls `visit FAMILY KIND SAVE RESTORE` for every variant of iptables on the host; `saved` prints its rules. The legacy
 * one is asked only for tables that are loaded: the question itself would load them.
 */
export const xtables = `
saved() {
  local table names=/proc/net/ip_tables_names
  if [ "$2" = nft ]; then "$3" 2>/dev/null; return; fi
  [ "$1" = ip ] || names=/proc/net/ip6_tables_names
  [ -r "$names" ] || return 0
  for table in $(cat "$names"); do "$3" -t "$table" 2>/dev/null; done
}
every_variant() {
  local name family kind
  for name in iptables ip6tables; do
    family=ip; [ "$name" = iptables ] || family=ip6
    if has $name-nft-save || has $name-legacy-save; then
      for kind in nft legacy; do ! has $name-$kind-save || visit $family $kind $name-$kind-save $name-$kind-restore; done
    elif has $name-save; then
      kind=legacy; [[ $($name --version 2>/dev/null) != *nf_tables* ]] || kind=nft
      visit $family $kind $name-save $name-restore
    fi
  done
}
`;
