import { ApplicationFailure, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { type HostTarget, isControlPlane, registryHosts, targetOf } from '../domain/cluster';
import { leavingOf } from '../domain/membership';
import { renderDetails } from '../domain/details';
import type { ClusterRecord, Member, OperationResult } from '../domain/entity';
import { applyEvent, beginStatus, endStatus, type OperationStatus } from '../domain/status';
import { listen } from './decisions';
import { explain } from './explain';
import { statusQuery } from './messages';
import type { OperationInput } from './operation';
import { memberTarget } from './work';

export interface ResetInput extends OperationInput {
  /** Forget hosts that cannot be reached. */
  readonly force: boolean;
}

interface Left {
  readonly host: string;
  readonly left: readonly string[];
  readonly error?: string;
}

/**
 * Back to bare hosts: workers side by side, then the control planes one by one, the leader last. Every host gets its
 * turn whatever happens to another. What is left on a host is said, never hidden.
 */
export async function resetCluster(input: ResetInput): Promise<OperationResult> {
  const { spec, operation, last } = input;
  let status = beginStatus(spec.name, operation, [], new Date().toISOString());
  const tell = (next: OperationStatus) => {
    status = next;
    setCurrentDetails(renderDetails(status));
  };
  setHandler(statusQuery, () => status, { description: 'hosts and what is left on them' });

  const { on } = listen({ spec, paused: input.paused, onPause: (paused) => {
    const { paused: _before, ...rest } = status;
    tell(paused ? { ...rest, paused } : rest);
  } });

  const reset = async (target: HostTarget): Promise<Left> => {
    const event = { stage: 'Bootstrap', host: target.id, subject: 'reset' } as const;
    const say = (more: { state: 'running' | 'done' | 'failed'; reason?: string; message?: string }) =>
      tell(applyEvent(status, { ...event, ...more }, new Date().toISOString()));
    say({ state: 'running' });
    try {
      const { left } = await on.change.resetHost.executeWithOptions(
        { summary: `Reset ${target.id}`, activityId: `Reset/${target.id}` },
        [{
          where: { cluster: spec.name, uid: input.uid, n: input.n, operation, stage: 'Reset' },
          host: target,
          images: last.images.map(({ ref, digest }) => ({ ref, digest })),
          registry: registryHosts(spec, last.leader).some(({ id }) => id === target.id),
          peers: spec.hosts.filter(({ id }) => id !== target.id).map(({ address }) => address),
          env: spec.env,
        }],
      );
      say(left.length === 0 ? { state: 'done' } : { state: 'failed', reason: 'LeftOver', message: left.join(', ') });
      return { host: target.id, left };
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      say({ state: 'failed', ...why });
      return { host: target.id, left: [], error: why.message };
    }
  };

  // Also hosts that the spec has no more and that nobody has cleaned since.
  const gone = leavingOf(spec, last).map((member) => memberTarget(spec, member, last.hostKeys));
  const targets = [...spec.hosts.map((host) => targetOf(spec, host, last.hostKeys[host.id])), ...gone];
  const results = await Promise.all(targets.filter((host) => !isControlPlane(host)).map(reset));
  for (const target of targets.filter(isControlPlane).reverse()) results.push(await reset(target));

  const failed = results.filter(({ error }) => error !== undefined);
  const ok = failed.length === 0 || input.force;
  const message = words(results);
  tell(endStatus(status, { ok, reason: ok ? 'Reset' : 'StageFailed', message }, new Date().toISOString()));
  const bare = new Set(results.filter(({ left, error }) => error === undefined && left.length === 0).map(({ host }) => host));
  // Whom --force gives up is a member no more; whoever has something left is, and can be reset again.
  const given = new Set(input.force ? failed.map(({ host }) => host) : []);
  const kept = targets.filter(({ id }) => !bare.has(id) && !given.has(id)).map(({ id }) => id);
  const members = Object.fromEntries(kept.flatMap((id): [string, Member][] => {
    const host = spec.hosts.find((one) => one.id === id);
    const member = last.members?.[id] ?? (host ? { host } : undefined);
    return member ? [[id, member]] : [];
  }));
  const record: ClusterRecord = { ...last, phase: kept.length === 0 ? 'Absent' : 'ClusterFailed', conditions: status.conditions, created: false, members };
  if (ok) return { outcome: 'Success', message, record };
  const result: OperationResult = { outcome: 'Failed', message, record };
  throw ApplicationFailure.create({ message, type: 'StageFailed', nonRetryable: true, details: [result] });
}

function words(results: readonly Left[]): string {
  const dirty = results.filter(({ left }) => left.length > 0).map(({ host, left }) => `${host} still has ${left.join(', ')}`);
  const failed = results.filter(({ error }) => error).map(({ host, error }) => `${host} was not reset: ${error ?? ''}`);
  const clean = results.length - dirty.length - failed.length;
  return [`${clean} of ${results.length} hosts are bare`, ...dirty, ...failed].join('; ');
}
