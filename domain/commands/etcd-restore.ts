import { type Command, quote } from '../command';
import { listOf, objectOf, readJson, text } from '../form';
import { restoreDir, snapshotDir, tools } from './etcd-tools';

const dataDir = '/var/lib/etcd';

/** How this host's member is called in its cluster. */
export interface OwnMember {
  readonly name: string;
  /** e.g. `https://10.0.0.1:2380`. */
  readonly peer: string;
}

/** The member as its manifest has it, whether it runs or was stopped for a restore. */
export const readMember: Command<OwnMember> = {
  title: 'read the member of etcd',
  script: `for file in /etc/kubernetes/manifests/etcd.yaml ${restoreDir}/etcd.yaml; do
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

/** Bash: etcd's tools lie beside what is put aside. */
const holdTools = `umask 077
mkdir -p ${restoreDir}/bin || exit 1
${tools}
snapshots_by ${restoreDir}/bin >/dev/null && tool etcdctl ${restoreDir}/bin || { echo 'etcd has no tools to restore with' >&2; exit 1; }`;

/** Keeps etcd's tools at hand, before anything is stopped: what is missing must be found as long as all runs. */
export const bringTools: Command = {
  title: "find etcd's tools",
  changes: true,
  timeoutMs: 120_000,
  script: holdTools,
};

/** Stops the control plane on this host: its manifests go aside, and its processes are gone. etcd's tool is kept for what follows. */
export const stopControlPlane: Command = {
  title: 'stop the control plane',
  changes: true,
  timeoutMs: 5 * 60_000,
  script: `${holdTools}
for name in ${pods.join(' ')}; do
  [ ! -e "$manifests/$name.yaml" ] || mv -fT "$manifests/$name.yaml" "${restoreDir}/$name.yaml" || exit 1
done
stopped ${pods.join(' ')}`,
};

/**
 * Makes this host's member anew from the snapshot, as a member of a new cluster. What it had stays beside it until the restore
 * is over. Revisions go on far above those that anybody has seen, so that no watcher takes old for new.
 */
export const restoreMember = (id: string, name: string, member: OwnMember, members: readonly OwnMember[]): Command => ({
  title: 'etcdutl snapshot restore',
  changes: true,
  timeoutMs: 30 * 60_000,
  script: `umask 077
cd ${restoreDir} || exit 1
[ "$(cat restored 2>/dev/null)" != ${quote(id)} ] || exit 0
${tools}
[ -z "$(pids etcd)" ] || { echo 'etcd still runs here' >&2; exit 1; }
by=$(snapshots_by ${restoreDir}/bin) || exit 1
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
  script: `rm -rf ${dataDir}/.keelson-new ${restoreDir}/restored
[ -e ${dataDir}/.keelson-before/member ] || exit 0
rm -rf ${dataDir}/member && mv -T ${dataDir}/.keelson-before/member ${dataDir}/member && rmdir ${dataDir}/.keelson-before`,
};

/** Starts etcd again on this host. */
export const startEtcd: Command = {
  title: 'start etcd',
  changes: true,
  script: `cd ${restoreDir} 2>/dev/null || exit 0
[ ! -e etcd.yaml ] || mv -fT etcd.yaml /etc/kubernetes/manifests/etcd.yaml`,
};

/** Whether this host's member answers, in a cluster that has a leader. */
export const etcdHealthy: Command<boolean> = {
  title: 'etcdctl endpoint health',
  script: `${tools}
mkdir -p ${restoreDir}/bin
tool etcdctl ${restoreDir}/bin && local_etcd ${restoreDir}/bin endpoint health >/dev/null 2>&1`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

const memberList = objectOf({}, { members: listOf(objectOf({}, { name: text })) });

/** The names of the members, asked through this host's own. */
export const listMembers: Command<string[]> = {
  title: 'etcdctl member list',
  script: `${tools}
mkdir -p ${restoreDir}/bin
tool etcdctl ${restoreDir}/bin && local_etcd ${restoreDir}/bin member list -w json`,
  parse: ({ stdout }) => (readJson(stdout, memberList).members ?? []).map(({ name }) => name ?? '').sort(),
};

/** Starts the rest of the control plane on this host. */
export const startControlPlane: Command = {
  title: 'start the control plane',
  changes: true,
  script: `cd ${restoreDir} 2>/dev/null || exit 0
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
  title: "drop etcd's tools", changes: true, script: `[ -e ${restoreDir}/restored ] || ls ${restoreDir}/*.yaml >/dev/null 2>&1 || rm -rf ${restoreDir}`,
};

/** Drops what a restore has put aside, and the files that a person has brought for it: they are no snapshots of this host. */
export const forgetRestore: Command = {
  title: 'drop what the restore put aside',
  changes: true,
  script: `rm -rf ${restoreDir} ${dataDir}/.keelson-before ${dataDir}/.keelson-new
find ${snapshotDir} -maxdepth 1 -name '*.db' ! -name '[0-9][0-9][0-9][0-9]-*' -delete 2>/dev/null || true`,
};
