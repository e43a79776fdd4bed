import { ApplicationFailure } from '@temporalio/workflow';
import { type HostTarget, isControlPlane, targetOf } from '../domain/cluster';
import type { ClusterRecord, Member, OperationResult } from '../domain/entity';
import { leavingOf } from '../domain/membership';
import { withPause } from '../domain/paused';
import { someOf } from '../domain/some-of';
import { applyEvent, beginStatus, endStatus, type StageEvent } from '../domain/status';
import { listen } from './decisions';
import { explain } from './explain';
import type { OperationInput } from './operation';
import { resetEnd, resetEvent, resetInput } from './reset-host';
import { Shown } from './shown';
import { sideBySide } from './side-by-side';
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
  const now = (): string => new Date().toISOString();
  const shown = new Shown(beginStatus(spec.name, operation, [], now()), 'hosts and what is left on them');
  const { on } = listen({ spec, paused: input.paused, onPause: (paused, running) => shown.tell(withPause(shown.status, paused, running, now())) });

  const say = (event: StageEvent): void => shown.tell(applyEvent(shown.status, event, now()));
  const reset = async (target: HostTarget): Promise<Left> => {
    const { id } = target;
    say(resetEvent(id, { state: 'running' }));
    try {
      const { left } = await on.change.resetHost.executeWithOptions({ summary: `Reset ${id}`, activityId: `Reset/${id}` }, [resetInput({ ...input, record: last }, target)]);
      say(resetEnd(id, left));
      return { host: id, left };
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      say(resetEvent(id, { state: 'failed', ...why }));
      return { host: id, left: [], error: why.message };
    }
  };

  // Also hosts that the spec has no more and that nobody has cleaned since.
  const gone = leavingOf(spec, last).map((member) => memberTarget(spec, member, last.hostKeys));
  const targets = [...spec.hosts.map((host) => targetOf(spec, host, last.hostKeys[host.id])), ...gone];
  const results = await sideBySide(targets.filter((host) => !isControlPlane(host)), { most: 100, change: 'resets-in-lanes' }, reset);
  for (const target of targets.filter(isControlPlane).reverse()) results.push(await reset(target));

  const failed = results.filter(({ error }) => error !== undefined);
  const ok = failed.length === 0 || input.force;
  const message = words(results);
  shown.tell(endStatus(shown.status, { ok, reason: ok ? 'Reset' : 'StageFailed', message }, now()));
  const bare = new Set(results.filter(({ left, error }) => error === undefined && left.length === 0).map(({ host }) => host));
  // Whom --force gives up is a member no more; whoever has something left is, and can be reset again.
  const given = new Set(input.force ? failed.map(({ host }) => host) : []);
  const kept = targets.filter(({ id }) => !bare.has(id) && !given.has(id)).map(({ id }) => id);
  const members = Object.fromEntries(kept.flatMap((id): [string, Member][] => {
    const host = spec.hosts.find((one) => one.id === id);
    const member = last.members?.[id] ?? (host ? { host } : undefined);
    return member ? [[id, member]] : [];
  }));
  const record: ClusterRecord = { ...last, phase: kept.length === 0 ? 'Absent' : 'ClusterFailed', conditions: shown.status.conditions, created: false, members };
  if (ok) return { outcome: 'Success', message, record };
  const result: OperationResult = { outcome: 'Failed', message, record };
  throw ApplicationFailure.create({ message, type: 'StageFailed', nonRetryable: true, details: [result] });
}

function words(results: readonly Left[]): string {
  const dirty = results.filter(({ left }) => left.length > 0);
  const failed = results.filter(({ error }) => error);
  const clean = results.length - dirty.length - failed.length;
  return [
    `${clean} of ${results.length} hosts are bare`,
    someOf(dirty, ({ host, left }) => `${host} still has ${left.join(', ')}`, '; '), someOf(failed, ({ host, error }) => `${host} was not reset: ${error ?? ''}`, '; '),
  ].filter(Boolean).join('; ');
}
