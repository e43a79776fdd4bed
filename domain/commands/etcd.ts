import { type Command, quote } from '../command';
import { ClusterError } from '../errors';
import { count, listOf, matching, objectOf, readJson, text } from '../form';
import { stateDir } from '../host-paths';
import { staticPods } from './static-pods';

/** Snapshots of etcd on a control plane. */
export const snapshotDir = `${stateDir}/snapshots`;
const pki = '/etc/kubernetes/pki/etcd';
const dataDir = '/var/lib/etcd';

/** What is known of a snapshot: of its content by etcd's own tool, of the file by its hash. */
export interface Snapshot {
  /** File name, e.g. `2026-11-30T01-36-13Z-task-3.db`. Names sort by time. */
  readonly name: string;
  /** Of the file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** etcd's hash over all keys, and how many; `revision` of the last change. */
  readonly hash: string;
  readonly revision: number;
  readonly keys: number;
}

/** A name that is a file and nothing else. */
export const isSnapshotName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.db$/.test(name);

/** The name of a snapshot that an operation takes now. */
export const snapshotName = (at: string, operation: string): string => `${at.replace(/\.\d+/, '').replaceAll(':', '-')}-${operation}.db`;

/** Whether the schedule has taken it. */
export const isScheduled = (name: string): boolean => name.endsWith('-scheduled.db');

/**
 * Bash: `tool NAME FOLDER` puts etcdctl or etcdutl of this cluster's etcd into FOLDER. From the container that runs, or else
 * from its image: a cluster whose quorum is lost has no etcd that answers, and hosts have no etcdctl of their own.
 */
const tools = `${staticPods}
export ETCDCTL_API=3
tool() {
  local name=$1 folder=$2 pid image id manifest mount one
  [ ! -x "$folder/$name" ] || return 0
  for pid in $(pids etcd); do
    if [ -x "/proc/$pid/root/usr/local/bin/$name" ]; then install -m 700 "/proc/$pid/root/usr/local/bin/$name" "$folder/$name" && return 0; fi
  done
  for manifest in "$manifests/etcd.yaml" ${stateDir}/restore/etcd.yaml; do
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

const scratch = `umask 077
mkdir -p ${stateDir} ${snapshotDir} && chmod 700 ${snapshotDir} || exit 1
work=$(mktemp -d ${stateDir}/etcd.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
`;

/** Takes a snapshot through this host's own member, unless it is there already. */
export const saveSnapshot = (name: string): Command<Snapshot> => ({
  title: 'etcdctl snapshot save',
  changes: true,
  timeoutMs: 15 * 60_000,
  script: `${scratch}${tools}
file=${snapshotDir}/${quote(name)}
if [ ! -s "$file" ]; then
  tool etcdctl "$work" || { echo 'there is no etcdctl in the image of etcd' >&2; exit 1; }
  local_etcd "$work" snapshot save "$work/new.db" >&2 || exit 1
  describe "$work" "$work/new.db" | grep -q '^status={' || { echo 'the snapshot cannot be read' >&2; exit 1; }
  mv -T "$work/new.db" "$file"
fi
describe "$work" "$file"`,
  parse: ({ stdout }) => readSnapshot(name, stdout),
});

/** Looks at a snapshot that lies on this host; undefined when it is not there. A file that is no snapshot is an error. */
export const lookAtSnapshot = (name: string): Command<Snapshot | undefined> => ({
  title: 'look at the snapshot',
  timeoutMs: 15 * 60_000,
  script: `${scratch}${tools}
file=${snapshotDir}/${quote(name)}
[ -s "$file" ] || exit 0
describe "$work" "$file"`,
  parse: ({ stdout }) => (stdout === '' ? undefined : readSnapshot(name, stdout)),
});

const described = objectOf({ hash: count, revision: count, totalKey: count });
const isSha256 = matching(/^[0-9a-f]{64}$/);

/** Reads the answer of `describe`. Throws InvalidSpec for a file that etcd's tool cannot make sense of, an Error for half an answer. */
export function readSnapshot(name: string, stdout: string): Snapshot {
  const said = new Map(stdout.trim().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const status = said.get('status') ?? '';
  if (!status.startsWith('{')) throw new ClusterError('InvalidSpec', `${name} is no snapshot of etcd, or it is damaged`, { todo: 'name another one' });
  const { hash, revision, totalKey } = readJson(status, described);
  const [sha256, bytes] = [said.get('sha256'), Number(said.get('bytes'))];
  if (!isSha256(sha256) || !count(bytes)) throw new Error('no hash or no size of the snapshot');
  return { name, sha256, bytes, hash: hash.toString(16), revision, keys: totalKey };
}

/** Takes a snapshot's file on stdin. It is there, with this hash, or nothing is. */
export const receiveSnapshot = (name: string, sha256: string): Command => ({
  title: 'receive the snapshot',
  changes: true,
  timeoutMs: 60 * 60_000,
  script: `umask 077
mkdir -p ${snapshotDir} && chmod 700 ${snapshotDir} && cd ${snapshotDir} || exit 1
part=.${quote(name)}.part
trap 'rm -f "$part"' EXIT
cat >"$part" || exit 1
[ "$(sha256sum <"$part" | cut -d ' ' -f 1)" = ${quote(sha256)} ] || { echo 'the snapshot arrived damaged' >&2; exit 1; }
mv -T "$part" ${quote(name)}`,
});

/** The hash of the snapshot's file on this host; empty when it is not there. */
export const hashSnapshot = (name: string): Command => ({
  title: 'hash the snapshot',
  timeoutMs: 15 * 60_000,
  script: `[ ! -s ${snapshotDir}/${quote(name)} ] || sha256sum <${snapshotDir}/${quote(name)} | cut -d ' ' -f 1`,
  parse: ({ stdout }) => {
    const hash = stdout.trim();
    if (hash !== '' && !isSha256(hash)) throw new Error('no hash of a file');
    return hash;
  },
});

/** Takes a snapshot away from this host. */
export const removeSnapshot = (name: string): Command => ({
  title: 'remove the snapshot', changes: true, script: `rm -f ${snapshotDir}/${quote(name)}`,
});

/** The snapshot's bytes on stdout. */
export const sendSnapshot = (name: string): Command => ({
  title: 'send the snapshot', timeoutMs: 60 * 60_000, script: `exec cat ${snapshotDir}/${quote(name)}`,
});

/** Keeps the newest snapshots only, of the schedule's so many and of all others so many; names sort by time. */
export const pruneSnapshots = (keep: number): Command => ({
  title: 'drop old snapshots',
  changes: true,
  script: `cd ${snapshotDir} 2>/dev/null || exit 0
for which in '' -v; do
  ls -1 | grep '^[0-9]\\{4\\}-.*\\.db$' | grep $which -e '-scheduled\\.db$' | sort | head -n -${keep} | while IFS= read -r name; do rm -f -- "$name"; done
done`,
});

/** How this host's member is called in its cluster. */
export interface EtcdMember {
  readonly name: string;
  /** e.g. `https://10.0.0.1:2380`. */
  readonly peer: string;
}

/** What a restore puts aside on a host. One place for all of them: a second try finds what the first one left. */
const aside = `${stateDir}/restore`;

/** The member as its manifest has it, whether it runs or was stopped for a restore. */
export const readMember: Command<EtcdMember> = {
  title: 'read the member of etcd',
  script: `for file in /etc/kubernetes/manifests/etcd.yaml ${aside}/etcd.yaml; do
  [ -f "$file" ] || continue
  for flag in name initial-advertise-peer-urls; do sed -n "s/^ *- --$flag=//p" "$file" | head -n 1; done
  exit 0
done
echo 'no etcd of kubeadm is on this host' >&2
exit 1`,
  parse: ({ stdout }) => {
    const [name = '', peer = ''] = stdout.trim().split('\n');
    // Both stand in the command that makes the member anew.
    if (!/^\S+$/.test(name) || !/^https?:\/\/\S+$/.test(peer)) throw new Error('no name or no peer URL of the member');
    return { name, peer };
  },
};

const pods = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'] as const;

/** Keeps etcd's tools at hand, before anything is stopped: what is missing must be found as long as all runs. */
export const bringTools: Command = {
  title: "find etcd's tools",
  changes: true,
  timeoutMs: 120_000,
  script: `umask 077
mkdir -p ${aside}/bin || exit 1
${tools}
snapshots_by ${aside}/bin >/dev/null && tool etcdctl ${aside}/bin || { echo 'etcd has no tools to restore with' >&2; exit 1; }`,
};

/** Stops the control plane on this host: its manifests go aside, and its processes are gone. etcd's tool is kept for what follows. */
export const stopControlPlane: Command = {
  title: 'stop the control plane',
  changes: true,
  timeoutMs: 5 * 60_000,
  script: `umask 077
mkdir -p ${aside}/bin || exit 1
${tools}
snapshots_by ${aside}/bin >/dev/null && tool etcdctl ${aside}/bin || { echo 'etcd has no tools to restore with' >&2; exit 1; }
for name in ${pods.join(' ')}; do
  [ ! -e "$manifests/$name.yaml" ] || mv -fT "$manifests/$name.yaml" "${aside}/$name.yaml" || exit 1
done
stopped ${pods.join(' ')}`,
};

/**
 * Makes this host's member anew from the snapshot, as a member of a new cluster. What it had stays beside it until the restore
 * is over. Revisions go on far above those that anybody has seen, so that no watcher takes old for new.
 */
export const restoreMember = (id: string, name: string, member: EtcdMember, members: readonly EtcdMember[]): Command => ({
  title: 'etcdutl snapshot restore',
  changes: true,
  timeoutMs: 30 * 60_000,
  script: `umask 077
cd ${aside} || exit 1
[ "$(cat restored 2>/dev/null)" != ${quote(id)} ] || exit 0
${tools}
[ -z "$(pids etcd)" ] || { echo 'etcd still runs here' >&2; exit 1; }
by=$(snapshots_by ${aside}/bin) || exit 1
new=${dataDir}/.keelson-new before=${dataDir}/.keelson-before
rm -rf "$new"
bump=
if "$by" snapshot restore --help 2>&1 | grep -q -e --bump-revision; then bump='--bump-revision 1000000000 --mark-compacted'; fi
"$by" snapshot restore ${snapshotDir}/${quote(name)} --data-dir "$new" --name ${quote(member.name)} $bump \\
  --initial-advertise-peer-urls ${quote(member.peer)} --initial-cluster-token ${quote(`keelson-${id}`)} \\
  --initial-cluster ${quote(members.map((one) => `${one.name}=${one.peer}`).join(','))} 2>&1 || exit 1
[ -d "$new/member" ] || { echo 'etcdutl made no member' >&2; exit 1; }
mkdir -p "$before" || exit 1
if [ -e ${dataDir}/member ]; then
  # A try that was cut off between the two renames has put the first one aside already.
  if [ -e "$before/member" ]; then rm -rf ${dataDir}/member; else mv -T ${dataDir}/member "$before/member"; fi || exit 1
fi
mv -T "$new/member" ${dataDir}/member || exit 1
rm -rf "$new"
echo ${quote(id)} >restored`,
});

/** Gives this host's member back what it had before the restore. */
export const undoRestore: Command = {
  title: 'take the restore back',
  changes: true,
  script: `rm -rf ${dataDir}/.keelson-new ${aside}/restored
[ -e ${dataDir}/.keelson-before/member ] || exit 0
rm -rf ${dataDir}/member && mv -T ${dataDir}/.keelson-before/member ${dataDir}/member && rmdir ${dataDir}/.keelson-before`,
};

/** Starts etcd again on this host. */
export const startEtcd: Command = {
  title: 'start etcd',
  changes: true,
  script: `cd ${aside} 2>/dev/null || exit 0
[ ! -e etcd.yaml ] || mv -fT etcd.yaml /etc/kubernetes/manifests/etcd.yaml`,
};

/** Whether this host's member answers, in a cluster that has a leader. */
export const etcdHealthy: Command<boolean> = {
  title: 'etcdctl endpoint health',
  script: `${tools}
mkdir -p ${aside}/bin
tool etcdctl ${aside}/bin && local_etcd ${aside}/bin endpoint health >/dev/null 2>&1`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

const memberList = objectOf({}, { members: listOf(objectOf({}, { name: text })) });

/** The names of the members, asked through this host's own. */
export const listMembers: Command<string[]> = {
  title: 'etcdctl member list',
  script: `${tools}
mkdir -p ${aside}/bin
tool etcdctl ${aside}/bin && local_etcd ${aside}/bin member list -w json`,
  parse: ({ stdout }) => (readJson(stdout, memberList).members ?? []).map(({ name }) => name ?? '').sort(),
};

/** Starts the rest of the control plane on this host. */
export const startControlPlane: Command = {
  title: 'start the control plane',
  changes: true,
  script: `cd ${aside} 2>/dev/null || exit 0
for name in ${pods.join(' ')}; do
  [ ! -e "$name.yaml" ] || mv -fT "$name.yaml" "/etc/kubernetes/manifests/$name.yaml" || exit 1
done`,
};

/** Whether the API server of this very host is ready. */
export const ownApiReady: Command<boolean> = {
  title: 'ask the API server of the host',
  script: 'kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://127.0.0.1:6443 --tls-server-name kubernetes --request-timeout=5s get --raw=/readyz',
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

/** Drops the tools where no restore is under way: after an upgrade they would be the former version's. */
export const forgetTools: Command = {
  title: "drop etcd's tools", changes: true, script: `[ -e ${aside}/restored ] || ls ${aside}/*.yaml >/dev/null 2>&1 || rm -rf ${aside}`,
};

/** Drops what a restore has put aside, and the files that a person has brought for it: they are no snapshots of this host. */
export const forgetRestore: Command = {
  title: 'drop what the restore put aside',
  changes: true,
  script: `rm -rf ${aside} ${dataDir}/.keelson-before ${dataDir}/.keelson-new
find ${snapshotDir} -maxdepth 1 -name '*.db' ! -name '[0-9][0-9][0-9][0-9]-*' -delete 2>/dev/null || true`,
};
