import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { OwnMember } from '../../domain/commands/etcd-restore';
import { isSnapshotName, type Snapshot } from '../../domain/commands/etcd-snapshots';
import type { HostTarget } from '../../domain/cluster';
import { whereOf } from '../../domain/where';
import type { AtTask, RunTask, TaskEnd } from '../run-task';
import { attempt, controlPlaneTargets, onAll, problemsOf, type Tried } from './on-hosts';

const failed = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, 'StageFailed');

/**
 * The whole of etcd from a snapshot: every control plane is stopped, each member is made anew from it, as one new cluster,
 * and all start again. It needs no quorum. What can be wrong is found before anything is stopped; when a member cannot be made
 * anew, all get back what they had. From the stop on a cancel has to wait: half a restore is no cluster.
 */
export const etcdRestore: RunTask = async (at) => {
  const { input, say } = at;
  const name = String(input.task['snapshot'] ?? '');
  if (!isSnapshotName(name)) throw ApplicationFailure.nonRetryable(`${JSON.stringify(name)} is no name of a snapshot`, 'InvalidSpec');
  const snapshot = await find(at, name);
  say(`${name}: ${snapshot.keys} keys at revision ${snapshot.revision}`);

  const prepared = await onAll(controlPlaneTargets(input), (host) => at.on.change.prepareEtcdRestore.executeWithOptions(
    { summary: `Snapshot to ${host.id}`, activityId: `PrepareRestore/${host.id}` }, [{ where: whereOf(input, 'Restore'), host, name, sha256: snapshot.sha256 }],
  ));
  const away = problemsOf(prepared);
  if (away.length > 0 && input.task['force'] !== true) {
    throw failed(`not every control plane can be restored: ${away.join('; ')}. Mend them, or use --force to restore the others alone; those left out have to be removed then and added anew`);
  }
  for (const problem of away) say(`left out: ${problem}`);
  const ready = prepared.flatMap(({ host, value }) => (value ? [{ host, member: value }] : []));
  if (ready.length === 0) throw failed(`no control plane can be restored: ${away.join('; ')}`);
  return CancellationScope.nonCancellable(() => restore(at, snapshot, ready));
};

/** The snapshot by its name: the first control plane that has it, or that this machine can give it to. */
async function find({ input, on }: AtTask, name: string): Promise<Snapshot> {
  const tried: Tried<Snapshot | undefined>[] = [];
  for (const host of controlPlaneTargets(input)) {
    const one = await attempt(host, () => on.change.findEtcdSnapshot.executeWithOptions(
      { summary: `Look for ${name} on ${host.id}`.slice(0, 190), activityId: `FindSnapshot/${host.id}` }, [{ where: whereOf(input, 'Restore'), host, name }],
    ));
    if (one.value) return one.value;
    tried.push(one);
  }
  const problems = problemsOf(tried);
  throw ApplicationFailure.nonRetryable(`the snapshot ${name} is on no control plane and not beside the Temporal worker${problems.length > 0 ? `: ${problems.join('; ')}` : ''}`, 'InvalidSpec');
}

interface Ready {
  readonly host: HostTarget;
  readonly member: OwnMember;
}

async function restore(at: AtTask, { name, revision }: Snapshot, ready: readonly Ready[]): Promise<TaskEnd> {
  const { input, say } = at;
  const where = whereOf(input, 'Restore');
  const hosts = ready.map(({ host }) => host);
  const members = ready.map(({ member }) => member);
  const { change } = at.on;
  const all = async (what: string, act: (host: HostTarget) => Promise<unknown>): Promise<string[]> => {
    say(what);
    return problemsOf(await onAll(hosts, act));
  };
  const named = (step: string, host: HostTarget) => ({ summary: `${step} on ${host.id}`, activityId: `${step}/${host.id}` });

  const stuck = await all('stopping the control plane', (host) => change.stopForRestore.executeWithOptions(named('Stop', host), [{ where, host }]));
  const bad = stuck.length > 0 ? stuck : await all('making the members anew', (host) => change.restoreEtcdMember.executeWithOptions(
    named('Restore', host), [{ where, host, name, member: members[hosts.indexOf(host)] ?? { name: '', peer: '' }, members }],
  ));
  if (bad.length > 0) {
    const undone = await all('taking it back', async (host) => {
      await change.undoEtcdRestore.executeWithOptions(named('Undo', host), [{ where, host }]);
      await change.startRestoredApi.executeWithOptions(named('StartAgain', host), [{ where, host }]);
    });
    throw failed(`the restore could not be carried through: ${bad.join('; ')}. ${undone.length === 0 ? 'Everything is as it was before' : `Not everything is as it was before: ${undone.join('; ')}`}`);
  }
  const silent = await all('starting etcd', (host) => change.startRestoredEtcd.executeWithOptions(named('StartEtcd', host), [{ where, host }]));
  if (silent.length > 0) throw failed(`etcd does not come up from the snapshot: ${silent.join('; ')}. What was there before lies in /var/lib/etcd/.keelson-before; restore again, from this or another snapshot`);
  const dark = await all('starting the control plane', (host) => change.startRestoredApi.executeWithOptions(named('StartApi', host), [{ where, host, members }]));
  if (dark.length > 0) throw failed(`etcd is restored, but the API is not there: ${dark.join('; ')}`);

  const ends = await onAll(hosts, (host) => change.finishEtcdRestore.executeWithOptions(named('Finish', host), [{ where, host }]));
  for (const problem of problemsOf(ends)) say(`what was put aside (/var/lib/etcd/.keelson-before, /var/lib/keelson/restore) may still be there, remove it by hand: ${problem}`);
  const nodes = ends.find(({ value }) => value)?.value?.nodes;
  const without = nodes ? input.spec.hosts.filter(({ address }) => !nodes.includes(address)).map(({ id }) => id) : [];
  if (without.length > 0) say(`joined after the snapshot, so without a Node now: ${without.join(', ')}; the next keelson apply brings them back`);
  const more = without.length > 0 ? `; without a Node until the next keelson apply: ${without.join(', ')}` : '';
  return { message: `etcd is back at revision ${revision} of ${name}, with ${members.length} ${members.length === 1 ? 'member' : 'members'}${more}`, output: { name, members: members.map((one) => one.name), withoutNode: without } };
}
