import { isAbsent } from './absent';
import type { EntityView } from './entity';
import { stalledJobs, stalledWords } from './stalled';
import type { OperationStatus, Waiting } from './status';

/** What a cluster waits for, for a person at three in the morning. */
export interface Why {
  /** In one sentence. */
  readonly summary: string;
  readonly since?: string;
  /** When it looks again by itself. */
  readonly nextCheckAt?: string;
  /** One line for each thing that stands in the way, or that is being waited for. */
  readonly reasons: readonly string[];
  /** What a person can type now, each with what it does. */
  readonly commands: readonly Advice[];
  /** Nothing moves on without a person. */
  readonly waitsForPerson: boolean;
}

export interface Advice {
  readonly command: string;
  readonly does: string;
}

/**
 * What the cluster waits for, from the view of its entity and, where an operation runs, that operation's status; with the
 * time also what of it takes suspiciously long.
 */
export function whyOf(view: EntityView, status?: OperationStatus, now?: Date): Why {
  const { running, paused } = view;
  if (running && paused) return held(view, paused);
  // The operation itself knows when it looks again.
  if (running?.waiting) return waits(view, running.operation, status?.waiting ?? running.waiting, status);
  if (running) return works(view, status, now);
  return paused ? heldAtRest(view, paused) : resting(view);
}

/** Nothing runs. */
function resting(view: EntityView): Why {
  const { name } = view;
  if (isAbsent(view)) return { summary: 'it is absent: nothing of it is left that is known of, and nothing is waited for', reasons: [], commands: [], waitsForPerson: false };
  const last = view.log.at(-1);
  if (!last) return { summary: 'nothing was done yet, and nothing is waited for', reasons: [], commands: [], waitsForPerson: false };
  if (last.outcome === 'Success') return atRest(view, last.endedAt);
  return {
    summary: `nothing runs; ${last.operation} ${last.outcome === 'Cancelled' ? 'was cancelled' : 'failed'}, so the cluster may not be what was asked for`,
    since: last.endedAt, reasons: lines(last.message),
    commands: [
      { command: `keelson apply -f FILE, or the same keelson run`, does: 'does what is missing, and only that' },
      { command: `keelson plan -f FILE`, does: 'shows what that would be' },
      { command: `keelson logs ${name} --operation ${last.operation}`, does: 'what the hosts said' },
    ],
    waitsForPerson: true,
  };
}

function atRest(view: EntityView, since: string): Why {
  const drifted = view.conditions.find(({ type, status }) => type === 'Drifted' && status === 'True');
  const ready = view.conditions.find(({ type }) => type === 'Ready')?.message;
  if (!drifted) return { summary: `nothing: it is ready${ready ? ` (${ready})` : ''}`, since, reasons: [], commands: [{ command: `keelson status ${view.name}`, does: 'how the hosts are just now' }], waitsForPerson: false };
  return {
    summary: 'nothing; but the hosts are not what was applied', since: drifted.lastTransitionTime, reasons: lines(drifted.message),
    commands: [{ command: `keelson drift ${view.name}`, does: 'looks now, and names every difference' }], waitsForPerson: false,
  };
}

function held({ name, running }: EntityView, { by, at, reason }: NonNullable<EntityView['paused']>): Why {
  return {
    summary: `${running?.operation ?? 'the cluster'} is held still by ${by}`, since: at, reasons: reason ? [reason] : [],
    commands: [{ command: `keelson resume ${name}`, does: 'goes on' }, { command: `keelson cancel ${name}`, does: 'ends it' }], waitsForPerson: true,
  };
}

/** No operation is held up, and the next one will be; what is to be said of the cluster otherwise comes with it. */
function heldAtRest(view: EntityView, { by, at, reason }: NonNullable<EntityView['paused']>): Why {
  const rest = resting(view);
  return {
    summary: `nothing runs, and the next operation begins nothing: the cluster is held still by ${by}`, since: at,
    reasons: [...(reason ? [reason] : []), `apart from that: ${rest.summary}`, ...rest.reasons],
    commands: [{ command: `keelson resume ${view.name}`, does: 'lets operations begin their work again' }, ...rest.commands], waitsForPerson: true,
  };
}

function waits({ name }: EntityView, operation: string, waiting: Waiting, status: OperationStatus | undefined): Why {
  const failed = (status?.stages ?? []).flatMap(({ name: stage, jobs }) => jobs
    .filter(({ state }) => state === 'failed')
    .map((job) => `${placeOf({ ...job, stage })}: ${job.message ?? job.reason ?? 'failed'}`));
  const held = (status?.stages ?? []).flatMap(({ name: stage, jobs }) => jobs
    .filter(({ state }) => state === 'blocked')
    .map((job) => `${placeOf({ ...job, stage })} is held up: ${job.reason ?? 'something before it failed'}`));
  const timer = waiting.nextCheckAt !== undefined && !waiting.looks;
  const how = timer ? 'and tries again by itself' : waiting.looks ? 'for a person, or for a host that failed to change, which it looks for by itself' : 'for a person';
  return {
    summary: `${operation} waits ${how} (${waiting.reason})`,
    since: waiting.since, ...(waiting.nextCheckAt ? { nextCheckAt: waiting.nextCheckAt } : {}),
    reasons: [...(failed.length > 0 ? failed : lines(waiting.message)), ...held],
    commands: [
      ...commandsOf(waiting, name),
      { command: `keelson logs ${name} --operation ${operation}`, does: 'what the hosts said' },
    ],
    waitsForPerson: !timer,
  };
}

/** What the operation itself says that a person can do; for one that says nothing, what always works. */
function commandsOf(waiting: Waiting, name: string): Advice[] {
  const said = waiting.commands;
  if (said && said.length > 0) return said.map((command) => ({ command, does: '' }));
  return [
    { command: `keelson retry ${name}`, does: 'tries again now' },
    { command: `keelson cancel ${name}`, does: 'ends it; what is done stays' },
  ];
}

function works({ name, running }: EntityView, status: OperationStatus | undefined, now: Date | undefined): Why {
  const jobs = (status?.stages ?? []).flatMap(({ name: stage, jobs: all }) => all.map((job) => ({ ...job, stage })));
  const stalled = status && now ? stalledJobs(status, now) : [];
  const late = new Map(stalled.map((one) => [placeOf(one), stalledWords(one)]));
  const busy = jobs.filter(({ state }) => state === 'running').map((job) => ({ at: placeOf(job), since: job.startedAt }));
  const waiting = jobs.filter(({ state, reason }) => state === 'waiting' && reason);
  const what = `${running?.operation ?? 'an operation'} of ${running?.by ?? 'somebody'} runs`;
  return {
    summary: stalled.length > 0 ? `${what}, and ${stalled.map(({ host }) => host).join(', ')} may be stuck` : `nothing: ${what}`,
    ...(running ? { since: running.at } : {}),
    reasons: [...busy.map(({ at, since }) => `${at} runs${since ? ` since ${since}` : ''}${late.has(at) ? `, ${late.get(at) ?? ''}` : ''}`), ...waiting.map((job) => `${placeOf(job)} waits for ${job.reason ?? ''}`)],
    commands: [
      { command: `keelson watch ${name}`, does: 'follows it' },
      ...[...new Set(stalled.map(({ host }) => host))].map((host) => ({ command: `keelson logs ${name} --host ${host}`, does: 'what it says' })),
    ],
    waitsForPerson: false,
  };
}

const placeOf = ({ stage, host, subject }: { readonly stage: string; readonly host?: string; readonly subject?: string }): string => [stage, host, subject].filter(Boolean).join(' ');
const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd()).filter(Boolean);
