import { CancelledFailure } from '@temporalio/common';
import type { CommandResult } from '../domain/command';
import { ClusterError } from '../domain/errors';
import { isCancel } from './cancel';
import { endScript, followScript, jobEnd, jobEnvironment, lookScript, reportScript, startScript } from './job-script';
import { exportLines } from './adapters/shell/loader';
import type { Scope, Session } from './ports';

export interface Job {
  /** Names the step on its host, over attempts: `<cluster uid>-<n>-<step>`. */
  readonly id: string;
  /** What a person reads. */
  readonly title: string;
  /** Bash; or how to make it, asked only when the job has to be started: what it mints would else be minted in vain. */
  readonly script: string | (() => Promise<string>);
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  /** Counted from the job's start, not from this call. */
  readonly timeoutMs: number;
  readonly scope: Scope;
  /** When the job has failed so often (1: at the first failure) a person has to decide. */
  readonly maxFailures: number;
}

type State = 'absent' | 'running' | 'done' | 'failed' | 'over' | 'vanished';
interface Seen {
  readonly state: State;
  readonly generation: number;
  readonly code: number | undefined;
  readonly ageMs: number;
  readonly failures: number;
}

const TAIL_LINES = 15;

/**
 * Runs a long command so that it outlives the connection and this process: detached, with log and exit code on the host.
 * A call finds what an earlier one left: it follows the job that runs, returns at once when it is done, and reports a
 * failure that nobody was told of. Only then, or when the job vanished with a reboot, the next generation is started.
 *
 * Throws CommandFailed (the next call tries again), NeedsDecision after `maxFailures`, CommandTimedOut with the job ended,
 * CancelledFailure with the job ended, and Disconnected with the job going on. When Temporal stops this attempt for
 * another reason than a cancel (shutdown, pause, lost heartbeats) the job goes on too: the next attempt finds it.
 */
export async function runJob(session: Session, job: Job): Promise<{ generation: number }> {
  const id = job.id.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const named = { ...job, id };
  let seen = await session.run({ title: `${job.title}: look`, script: lookScript(id), parse: readSeen });
  if (seen.state === 'done') return { generation: seen.generation };
  if (seen.state === 'absent' || seen.state === 'over' || seen.state === 'vanished') seen = await start(session, named);

  if (seen.state === 'running' && seen.ageMs > 2_000) job.scope.log(`${job.title} runs since ${Math.round(seen.ageMs / 1000)} s: following it`);
  const tail = await follow(session, named, seen);
  return finish(session, named, tail);
}

async function start(session: Session, job: Job): Promise<Seen> {
  const script = typeof job.script === 'string' ? job.script : await job.script();
  return session.run({
    title: `${job.title}: start`, script: startScript(job.id), stdin: jobEnvironment + exportLines(job.env ?? {}) + script + jobEnd,
    changes: true, secrets: job.secrets ?? [], parse: readSeen,
  });
}

/** Follows the log to the end of the job. Gives the last lines. */
async function follow(session: Session, job: Job, seen: Seen): Promise<string[]> {
  const tail: string[] = [];
  const hear = (line: string): void => {
    job.scope.log(line);
    if (line.trim() !== '') tail.push(line.slice(0, 500));
    if (tail.length > TAIL_LINES) tail.shift();
  };
  try {
    await session.follow({
      title: job.title, script: followScript(job.id, seen.generation), secrets: job.secrets ?? [],
      timeoutMs: Math.max(job.timeoutMs - seen.ageMs, 1),
    }, hear);
    return tail;
  } catch (error) {
    if (error instanceof ClusterError && error.type === 'CommandTimedOut') {
      // It may have ended in the very same moment; then its own exit code counts.
      const left = await end(session, job, 'timeout');
      if (left.state === 'done' || left.state === 'failed') return tail;
      throw new ClusterError('CommandTimedOut', `${job.title} did not end within ${Math.round(job.timeoutMs / 1000)} s on ${session.host}, and was ended there${lastOf(tail)}`, {
        host: session.host, command: job.title, tail, todo: `look at the last lines for what it waited for on ${session.host}, then try again`,
      }, { cause: error });
    }
    if (error instanceof CancelledFailure && isCancel(job.scope.signal)) await end(session, job, 'cancelled');
    throw error;
  }
}

const end = (session: Session, job: Job, why: 'cancelled' | 'timeout'): Promise<Seen> => session.run({
  title: `${job.title}: end`, script: endScript(job.id, why), changes: true, cleanup: true, parse: readSeen,
});

/** Reads how the job ended, and marks a failure as reported: the next call is a new try. */
async function finish(session: Session, job: Job, tail: readonly string[]): Promise<{ generation: number }> {
  const seen = await session.run({ title: `${job.title}: result`, script: reportScript(job.id), parse: readSeen });
  if (seen.state === 'done') return { generation: seen.generation };
  if (seen.state !== 'failed' || seen.code === undefined) {
    // Rebooted, killed, or ended by somebody else: the next call sees what is left and starts anew.
    throw new ClusterError('Disconnected', `${job.title} vanished on ${session.host}: the host was restarted, or somebody ended it`, {
      host: session.host, command: job.title, tail, todo: 'nothing: it is started again',
    });
  }
  const message = `${job.title} failed on ${session.host} with exit code ${seen.code}${seen.failures > 1 ? `, for the ${seen.failures}. time` : ''}${lastOf(tail)}`;
  const details = { host: session.host, command: job.title, exitCode: seen.code, tail };
  if (seen.failures >= job.maxFailures) {
    throw new ClusterError('NeedsDecision', message, { ...details, todo: `mend the cause on ${session.host} (keelson logs has all of its output), then retry` });
  }
  throw new ClusterError('CommandFailed', message, { ...details, todo: `it is tried again by itself; if it fails again, mend the cause on ${session.host} (keelson logs has all of its output)` });
}

const lastOf = (tail: readonly string[]): string => (tail.length === 0 ? '' : `: ${tail.at(-1)}`);

const states: ReadonlySet<string> = new Set<State>(['absent', 'running', 'done', 'failed', 'over', 'vanished']);

/** Reads what the scripts of a job say of it; throws an Error for anything else. */
export function readSeen({ stdout }: CommandResult): Seen {
  const [state = '', generation, code, age, failures] = stdout.trim().split('\n').at(-1)?.split(' ') ?? [];
  if (!states.has(state) || ![generation, age, failures].every((one) => /^-?\d{1,15}$/.test(one ?? '')) || !/^(-|\d{1,3})$/.test(code ?? '')) throw new Error('no state of a job');
  return {
    state: state as State,
    generation: Number(generation),
    code: code === '-' ? undefined : Number(code),
    ageMs: Math.max(Number(age), 0) * 1000,
    failures: Number(failures),
  };
}
