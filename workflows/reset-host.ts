import { type ClusterSpec, type HostTarget, registryHosts } from '../domain/cluster';
import type { ClusterRecord } from '../domain/entity';
import { peersOf } from '../domain/membership';
import type { StageEvent } from '../domain/status';
import { type RunOf, whereOf } from '../domain/where';

export interface Resetting extends RunOf {
  readonly spec: ClusterSpec;
  /** What the cluster's hosts have, as far as is known. */
  readonly record: Pick<ClusterRecord, 'images' | 'leader' | 'members'>;
}

/** What the activity resetHost needs to know to make a host bare. */
export const resetInput = (run: Resetting, host: HostTarget) => {
  const { spec, record } = run;
  return {
    where: whereOf(run, 'Reset'),
    host,
    images: record.images.map(({ ref, digest }) => ({ ref, digest })),
    registry: registryHosts(spec, record.leader).some(({ id }) => id === host.id),
    peers: peersOf(spec, record, host.id),
    env: spec.env,
  };
};

/** A reset in the table of stages, which has no stage of its own for it: it undoes what Bootstrap did. */
export const resetEvent = (host: string, more: Pick<StageEvent, 'state' | 'reason' | 'message'>): StageEvent => ({ stage: 'Bootstrap', host, subject: 'reset', ...more });

/** How it has ended, by what is left on the host. */
export const resetEnd = (host: string, left: readonly string[]): StageEvent =>
  resetEvent(host, left.length === 0 ? { state: 'done' } : { state: 'failed', reason: 'LeftOver', message: left.join(', ') });
