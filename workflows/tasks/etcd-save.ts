import { ApplicationFailure } from '@temporalio/workflow';
import { isSnapshotName, snapshotName } from '../../domain/commands/etcd';
import type { Snapshot } from '../../domain/commands/etcd';
import type { AtTask, RunTask } from '../run-task';
import { attempt, controlPlaneTargets, onAll, problemsOf, whereOf } from './on-hosts';

/**
 * A snapshot of etcd through the first control plane that gives one, and a copy on every other one and on the machine of the
 * Temporal worker. A copy that cannot be made is told; the snapshot is there all the same.
 */
export const etcdSave: RunTask = async ({ input, on, say }) => {
  const asked = input.task['snapshot'];
  const name = typeof asked === 'string' ? asked : snapshotName(new Date().toISOString(), input.operation);
  if (!isSnapshotName(name)) throw ApplicationFailure.nonRetryable(`${JSON.stringify(name)} is no name of a snapshot`, 'InvalidSpec');
  const { keep } = input.spec.policy.snapshots;
  const hosts = controlPlaneTargets(input);
  const taken = await first(input, hosts, name, on, say);
  const others = await onAll(hosts.filter(({ id }) => id !== taken.host), (host) => on.change.putEtcdSnapshot.executeWithOptions(
    { summary: `Snapshot to ${host.id}`, activityId: `PutSnapshot/${host.id}` }, [{ where: whereOf(input, 'Snapshot'), host, name, sha256: taken.snapshot.sha256, keep }],
  ));
  const missing = problemsOf(others);
  for (const problem of missing) say(`no copy on ${problem}`);
  const { revision, keys, bytes } = taken.snapshot;
  return {
    message: `${name}: ${keys} keys at revision ${revision}, ${bytes} bytes, on ${hosts.length - missing.length} of ${hosts.length} control planes and beside the Temporal worker`,
    output: taken.snapshot,
  };
};

async function first(input: AtTask['input'], hosts: ReturnType<typeof controlPlaneTargets>, name: string, on: AtTask['on'], say: AtTask['say']): Promise<{ host: string; snapshot: Snapshot }> {
  const problems: string[] = [];
  for (const host of hosts) {
    const { value, problem } = await attempt(host, () => on.change.saveEtcdSnapshot.executeWithOptions(
      { summary: `Snapshot of etcd on ${host.id}`, activityId: `SaveSnapshot/${host.id}` },
      [{ where: whereOf(input, 'Snapshot'), host, name, keep: input.spec.policy.snapshots.keep }],
    ));
    if (value) return { host: host.id, snapshot: value };
    problems.push(problem ?? '');
    say(`no snapshot through ${problem ?? host.id}`);
  }
  throw ApplicationFailure.nonRetryable(`no control plane gives a snapshot: ${problems.join('; ')}`, 'StageFailed');
}
