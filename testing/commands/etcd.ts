import { createHash } from 'node:crypto';
import { hashSnapshot, isScheduled, lookAtSnapshot, pruneSnapshots, receiveSnapshot, removeSnapshot, saveSnapshot, sendSnapshot } from '../../domain/commands/etcd-snapshots';
import { snapshotDir } from '../../domain/commands/etcd-tools';
import type { Host } from '../host';
import { like, rendered } from '../pattern';
import { type Answer, fail, type Simulation } from '../simulation';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const fileOf = (name: string): string => `${snapshotDir}/${name}`;

/** What of the API a snapshot has: the names of its Nodes. */
export const nodesWord = 'Nodes: ';

/** What etcd's tool says of a snapshot that lies there. */
function described({ files }: Host, name: string): Answer {
  const text = files.text(fileOf(name)) ?? '';
  return { stdout: `status={"hash":1,"revision":${text.length},"totalKey":3,"totalSize":${text.length},"version":"3.6.0"}\nsha256=${sha256(text)}\nbytes=${text.length}\n` };
}

/** Snapshots of etcd. */
export const etcd: readonly Simulation[] = [
  {
    name: 'etcdctl snapshot save', reads: like((name) => saveSnapshot(name!).script, 'sample-snapshot'),
    act: (host, { args: [name = ''] }) => {
      const { kubernetes } = host;
      if (!kubernetes || ![...kubernetes.members.values()].includes(host)) return fail('there is no etcdctl in the image of etcd');
      if (!host.files.has(fileOf(name))) host.files.write(fileOf(name), `the content of ${name}\n${nodesWord}${[...kubernetes.nodes.keys()].join(' ')}\n`, 0o600);
      return described(host, name);
    },
  },
  { name: 'look at the snapshot', reads: like((name) => lookAtSnapshot(name!).script, 'sample-snapshot'), act: (host, { args: [name = ''] }) => (host.files.has(fileOf(name)) ? described(host, name) : undefined) },
  { name: 'hash the snapshot', reads: like((name) => hashSnapshot(name!).script, 'sample-snapshot'), act: ({ files }, { args: [name = ''] }) => (files.has(fileOf(name)) ? { stdout: `${sha256(files.text(fileOf(name)) ?? '')}\n` } : undefined) },
  { name: 'send the snapshot', reads: like((name) => sendSnapshot(name!).script, 'sample-snapshot'), act: ({ files }, { args: [name = ''] }) => ({ stdout: files.text(fileOf(name)) ?? '' }) },
  { name: 'remove the snapshot', reads: like((name) => removeSnapshot(name!).script, 'sample-snapshot'), act: ({ files }, { args: [name = ''] }) => { files.remove(fileOf(name)); } },
  {
    name: 'receive the snapshot', reads: like((name, hash) => receiveSnapshot(name!, hash!).script, 'sample-snapshot', 'sample-hash'),
    act: ({ files }, { args: [name = '', hash = ''], stdin }) => {
      if (sha256(stdin.toString('utf8')) !== hash) return fail('the snapshot arrived damaged');
      files.write(fileOf(name), stdin, 0o600);
      return undefined;
    },
  },
  {
    name: 'drop old snapshots', reads: rendered((keep: number) => pruneSnapshots(keep).script, (script): [number] => [Number(/head -n -(\d+)/.exec(script)?.[1] ?? 0)], (keep) => [`${keep}`]),
    act: ({ files }, { args: [keep = '0'] }) => {
      const dated = files.below(snapshotDir).filter((path) => /\/\d{4}-[^/]*\.db$/.test(path)).sort();
      for (const scheduled of [true, false]) {
        for (const path of dated.filter((one) => isScheduled(one) === scheduled).slice(0, -Number(keep))) files.remove(path);
      }
    },
  },
];
