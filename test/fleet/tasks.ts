import { mkdirSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { snapshotDir } from '../../domain/commands/etcd-tools';
import type { CopyInput, ExecInput, HostResult, HostsWork } from '../../domain/on-hosts';
import type { Task } from '../../domain/tasks';
import { readFileTree } from '../../home/file-tree';
import type { FleetHost } from '../../testing';
import { entityId, taskQueue, taskUpdate } from '../../workflows/messages';
import { converged, type Operation, whole } from './operations';
import type { Made, Stand } from './stand';

const snapshot = 'before.db';

type Ended = Awaited<ReturnType<Operation['run']>>;

/** Asks for a task as a person does, and waits for its end and for the rest after it. */
export async function runTask({ cluster }: Made, task: Task): Promise<Ended> {
  const requestId = randomUUID();
  const { operation } = await cluster.entity.executeUpdate(taskUpdate, { args: [{ requestId, by: 'ana@laptop', task }], updateId: requestId });
  const ended = await cluster.end(operation);
  await cluster.idle();
  return ended;
}

const prepared = (made: Made): Promise<void> => converged(made, made.spec);
const lacking = (hosts: readonly FleetHost[], path: string): string[] => hosts.filter(({ host }) => !host.files.has(path)).map(({ host }) => `${host.address} has no ${path}`);
const having = (hosts: readonly FleetHost[], path: string): string[] => hosts.filter(({ host }) => host.files.has(path)).map(({ host }) => `${host.address} still has ${path}`);

/** What is done to a living cluster without changing what is wanted of it. */
const tasks: readonly Operation[] = [
  {
    name: 'etcd save', controlPlanes: 2, workers: 1, prepare: prepared,
    // The same name once more is the same snapshot: a second try finds it.
    run: (made) => runTask(made, { kind: 'etcd-save', snapshot }),
    // A copy that cannot be made is told, and the snapshot is there all the same.
    check: (made) => [...whole(made), ...(made.controlPlanes.some(({ host }) => host.files.has(`${snapshotDir}/${snapshot}`)) ? [] : ['there is no snapshot'])],
  },
  {
    name: 'etcd restore', controlPlanes: 2, workers: 1,
    prepare: async (made) => {
      await prepared(made);
      const { outcome, message } = await runTask(made, { kind: 'etcd-save', snapshot });
      if (outcome !== 'Success') throw new Error(`there is no snapshot to restore: ${message}`);
      // It has to be brought to one of them.
      made.controlPlanes[1]!.host.files.remove(`${snapshotDir}/${snapshot}`);
    },
    run: (made) => runTask(made, { kind: 'etcd-restore', snapshot }),
    check: (made) => [...whole(made), ...having(made.hosts, '/var/lib/keelson/restore'), ...having(made.hosts, '/var/lib/etcd/.keelson-before')],
  },
  { name: 'cert, more names', controlPlanes: 2, workers: 1, prepare: prepared, run: (made) => runTask(made, { kind: 'cert-sans', names: ['api.example.com'] }), check: whole },
  { name: 'cert --renew', controlPlanes: 2, workers: 1, prepare: prepared, run: (made) => runTask(made, { kind: 'cert-renew' }), check: whole },
];

/** What a person does on its hosts, beside its operations: the tasks above, and commands and copies through this stand. */
export const handsOn = ({ client, dir }: Stand): readonly Operation[] => {
  const source = join(dir, 'source');
  const destination = '/opt/copied';
  const work = async ({ cluster, spec }: Made): Promise<HostsWork> => {
    const { uid, hostKeys } = await cluster.view();
    return { cluster: cluster.name, uid, operation: `hands-${randomUUID().slice(0, 8)}`, hosts: spec.hosts, credentials: spec.credentials, hostKeys, strictHostKeys: false };
  };
  const ends = async <I extends HostsWork>(workflow: 'execCommand' | 'copyFiles', input: I): Promise<Ended> => {
    const results = await client.workflow.execute<(input: I) => Promise<HostResult[]>>(workflow, { workflowId: `${entityId(input.cluster)}/${input.operation}`, taskQueue, args: [input] });
    const problems = results.flatMap(({ host, code, problem }) => (code === 0 && !problem ? [] : [`${host}: ${problem?.type} ${problem?.message}`]));
    return { outcome: problems.length === 0 ? 'Success' : 'Failed', message: problems.join('; ') };
  };
  const copy = async (made: Made, from: string): Promise<Ended> => {
    const { digest } = await readFileTree(from);
    return ends<CopyInput>('copyFiles', { ...await work(made), source: from, destination, digest });
  };
  mkdirSync(join(source, 'below'), { recursive: true });
  for (const name of ['one', 'below/two']) writeFileSync(join(source, name), name);
  return [
    ...tasks,
    { name: 'exec', controlPlanes: 1, workers: 1, prepare: prepared, run: async (made) => ends<ExecInput>('execCommand', { ...await work(made), command: 'uptime' as ExecInput['command'], timeoutMs: 60_000 }), check: whole },
    {
      name: 'scp of a folder', controlPlanes: 1, workers: 1, prepare: prepared, run: (made) => copy(made, source),
      check: (made) => [...whole(made), ...lacking(made.hosts, `${destination}/below/two`), ...having(made.hosts, `${destination}/.staging`)],
    },
    { name: 'scp of a file', controlPlanes: 1, workers: 1, prepare: prepared, run: (made) => copy(made, join(source, 'one')), check: (made) => [...whole(made), ...lacking(made.hosts, destination), ...having(made.hosts, '/opt/.staging')] },
  ];
};
