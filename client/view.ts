import type { JobState, JobStatus, OperationStatus, StageStatus, Waiting } from '../domain/status';
import { oneLine } from './table';

/** How an operation looks to a person. Pure: status and time in, lines out. */

export interface ViewOptions {
  /** ISO time for what still runs. */
  readonly now: string;
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Messages in full, whatever the width: for what is printed once and not drawn again and again. */
  readonly whole?: boolean;
}

const marks: Record<JobState, string> = { done: '✔', failed: '✘', running: '▶', waiting: '◦', blocked: '–', pending: '·', skipped: '↷' };
/** The state of several jobs is the most telling one. */
const telling: readonly JobState[] = ['failed', 'running', 'waiting', 'blocked', 'pending', 'skipped', 'done'];
const stageWidth = 18;
const countWidth = 7;

/** The table of stages and hosts, what is waited for, and what went wrong. No line is wider than the terminal. */
export function renderTable(status: OperationStatus, options: ViewOptions): string[] {
  const { now, width, color } = options;
  const paint = painter(color);
  const hosts = hostsOf(status);
  const cell = Math.max(...hosts.map((host) => host.length), 8) + 2;
  const shown = stageWidth + countWidth + 8 + hosts.length * cell <= width ? hosts : [];
  const stages = stagesOf(status).filter(({ jobs }) => jobs.length > 0);
  return [
    `${status.cluster}: ${status.operation}, ${seconds(status.startedAt, status.endedAt ?? now)}`,
    ...(stages.length > 0 ? [paint('faint', `${' '.repeat(2 + stageWidth + countWidth)}${'time'.padEnd(8)}${shown.map((host) => host.padEnd(cell)).join('')}`.trimEnd())] : []),
    ...stages.map((stage) => stageLine(stage, { shown, cell, now, paint })),
  ].map((line) => cut(line, width)).concat([
    ...attention(stages, now, paint),
    ...waitingLines(status, options, paint),
  ].map((line) => (options.whole ? line : cut(line, width))));
}

function stageLine(stage: Shown, { shown, cell, now, paint }: { shown: readonly string[]; cell: number; now: string; paint: Paint }): string {
  const state = stateOf(stage.jobs);
  const done = stage.jobs.filter((job) => job.state === 'done').length;
  const head = `${marks[state]} ${stage.name.padEnd(stageWidth)}`;
  const cells = shown.map((host) => {
    const jobs = stage.jobs.filter((job) => job.host === host);
    if (jobs.length === 0) return ' '.repeat(cell);
    const of = stateOf(jobs);
    return paint(of, `${marks[of]} ${spanOf(jobs, now)}`.padEnd(cell));
  });
  return `${paint(state, head)}${`${done}/${stage.jobs.length}`.padEnd(countWidth)}${spanOf(stage.jobs, now).padEnd(8)}${cells.join('')}`.trimEnd();
}

/** One line for each job that failed, waits or is held up, with the reason. */
function attention(stages: readonly Shown[], now: string, paint: Paint): string[] {
  const lines = stages.flatMap((stage) => stage.jobs
    .filter(({ state, message, reason }) => state === 'failed' || ((state === 'waiting' || state === 'running') && (message ?? reason)))
    .map((job) => paint(job.state, `  ${marks[job.state]} ${placeOf(stage.name, job)}: ${oneLine(job.message ?? job.reason ?? job.state)}${job.state === 'running' ? ` (${spanOf([job], now)})` : ''}`)));
  const most = 8;
  return lines.length > most ? [...lines.slice(0, most), `  and ${lines.length - most} more; \`keelson status\` has all`] : lines;
}

const heads = { failure: 'Parked', approval: 'Waits', pause: 'Paused' } as const;

function waitingLines(status: OperationStatus, { now, whole }: ViewOptions, paint: Paint): string[] {
  const { waiting, cluster, paused } = status;
  if (!waiting) return paused ? [paint('waiting', `Paused by ${paused.by}: what runs goes on to its end, nothing is begun; \`keelson resume ${cluster}\` goes on`)] : [];
  const why = whole && failedJobs(status).length > 0 ? 'what failed stands above' : oneLine(waiting.message);
  const again = waiting.nextCheckAt ? `${waiting.looks ? 'looks whether a host has changed' : 'tries again by itself'} in ${seconds(now, waiting.nextCheckAt)}; ` : '';
  return [
    paint('failed', `${heads[waiting.kind ?? 'failure']} for ${seconds(waiting.since, now)}: ${why}`),
    ...(waiting.commands ? [`  ${again}${waiting.commands.map((one) => `\`${one}\``).join(', ')}`] : [`  ${again}\`keelson retry ${cluster}\` tries again now, \`keelson cancel ${cluster}\` ends it`]),
  ];
}

/** One line for each change between two statuses; for logs and pipes. */
export function renderChanges(before: OperationStatus | undefined, after: OperationStatus): string[] {
  const lines = before ? [] : [`${after.cluster}: ${after.operation} began`];
  const told = new Set(before?.notes);
  for (const note of after.notes) if (!told.has(note)) lines.push(note);
  if (after.planned !== undefined && before?.planned === undefined) {
    lines.push(after.planned === 0 ? 'plan: nothing to do' : `plan: ${after.planned} job${after.planned === 1 ? '' : 's'}`);
  }
  for (const stage of stagesOf(after)) {
    const old = (before ? stagesOf(before) : []).find(({ name }) => name === stage.name)?.jobs ?? [];
    const known = new Map(old.map((job) => [placeOf(stage.name, job), job]));
    for (const job of stage.jobs) {
      const was = known.get(placeOf(stage.name, job));
      if (was?.state === job.state && was.message === job.message) continue;
      // What waits its turn would fill the log: it is in the table, and in `keelson status`.
      if (job.state !== 'pending' && job.state !== 'waiting') lines.push(changeLine(stage.name, job));
    }
  }
  if (after.paused && before?.paused?.at !== after.paused.at) lines.push(`paused by ${after.paused.by}: nothing is begun any more; what runs goes on to its end`);
  if (!after.paused && before?.paused) lines.push('goes on');
  if (after.waiting && before?.waiting?.since !== after.waiting.since) {
    lines.push(...parkedLines(after, after.waiting));
  }
  return lines;
}

/** The last thing a log says about an operation that waits: what failed and where, and what a person can do. */
function parkedLines(status: OperationStatus, { message, nextCheckAt, looks, kind = 'failure', commands = [] }: Waiting): string[] {
  if (kind !== 'failure') return [`${kind === 'pause' ? 'paused' : 'waits for approval'}: ${oneLine(message)}`, ...commands.map((command) => `  ${command}`)];
  const failed = failedJobs(status);
  return [
    `parked: ${nextCheckAt && !looks ? `tries again by itself at ${nextCheckAt}` : `waits for a person${looks ? ', or for a host that failed to change' : ''}`}`,
    ...(failed.length > 0 ? failed : [`  ${marks.failed} ${oneLine(message)}`]),
    `  mended: the same command again, or \`keelson retry ${status.cluster}\`; \`keelson logs ${status.cluster}\` has all output`,
  ];
}

/** One line for each job that failed. */
const failedJobs = ({ stages }: OperationStatus): string[] => stages.flatMap(({ name, jobs }) => jobs
  .filter(({ state }) => state === 'failed')
  .map((job) => `  ${marks.failed} ${placeOf(name, job)}: ${oneLine(job.message ?? job.reason ?? job.state)}`));

function changeLine(stage: string, job: JobStatus): string {
  const text = [job.message ?? job.reason].filter(Boolean).join('');
  const time = job.state === 'done' && job.startedAt && job.endedAt ? ` (${seconds(job.startedAt, job.endedAt)})` : '';
  return `${marks[job.state]} ${placeOf(stage, job)}: ${job.state}${time}${text ? `: ${text}` : ''}`;
}

/** How it ended: the outcome, and the seconds of each stage. */
export function renderEnd(status: OperationStatus): string[] {
  const took = status.endedAt ? seconds(status.startedAt, status.endedAt) : '';
  const { reason, message = '' } = status.conditions.find(({ type }) => type === 'Ready') ?? {};
  const outcome = status.phase === 'ClusterSuccess' ? 'done' : reason === 'Cancelled' ? 'was cancelled' : 'failed';
  const idle = status.planned === 0 && status.phase === 'ClusterSuccess';
  const stages = stagesOf(status).filter(({ jobs }) => jobs.some(({ startedAt }) => startedAt));
  const table = idle ? [] : stages.map((stage) => `  ${stage.name.padEnd(stageWidth)}${spanOf(stage.jobs, status.endedAt ?? '').padStart(8)}  ${stage.title}`);
  return [
    `${status.cluster}: ${status.operation} ${idle ? 'found nothing to do' : outcome} after ${took}${message && reason !== 'Cancelled' ? `: ${message}` : ''}`,
    ...table,
  ];
}

/** A stage as it is shown. */
type Shown = Omit<StageStatus, 'name'> & { readonly name: string };

/** The stages; a reset has one kind of job only, which its status files under Bootstrap, the stage it takes back. */
function stagesOf({ operation, stages }: OperationStatus): readonly Shown[] {
  if (!operation.startsWith('reset-')) return stages;
  return stages.filter(({ jobs }) => jobs.length > 0).map(({ jobs }) => ({
    name: 'Reset', title: 'Take the hosts back to what they were', jobs: jobs.map(({ subject: _reset, ...job }) => job),
  }));
}

const placeOf = (stage: string, { host, subject }: JobStatus): string => [stage, host, subject].filter(Boolean).join(' ');

/** The hosts in the order of their first mention. */
const hostsOf = ({ stages }: OperationStatus): string[] =>
  [...new Set(stages.flatMap(({ jobs }) => jobs.flatMap(({ host }) => (host ? [host] : []))))];

const stateOf = (jobs: readonly JobStatus[]): JobState => telling.find((state) => jobs.some((job) => job.state === state)) ?? 'pending';

/** From the first start to the last end, or to now while something runs; empty before the start. */
function spanOf(jobs: readonly JobStatus[], now: string): string {
  const starts = jobs.flatMap(({ startedAt }) => (startedAt ? [startedAt] : [])).sort();
  const ends = jobs.map(({ endedAt }) => endedAt).filter((at): at is string => at !== undefined).sort();
  const running = jobs.some(({ state }) => state === 'running');
  const start = starts[0];
  const end = running ? now : ends.at(-1);
  return start && end ? seconds(start, end) : '';
}

/** A duration in words; tenths below ten seconds. */
export function seconds(from: string, to: string): string {
  const s = Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
  if (Number.isNaN(s)) return '';
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 600) return `${Math.round(s)} s`;
  return s < 7_200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3_600)} h`;
}

type Paint = (kind: JobState | 'faint', text: string) => string;
const colors: Partial<Record<JobState | 'faint', string>> = { done: '32', failed: '31', running: '36', waiting: '33', blocked: '33', faint: '2' };
const painter = (color: boolean): Paint => (kind, text) => (color && colors[kind] ? `\u001b[${colors[kind]}m${text}\u001b[0m` : text);

/** Cuts to the width; escape sequences take no room. */
function cut(line: string, width: number): string {
  let room = width;
  const parts = line.split(/(\u001b\[\d+m)/); // eslint-disable-line no-control-regex
  return parts.map((part) => {
    if (part.startsWith('\u001b')) return part;
    const kept = part.slice(0, Math.max(0, room));
    room -= part.length;
    return kept;
  }).join('');
}
