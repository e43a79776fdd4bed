import { CancellationScope } from '@temporalio/workflow';
import { type ClusterSpec, type Host, type HostTarget, isControlPlane, registryHosts, targetOf } from '../domain/cluster';
import type { ClusterRecord } from '../domain/entity';
import { type HostFacts, unreachable } from '../domain/facts';
import { isHalf, isMember } from '../domain/half';
import { leavingOf } from '../domain/membership';
import { explain } from './explain';
import { on } from './on';
import type { Report } from './run-jobs';
import { memberTarget } from './work';

export interface TakingBack {
  readonly spec: ClusterSpec;
  readonly uid: string;
  readonly n: number;
  readonly operation: string;
  readonly record: ClusterRecord;
  readonly report: Report;
}

/**
 * After a cancel: no host stays half of a member. One that has joined stays as it is; one that was begun and has not
 * joined is reset, which also takes it out of etcd. A removal that has begun to change its host ends by itself
 * (activities/remove.ts); here is said which hosts have left and which still have to. Gives what was done, in words.
 * Nothing here can be cancelled.
 */
export async function takeBack(input: TakingBack): Promise<string> {
  return CancellationScope.nonCancellable(async () => {
    const { spec, uid, record } = input;
    const [facts, leavers] = await Promise.all([
      Promise.all(spec.hosts.map((host) => lookAt(input, targetOf(spec, host, record.hostKeys[host.id])))),
      Promise.all(leavingOf(spec, record).map((member) => lookAt(input, memberTarget(spec, member, record.hostKeys)))),
    ]);
    const half = spec.hosts.filter((_host, at) => isHalf(facts[at]!, uid));
    const lives = facts.some(isMember);
    const away = [...facts, ...leavers].filter(({ reachable }) => !reachable).map(({ host }) => host);
    const bare = leavers.filter(({ reachable, claim, done }) => reachable && !claim && done.length === 0).map(({ host }) => host);
    const staying = leavers.map(({ host }) => host).filter((host) => !bare.includes(host));
    const left: string[] = [];
    const reset = async (host: Host): Promise<void> => { left.push(...await resetOne(input, host, lives)); };
    await Promise.all(half.filter((host) => !isControlPlane(host)).map(reset));
    for (const host of half.filter(isControlPlane).reverse()) await reset(host);
    return [
      ...(half.length > 0 ? [`taken back: ${half.map(({ id }) => id).join(', ')}`] : []),
      ...left,
      ...(bare.length > 0 ? [`removed: ${bare.join(', ')}`] : []),
      ...(staying.length > 0 ? [`still to be removed, which the next apply goes on with: ${staying.join(', ')}`] : []),
      ...(away.length > 0 ? [`could not be looked at: ${away.join(', ')}`] : []),
    ].join('; ');
  });
}

async function lookAt({ spec, uid, n, operation }: TakingBack, host: HostTarget): Promise<HostFacts> {
  try {
    return await on.probe.checkHost.executeWithOptions(
      { summary: `Check ${host.id}: cancelled`, activityId: `Check/${host.id}/cancelled` },
      [{ where: { cluster: spec.name, uid, n, operation, stage: 'Check' }, host }],
    );
  } catch (error) {
    const why = explain(error);
    return unreachable(host.id, { type: why?.reason ?? 'Cancelled', message: why?.message ?? 'not looked at' });
  }
}

/** What is left on the host, in words; nothing when it is bare. */
async function resetOne({ spec, uid, n, operation, record, report }: TakingBack, host: Host, lives: boolean): Promise<string[]> {
  const event = { stage: 'Bootstrap', host: host.id, subject: 'reset' } as const;
  report({ ...event, state: 'running' });
  try {
    const { left } = await on.change.resetHost.executeWithOptions(
      { summary: `Reset ${host.id}: cancelled before it had joined`, activityId: `Reset/${host.id}` },
      [{
        where: { cluster: spec.name, uid, n, operation, stage: 'Reset' },
        host: targetOf(spec, host, record.hostKeys[host.id]),
        images: record.images.map(({ ref, digest }) => ({ ref, digest })),
        registry: registryHosts(spec, record.leader).some(({ id }) => id === host.id),
        peers: spec.hosts.filter(({ id }) => id !== host.id).map(({ address }) => address),
        env: spec.env,
        leavesEtcd: lives && isControlPlane(host),
      }],
    );
    report({ ...event, ...(left.length === 0 ? { state: 'done' as const } : { state: 'failed' as const, reason: 'LeftOver', message: left.join(', ') }) });
    return left.length === 0 ? [] : [`${host.id} still has ${left.join(', ')}`];
  } catch (error) {
    const why = explain(error) ?? { reason: 'Cancelled', message: 'not reset' };
    report({ ...event, state: 'failed', ...why });
    return [`${host.id} was not reset: ${why.message}`];
  }
}
