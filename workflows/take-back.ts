import { CancellationScope } from '@temporalio/workflow';
import { type Host, type HostTarget, isControlPlane, targetOf } from '../domain/cluster';
import type { ClusterRecord } from '../domain/entity';
import { type HostFacts, unreachable } from '../domain/facts';
import { hasJoined, isHalf, leavingOf } from '../domain/membership';
import { whereOf } from '../domain/where';
import { explain } from './explain';
import { on } from './on';
import { resetEnd, resetEvent, resetInput, type Resetting } from './reset-host';
import type { Report } from './run-jobs';
import { serveAgain } from './serve-again';
import { sideBySide } from './side-by-side';
import { memberTarget } from './work';

export interface TakingBack extends Resetting {
  readonly record: ClusterRecord;
  readonly report: Report;
}

/**
 * After a cancel: no host stays half of a member. One that has joined stays as it is; one that was begun and has not
 * joined is reset, which also takes it out of etcd. A removal or an upgrade that has begun to change its host ends by itself
 * (activities/remove.ts, activities/upgrade.ts), and one that has not puts it back in service; where the cancel came between two
 * attempts nobody did, so that is done here. Here is said which hosts have left and which still have to. Gives what was done, in words.
 * Nothing here can be cancelled.
 */
export async function takeBack(input: TakingBack): Promise<string> {
  return CancellationScope.nonCancellable(async () => {
    const { spec, uid, record } = input;
    const leaving = leavingOf(spec, record);
    const [facts, leavers] = await Promise.all([
      sideBySide(spec.hosts, { most: 200, change: 'cancelled-looks-in-lanes' }, (host) => lookAt(input, targetOf(spec, host, record.hostKeys[host.id]))),
      sideBySide(leaving, { most: 200, change: 'cancelled-looks-in-lanes' }, (member) => lookAt(input, memberTarget(spec, member, record.hostKeys))),
    ]);
    const half = spec.hosts.filter((_host, at) => isHalf(facts[at]!, uid));
    const members = spec.hosts.filter((_host, at) => hasJoined(facts[at]!));
    const away = [...facts, ...leavers].filter(({ reachable }) => !reachable).map(({ host }) => host);
    const bare = leavers.filter(({ reachable, claim, done }) => reachable && !claim && done.length === 0).map(({ host }) => host);
    const staying = leavers.map(({ host }) => host).filter((host) => !bare.includes(host));
    const left: string[] = [];
    const reset = async (host: Host): Promise<void> => { left.push(...await resetOne(input, host, members)); };
    await sideBySide(half.filter((host) => !isControlPlane(host)), { most: 100, change: 'taken-back-in-lanes' }, reset);
    for (const host of half.filter(isControlPlane).reverse()) await reset(host);
    const unfinished = await serveAgain(input, { facts, leavers, members });
    return [
      ...(half.length > 0 ? [`taken back: ${half.map(({ id }) => id).join(', ')}`] : []),
      ...left,
      ...unfinished,
      ...(bare.length > 0 ? [`removed: ${bare.join(', ')}`] : []),
      ...(staying.length > 0 ? [`still to be removed, which the next apply goes on with: ${staying.join(', ')}`] : []),
      ...(away.length > 0 ? [`could not be looked at: ${away.join(', ')}`] : []),
    ].join('; ');
  });
}

async function lookAt(input: TakingBack, host: HostTarget): Promise<HostFacts> {
  try {
    return await on.probe.checkHost.executeWithOptions(
      { summary: `Check ${host.id}: cancelled`, activityId: `Check/${host.id}/cancelled` }, [{ where: whereOf(input, 'Check'), host }],
    );
  } catch (error) {
    const why = explain(error);
    return unreachable(host.id, { type: why?.reason ?? 'Cancelled', message: why?.message ?? 'not looked at' });
  }
}

/** What is left on the host, in words; nothing when it is bare. */
async function resetOne(input: TakingBack, host: Host, members: readonly Host[]): Promise<string[]> {
  const { spec, record, report } = input;
  const { id } = host;
  const through = members.find((one) => isControlPlane(one));
  report(resetEvent(id, { state: 'running' }));
  try {
    const { left } = await on.change.resetHost.executeWithOptions(
      { summary: `Reset ${id}: cancelled before it had joined`, activityId: `Reset/${id}` },
      [{
        ...resetInput(input, targetOf(spec, host, record.hostKeys[id])), leavesEtcd: members.length > 0 && isControlPlane(host),
        ...(through ? { joinedThrough: targetOf(spec, through, record.hostKeys[through.id]) } : {}),
      }],
    );
    report(resetEnd(id, left));
    return left.length === 0 ? [] : [`${id} still has ${left.join(', ')}`];
  } catch (error) {
    const why = explain(error) ?? { reason: 'Cancelled', message: 'not reset' };
    report(resetEvent(id, { state: 'failed', ...why }));
    return [`${id} was not reset: ${why.message}`];
  }
}
