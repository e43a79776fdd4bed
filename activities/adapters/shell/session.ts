import { setMaxListeners } from 'node:events';
import type { Command, CommandResult } from '../../../domain/command';
import { ClusterError } from '../../../domain/errors';
import { fenceDir, stateDir } from '../../../domain/host-paths';
import { appendJournal } from '../../../home/journal';
import { redactor } from '../../../home/redact';
import { cancelled } from '../../cancel';
import type { Scope, Session } from '../../ports';
import { writeTar } from '../write-tar';
import { answerOf } from './answer';
import { counted } from './counted';
import { BUSY, fenceLines, UNNOTED } from './fence';
import { INCOMPLETE, KILLED, endGroup, exportLines, saidBySudo } from './loader';
import type { Machine } from './machine';
import { Capture, Lines, Tail } from './output';
import { pump } from './pump';
import { launch, newMark, type Running } from './running';

const DEFAULT_TIMEOUT_MS = 60_000;
const BEAT_MS = 5_000;
const TAIL_LINES = 15;
/** How long a program gets to say its process group before it is given up. */
const BEGIN_MS = 5_000;
const STOP_TIMEOUT_MS = 20_000;
/** How often a program is told to end: what tells it may get lost, too. */
const STOP_TRIES = 3;
/** How much later than we give a command up its host ends it by itself: as long as we are there it is we who do. */
const GRACE_MS = 15_000;

type Line = (text: string) => void;
/** What goes in and comes out beside the captured text. */
interface Streams {
  readonly source?: AsyncIterable<Buffer>;
  readonly sink?: (piece: Buffer) => void;
  readonly line?: Line;
}
type Ending = { readonly code: number } | 'timeout' | 'cancelled';

/** A session on a machine for one scope: cheap, makes no connection of its own. */
export function createSession(machine: Machine, scope: Scope): Session {
  // Many commands at once hang on one signal: that is no leak.
  setMaxListeners(0, scope.signal);
  const read = <T>(command: Command<T>, result: CommandResult): T => answerOf(machine.host, command, result);
  return {
    host: machine.host,
    hostKey: machine.hostKey,
    fingerprint: machine.fingerprint,
    run: async (command) => read(command, await execute(machine, scope, command)),
    feed: async (command, source) => read(command, await execute(machine, scope, command, { source })),
    send: async (command, entries, options) => {
      await execute(machine, scope, command, { source: counted(writeTar(entries, scope.signal), options?.told) });
    },
    fetch: async (command, sink) => { await execute(machine, scope, command, { sink }); },
    follow: (command, line) => execute(machine, scope, command, { line }),
  };
}

async function execute(
  machine: Machine, scope: Scope, command: Command<unknown>, io: Streams = {},
): Promise<CommandResult> {
  const cancel = command.cleanup === true ? undefined : scope.signal;
  if (cancel?.aborted) throw cancelled(cancel);
  const started = Date.now();
  const entry = {
    at: new Date(started).toISOString(), host: machine.host, stage: scope.stage, attempt: scope.attempt,
    title: command.title, changes: command.changes === true,
  };
  let code: number | undefined;
  const alive = setInterval(() => scope.beat(command.title), BEAT_MS);
  try {
    const result = await perform(machine, scope, command, io, cancel, (value) => { code = value; });
    return result;
  } finally {
    clearInterval(alive);
    appendJournal(scope.cluster, scope.operation, { ...entry, ...(code === undefined ? {} : { code }), ms: Date.now() - started });
  }
}

async function perform(
  machine: Machine, scope: Scope, command: Command<unknown>, io: Streams,
  cancel: AbortSignal | undefined, report: (code: number) => void,
): Promise<CommandResult> {
  const mark = newMark();
  const timeoutMs = command.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const isStep = command.changes === true && command.unfenced !== true;
  const fence = isStep ? fenceLines(mark, scope) : '';
  const text = fence + exportLines(command.env ?? {}) + command.script;

  const cleanOutput = redactor(command.secrets ?? []);
  const clean = redactor([...command.secrets ?? [], ...machine.secrets]);
  const output = { stdout: new Capture(command.keepsBytes), stderr: new Capture() };
  const tail = new Tail(TAIL_LINES);
  const told = new Tail(1);
  const hear = (isData: boolean, isError: boolean): Line => (line) => {
    if (!isData) tail.add(line);
    if (isError) told.add(line);
    const safe = clean(line);
    if (isStep && !isData) scope.log(safe);
    io.line?.(safe);
  };
  // What is parsed is for the program and not for people; and it may be a secret, which an error would take into a history.
  const isData = command.parse !== undefined || command.answerIsSecret === true;
  const lines = { stdout: new Lines(hear(isData, false)), stderr: new Lines(hear(false, true)) };
  let refuse = (_error: unknown): void => undefined;
  const sinkFailed = new Promise<never>((_, reject) => { refuse = reject; });
  sinkFailed.catch(() => undefined);
  const sinkOf = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
    // A file is no text: nothing of it is kept, cut into lines or looked through for secrets.
    if (name === 'stdout' && io.sink) {
      try {
        io.sink(chunk);
      } catch (error) {
        refuse(error);
      }
      return;
    }
    output[name].add(chunk);
    lines[name].add(chunk);
  };

  if (isStep) scope.log(`$ ${command.title}`);
  const more = io.source !== undefined;
  const program = { mark, text, ...(command.stdin === undefined ? {} : { stdin: command.stdin }), more };
  const running = await launch(machine, program, { stdout: sinkOf('stdout'), stderr: sinkOf('stderr') }, {
    urgent: command.cleanup === true, limitMs: timeoutMs + GRACE_MS, ...(cancel ? { signal: cancel } : {}),
  }).catch((error: unknown) => {
    // Cancelled while it waited for its turn or for the connection: nothing was started.
    throw cancel?.aborted ? cancelled(cancel) : error;
  });
  const feeding = io.source && pump(io.source, running.process.stdin, running.exit);

  let ending: Ending;
  const began = Date.now();
  try {
    ending = await Promise.race([endingOf(running, feeding, timeoutMs, cancel), sinkFailed]);
  } catch (error) {
    // The source failed, or whoever takes the output: the program would wait, or go on, for ever. A lost link has nobody to stop any more.
    if (!(error instanceof ClusterError && error.type === 'Disconnected')) await stop(machine, running);
    throw error instanceof ClusterError ? withCommand(error, command, machine.host) : error;
  }
  lines.stdout.done();
  lines.stderr.done();
  // We were asleep, and its host was not.
  if (typeof ending !== 'string' && ending.code === KILLED && Date.now() - began >= timeoutMs) ending = 'timeout';

  const about = { host: machine.host, command: command.title, tail: tail.lines(clean) };
  if (ending === 'cancelled') {
    await stop(machine, running);
    throw cancelled(cancel);
  }
  if (ending === 'timeout') {
    const gone = await stop(machine, running);
    const seconds = Math.round(timeoutMs / 1000);
    throw new ClusterError('CommandTimedOut', clean(`${command.title} did not end within ${seconds} s on ${machine.host}${gone ? '' : ', and could not be ended there'}`), {
      ...about, todo: gone ? `look at the last lines for what it waited for on ${machine.host}` : `look for what is left of it on ${machine.host}`,
    });
  }
  const { code } = ending;
  report(code);
  const result = { code, stdout: cleanOutput(output.stdout.text()), stderr: cleanOutput(output.stderr.text()) };
  const busy = code === BUSY ? new RegExp(`${mark} busy (.*)`).exec(result.stderr)?.[1] : undefined;
  if (busy !== undefined) {
    throw new ClusterError('HostBusy', `${machine.host} already works for ${busy} of ${scope.step ?? scope.stage}; this is operation ${scope.n}, attempt ${scope.attempt}`, {
      host: machine.host, command: command.title, todo: 'nothing, if that one is under way; else look at it with keelson status',
    });
  }
  if (code === UNNOTED && result.stderr.includes(`${mark} unnoted`)) throw unnoted(machine, command, clean(result.stderr.split(`${mark} unnoted`)[0]!));
  if ((await running.group) === undefined) throw notBegun(machine, command, code, clean(running.noise()));
  if ((command.okCodes ?? [0]).includes(code)) return result;
  // The two outputs come on ways of their own, in no certain order; causes stand in the error output.
  const cause = lastLine([...about.tail.slice(-1), ...told.lines(clean)]);
  throw new ClusterError('CommandFailed', clean(`${command.title} failed on ${machine.host} with exit code ${code}${cause}`), {
    ...about, exitCode: code, todo: `mend the cause on ${machine.host}, then try again; all of its output is in keelson logs`,
  });
}

/** Whatever comes first. Rejects with what the source threw, or with Disconnected. */
async function endingOf(
  running: Running, feeding: Promise<void> | undefined, timeoutMs: number, cancel: AbortSignal | undefined,
): Promise<Ending> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const stopped = new Promise<Ending>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
    onAbort = () => resolve('cancelled');
    if (cancel?.aborted) onAbort();
    cancel?.addEventListener('abort', onAbort, { once: true });
  });
  const exited = running.exit.then((code): Ending => ({ code }));
  // Only a failure of the source ends the wait: when all is written the program still has to end.
  const sourceFailed = feeding?.then(() => exited, (error: unknown) => { throw error; });
  try {
    return await Promise.race([exited, stopped, ...(sourceFailed ? [sourceFailed] : [])]);
  } finally {
    clearTimeout(timer);
    cancel?.removeEventListener('abort', onAbort);
  }
}

/** Ends the process group of a program, by another link where this one breaks. True when nothing of it is left. */
async function stop(machine: Machine, running: Running): Promise<boolean> {
  try {
    const group = await Promise.race([running.group, after(BEGIN_MS)]);
    if (group === undefined) return false;
    const signal = AbortSignal.timeout(STOP_TIMEOUT_MS);
    for (let tries = 0; tries < STOP_TRIES && !signal.aborted; tries += 1) {
      if (await ends(machine, group, signal)) return true;
    }
    return false;
  } catch {
    // The program has not even said its group: its link is gone as well.
    return false;
  } finally {
    running.process.abandon();
  }
}

/** False also when nobody could say so. */
async function ends(machine: Machine, group: number, signal: AbortSignal): Promise<boolean> {
  try {
    const ender = await launch(machine, { mark: newMark(), text: endGroup(group) }, { stdout: () => undefined, stderr: () => undefined }, { urgent: true, limitMs: STOP_TIMEOUT_MS, signal });
    return await Promise.race([ender.exit, after(STOP_TIMEOUT_MS)]) === 0;
  } catch {
    return false;
  }
}

const after = (ms: number): Promise<undefined> => new Promise((resolve) => { setTimeout(() => resolve(undefined), ms).unref(); });

/** The loader ended before the program began: no bash, no root, or half a program. */
function notBegun(machine: Machine, command: Command<unknown>, code: number, noise: string): ClusterError {
  const tail = noise.split('\n').filter((line) => line.trim() !== '').slice(-TAIL_LINES);
  const about = { host: machine.host, command: command.title, tail };
  if (saidBySudo.test(noise)) {
    return new ClusterError('SudoDenied', `sudo no longer lets us in on ${machine.host}${lastLine(tail)}`, {
      ...about, todo: `look at the sudo rights on ${machine.host}, and at the password`,
    });
  }
  if (code === INCOMPLETE) {
    return new ClusterError('Disconnected', `the link to ${machine.host} broke before ${command.title} began`, { ...about, todo: 'nothing: it is tried again' });
  }
  return new ClusterError('CommandFailed', `${command.title} could not be started on ${machine.host} (exit code ${code})${lastLine(tail)}`, {
    ...about, exitCode: code, todo: `bash, head and timeout have to be there on ${machine.host}, and a login must be able to run commands`,
  });
}

/** The fence could not be written, so the command was not begun: nobody would know of a newer attempt. */
function unnoted(machine: Machine, command: Command<unknown>, noise: string): ClusterError {
  const tail = noise.split('\n').filter((line) => line.trim() !== '').slice(-TAIL_LINES);
  return new ClusterError('CommandFailed', `${command.title} was not begun on ${machine.host}: its attempt cannot be noted in ${fenceDir}${lastLine(tail)}`, {
    host: machine.host, command: command.title, exitCode: UNNOTED, tail, todo: `see that ${stateDir} can be written and has room on ${machine.host}, then try again`,
  });
}

const lastLine = (tail: readonly string[]): string => {
  const last = tail.at(-1);
  return last === undefined ? '' : `: ${last}`;
};

/** A connection does not know what it was used for; the error should. */
const withCommand = (error: ClusterError, command: Command<unknown>, host: string): ClusterError =>
  new ClusterError(error.type, error.message, { ...error.details, host, command: command.title }, { cause: error });
