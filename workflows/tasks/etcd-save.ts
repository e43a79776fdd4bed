import { ApplicationFailure } from '@temporalio/workflow';
import { isSnapshotName, type Snapshot, snapshotName } from '../../domain/commands/etcd-snapshots';
import { whereOf } from '../../domain/where';
import type { OperationInput } from '../operation';
import type { AtTask, RunTask } from '../run-task';
import { attempt, controlPlaneTargets, onAll, problemsOf } from './on-hosts';

/** Of whose etcd, and by which verbs. */
export type AtCluster = Omit<AtTask, 'input'> & { readonly input: Pick<OperationInput, 'spec' | 'uid' | 'n' | 'operation' | 'last'> };

export interface Taken {
  readonly snapshot: Snapshot;
  readonly message: string;
  /** Control planes without a copy, and why. */
  readonly missing: readonly string[];
}

/** `keelson etcd save`: under the name that is asked for, or else one of now and of the operation. Throws InvalidSpec for what is no name. */
export const etcdSave: RunTask = async (at) => {
  const asked = at.input.task['snapshot'];
  const name = typeof asked === 'string' ? asked : snapshotName(new Date().toISOString(), at.input.operation);
  if (!isSnapshotName(name)) throw ApplicationFailure.nonRetryable(`${JSON.stringify(name)} is no name of a snapshot`, 'InvalidSpec');
  const { snapshot, message, missing } = await takeSnapshot(at, { name });
  for (const problem of missing) at.say(`no copy on ${problem}`);
  return { message, output: snapshot };
};

/**
 * A snapshot of etcd through the first control plane that gives one, and a copy on every other one and on the machine of the
 * Temporal worker. A copy that cannot be made is told; the snapshot is there all the same. `step`: what the names of its
 * steps begin with. Throws StageFailed when no control plane gives one.
 */
export async function takeSnapshot(at: AtCluster, { name, step = '' }: { readonly name: string; readonly step?: string }): Promise<Taken> {
  const { input, on } = at;
  const { keep } = input.spec.policy.snapshots;
  const hosts = controlPlaneTargets(input);
  const { host: through, snapshot } = await first(at, hosts, { name, step });
  const others = await onAll(hosts.filter(({ id }) => id !== through), (host) => on.change.putEtcdSnapshot.executeWithOptions(
    { summary: `Snapshot to ${host.id}`, activityId: `${step}PutSnapshot/${host.id}` }, [{ where: whereOf(input, 'Snapshot'), host, name, sha256: snapshot.sha256, keep }],
  ));
  const missing = problemsOf(others);
  const { revision, keys, bytes } = snapshot;
  return {
    snapshot, missing,
    message: `${name}: ${keys} keys at revision ${revision}, ${bytes} bytes, on ${hosts.length - missing.length} of ${hosts.length} control planes and beside the Temporal worker`,
  };
}

async function first({ input, on, say }: AtCluster, hosts: ReturnType<typeof controlPlaneTargets>, { name, step }: { readonly name: string; readonly step: string }): Promise<{ host: string; snapshot: Snapshot }> {
  const problems: string[] = [];
  for (const host of hosts) {
    const { value, problem } = await attempt(host, () => on.change.saveEtcdSnapshot.executeWithOptions(
      { summary: `Snapshot of etcd on ${host.id}`, activityId: `${step}SaveSnapshot/${host.id}` },
      [{ where: whereOf(input, 'Snapshot'), host, name, keep: input.spec.policy.snapshots.keep }],
    ));
    if (value) return { host: host.id, snapshot: value };
    problems.push(problem ?? '');
    say(`no snapshot through ${problem ?? host.id}`);
  }
  throw ApplicationFailure.nonRetryable(`no control plane gives a snapshot: ${problems.join('; ')}`, 'StageFailed');
}
