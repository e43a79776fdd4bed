import {
  bringTools, etcdHealthy, forgetRestore, forgetTools, listMembers, type OwnMember, readMember, restoreMember, startControlPlane, startEtcd, stopControlPlane, undoRestore,
} from '../../domain/commands/etcd-restore';
import { snapshotDir } from '../../domain/commands/etcd-tools';
import { stateDir } from '../../domain/host-paths';
import type { Host } from '../host';
import { exactly, rendered } from '../pattern';
import { nodesWord } from './etcd';
import { type Answer, type Call, fail, lines, type Simulation } from '../simulation';
import { manifestsDir, podNames } from '../static-pods';

const aside = `${stateDir}/restore`;
const member = '/var/lib/etcd/member';
const before = '/var/lib/etcd/.keelson-before';

const tools = ({ files }: Host): void => { for (const name of ['etcdctl', 'etcdutl']) files.write(`${aside}/bin/${name}`, name, 0o700); };

function move({ files }: Host, from: string, to: string, names: readonly string[]): void {
  for (const name of names) if (files.has(`${from}/${name}.yaml`)) files.move(`${from}/${name}.yaml`, `${to}/${name}.yaml`);
}

/** The member is the snapshot's from now on; what was there stays beside it until somebody says otherwise. */
function restore(host: Host, { args: [id = '', snapshot = ''] }: Call): Answer | undefined {
  const { files } = host;
  if (files.text(`${aside}/restored`) === id) return undefined;
  if (files.has(`${manifestsDir}/etcd.yaml`)) return fail('etcd still runs here');
  if (!files.has(`${aside}/bin/etcdutl`)) return fail('neither etcdutl nor etcdctl is in the image of etcd');
  const content = files.text(`${snapshotDir}/${snapshot}`);
  if (content === undefined) return fail(`open ${snapshotDir}/${snapshot}: no such file or directory`);
  host.did('etcdutl snapshot restore', [snapshot]);
  bringNodes(host, content);
  if (files.has(`${before}/member`)) files.remove(member);
  else files.move(member, `${before}/member`);
  files.write(`${member}/snap/db`, content, 0o600);
  files.write(`${aside}/restored`, id, 0o600);
  return undefined;
}

/** The API knows the Nodes of then; where the snapshot does not say, those of now. */
function bringNodes({ kubernetes }: Host, content: string): void {
  const [, nodes] = content.split(nodesWord);
  for (const name of nodes === undefined ? [] : kubernetes?.nodes.keys() ?? []) if (!nodes!.trim().split(' ').includes(name)) kubernetes?.nodes.delete(name);
}

function undo({ files }: Host): void {
  files.remove(`${aside}/restored`);
  if (!files.has(`${before}/member`)) return;
  files.remove(member);
  files.move(`${before}/member`, member);
}

const runsEtcd = (host: Host): boolean => host.isActive('kubelet') && host.files.has(`${manifestsDir}/etcd.yaml`) && host.kubernetes?.hasQuorum() === true;

/** Arguments of restoreMember() as they stand in its script. */
function readRestore(script: string): [string, string, OwnMember, OwnMember[]] | undefined {
  const found = (pattern: RegExp): string => pattern.exec(script)?.[1] ?? '';
  const all = found(/--initial-cluster '(.*)' 2>&1/).split(',').map((one): OwnMember => ({ name: one.slice(0, one.indexOf('=')), peer: one.slice(one.indexOf('=') + 1) }));
  const id = found(/2>\/dev\/null\)" != '(.*)' \] \|\| exit 0/);
  if (id === '') return undefined;
  return [id, found(/snapshots\/'(.*)' --data-dir/), { name: found(/--name '([^']*)'/), peer: found(/--initial-advertise-peer-urls '([^']*)'/) }, all];
}

/** A restore of etcd, host by host. Of what the cluster's API knew only Nodes are simulated. */
export const etcdRestore: readonly Simulation[] = [
  { name: 'find the tools of etcd', reads: exactly(bringTools.script), act: tools },
  {
    name: 'read the member of etcd', reads: exactly(readMember.script),
    act: ({ files, nodeName, address }) => ([manifestsDir, aside].some((dir) => files.has(`${dir}/etcd.yaml`)) ? lines([nodeName, `https://${address}:2380`]) : fail('no etcd of kubeadm is on this host')),
  },
  { name: 'stop the control plane', reads: exactly(stopControlPlane.script), act: (host) => { tools(host); move(host, manifestsDir, aside, podNames); } },
  {
    name: 'etcdutl snapshot restore', act: restore,
    reads: rendered((id: string, name: string, own: OwnMember, all: readonly OwnMember[]) => restoreMember(id, name, own, all).script, readRestore, (id, name, own) => [id, name, own.name]),
  },
  { name: 'take the restore back', reads: exactly(undoRestore.script), act: undo },
  { name: 'start etcd', reads: exactly(startEtcd.script), act: (host) => move(host, aside, manifestsDir, ['etcd']) },
  { name: 'start the control plane', reads: exactly(startControlPlane.script), act: (host) => move(host, aside, manifestsDir, podNames) },
  { name: 'etcdctl endpoint health', reads: exactly(etcdHealthy.script), act: (host) => ({ code: runsEtcd(host) ? 0 : 1 }) },
  {
    name: 'etcdctl member list, the own one', reads: exactly(listMembers.script),
    act: (host) => (runsEtcd(host) ? { stdout: JSON.stringify({ members: [...host.kubernetes?.members.keys() ?? []].map((name) => ({ name })) }) } : fail('context deadline exceeded')),
  },
  { name: 'drop the tools of etcd', reads: exactly(forgetTools.script), act: ({ files }) => { if (!files.below(aside).some((path) => path === `${aside}/restored` || path.endsWith('.yaml'))) files.remove(aside); } },
  {
    name: 'drop what the restore put aside', reads: exactly(forgetRestore.script),
    act: ({ files }) => {
      for (const path of [aside, before, ...files.below(snapshotDir).filter((one) => !/\/\d{4}-[^/]*$/.test(one))]) files.remove(path);
    },
  },
];
