import type { ClusterRecord } from './entity';
import type { JobStatus, OperationStatus } from './status';

/** What operations left to be known of a host. */
export interface HostRecord {
  /** The last thing that went wrong there and was not done since. */
  readonly error?: { readonly at: string; readonly operation: string; readonly stage: string; readonly message: string };
}

const longest = 300;

/** The record after an operation: what failed on each host, until a later operation has done it; and since when each image is there. */
export function recordOutcome(record: ClusterRecord, before: ClusterRecord, status: OperationStatus, now: string): ClusterRecord {
  return { ...record, hosts: hostsAfter(before.hosts ?? {}, status, now), images: imagesSince(record, before, status.phase === 'ClusterSuccess' ? now : undefined) };
}

function hostsAfter(before: Readonly<Record<string, HostRecord>>, status: OperationStatus, now: string): Record<string, HostRecord> {
  const jobs = status.stages.flatMap((stage) => stage.jobs.map((job) => ({ ...job, stage: stage.name as string })));
  const seen = new Set(jobs.flatMap(({ host }) => host ?? []));
  const after: Record<string, HostRecord> = Object.fromEntries(Object.entries(before).filter(([host]) => !seen.has(host)));
  for (const host of seen) {
    const failed = jobs.filter((job) => job.host === host && job.state === 'failed').at(-1);
    const old = before[host]?.error;
    if (failed) after[host] = { error: { at: failed.endedAt ?? now, operation: status.operation, stage: failed.stage, message: wordsOf(failed) } };
    else if (old && status.phase !== 'ClusterSuccess' && !jobs.some((job) => job.host === host && job.stage === old.stage && job.state === 'done')) after[host] = { error: old };
  }
  return after;
}

const wordsOf = ({ message, reason, state }: JobStatus): string => (message ?? reason ?? state).slice(0, longest);

const imagesSince = ({ images }: ClusterRecord, before: ClusterRecord, now: string | undefined): ClusterRecord['images'] =>
  images.map((image) => {
    const since = before.images.find(({ ref, digest }) => ref === image.ref && digest === image.digest)?.since ?? now;
    return since === undefined ? image : { ...image, since };
  });
