import { someOf } from './some-of';
import type { JobState, JobStatus, OperationStatus, StageStatus } from './status';

const marksOf: Record<JobState, string> = { done: '✔', failed: '✘', running: '▶', waiting: '·', blocked: '–', pending: '·', skipped: '↷' };

/** An operation as Markdown, for the header of its run in the Temporal UI. */
export function renderDetails(status: OperationStatus): string {
  const lines = [`### ${status.cluster}: ${status.operation}, ${status.phase}`, '', '| stage | hosts |', '| --- | --- |'];
  for (const stage of status.stages) lines.push(`| ${stage.name} | ${cells(stage)} |`);
  if (status.waiting) lines.push('', `**Waits** since ${status.waiting.since}: ${status.waiting.message}`, '', (status.waiting.commands ?? [`keelson retry ${status.cluster}`]).map((one) => `\`${one}\``).join(' or '));
  return lines.join('\n').slice(0, 15_000);
}

/** Of more jobs than anybody counts: how many are in each state, and which do not just wait or are done. */
const many = 100;

function cells({ jobs }: StageStatus): string {
  if (jobs.length <= many) return jobs.map(cell).join(' ') || '·';
  const counts = new Map<JobState, number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const telling = jobs.filter(({ state }) => state === 'failed' || state === 'running' || state === 'blocked');
  return [[...counts].map(([state, count]) => `${marksOf[state]} ${count}`).join(' '), someOf(telling, cell, ' ')].filter(Boolean).join(': ');
}

const cell = ({ host, subject, state }: JobStatus): string => `${marksOf[state]} ${host ?? subject ?? 'all'}`;
