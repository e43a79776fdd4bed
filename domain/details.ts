import type { OperationStatus, StageStatus } from './status';

const marksOf: Record<string, string> = { done: '✔', failed: '✘', running: '▶', waiting: '·', blocked: '–', pending: '·', skipped: '↷' };

/** An operation as Markdown, for the header of its run in the Temporal UI. */
export function renderDetails(status: OperationStatus): string {
  const lines = [`### ${status.cluster}: ${status.operation}, ${status.phase}`, '', '| stage | hosts |', '| --- | --- |'];
  for (const stage of status.stages) lines.push(`| ${stage.name} | ${cells(stage)} |`);
  if (status.waiting) lines.push('', `**Waits** since ${status.waiting.since}: ${status.waiting.message}`, '', (status.waiting.commands ?? [`keelson retry ${status.cluster}`]).map((one) => `\`${one}\``).join(' or '));
  return lines.join('\n').slice(0, 15_000);
}

const cells = (stage: StageStatus): string =>
  stage.jobs.map(({ host, subject, state }) => `${marksOf[state] ?? '?'} ${host ?? subject ?? 'all'}`).join(' ') || '·';
