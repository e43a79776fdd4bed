import type { Condition, JobStatus, OperationStatus } from './status';

/** Work that takes much longer than the same stage has taken on other hosts of its operation. */
export interface Stalled {
  readonly stage: string;
  readonly host: string;
  readonly subject?: string;
  /** What it took elsewhere, but for the slowest one in twenty, milliseconds. */
  readonly usualMs: number;
  /** On so many other hosts. */
  readonly others: number;
  /** When it had taken twice as long; ISO time. */
  readonly since: string;
}

/** So many times what is usual. */
const tooLong = 2;
/** What is over within this time is no cause for alarm, however short it was elsewhere. */
const leastMs = 60_000;

/** The work that is stuck, as far as that can be told from what is done elsewhere: nothing to compare with, nothing said. */
export function stalledJobs({ stages }: Pick<OperationStatus, 'stages'>, now: Date): Stalled[] {
  return stages.flatMap(({ name, jobs }) => jobs.flatMap((job): Stalled[] => {
    const { host, subject, state, startedAt } = job;
    if (state !== 'running' || host === undefined || startedAt === undefined) return [];
    const took = jobs.filter((other) => other.subject === subject && other.host !== undefined && other.host !== host).flatMap(tookMs).sort((a, b) => a - b);
    const usualMs = took[Math.ceil(0.95 * took.length) - 1];
    if (usualMs === undefined) return [];
    const since = new Date(Date.parse(startedAt) + Math.max(tooLong * usualMs, leastMs));
    return since > now ? [] : [{ stage: name, host, ...(subject ? { subject } : {}), usualMs, others: took.length, since: since.toISOString() }];
  }));
}

const tookMs = ({ state, startedAt, endedAt }: JobStatus): number[] =>
  state === 'done' && startedAt !== undefined && endedAt !== undefined ? [Date.parse(endedAt) - Date.parse(startedAt)] : [];

/** One sentence of it, without its place. */
export const stalledWords = ({ usualMs, others }: Stalled): string =>
  `more than twice what it took on ${others} other host${others === 1 ? '' : 's'} (${Math.max(1, Math.round(usualMs / 1000))} s): it may be stuck`;

/** The conditions and, while something of the operation seems to be stuck, `Stalled` among them, since when it does. */
export function withStalled(conditions: readonly Condition[], status: Pick<OperationStatus, 'stages'> | undefined, now: Date): readonly Condition[] {
  const stalled = status ? stalledJobs(status, now) : [];
  const [first] = stalled.map(({ since }) => since).sort();
  if (first === undefined) return conditions;
  const message = stalled.map((one) => `${one.stage} on ${one.host}: ${stalledWords(one)}`).join('; ');
  return [...conditions, { type: 'Stalled', status: 'True', reason: 'TakesLong', message, lastTransitionTime: first }];
}
