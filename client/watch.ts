import type { OperationStatus } from '../domain/status';
import type { Accepted } from '../workflows/messages';
import { Approving } from './agree';
import { exitCodeFor, exitCodes } from './exit-codes';
import { keepHistory } from './keep-histories';
import type { KeelsonClient } from './keelson-client';
import { LeftAtQuestion } from './left-at-question';
import type { OperationEnd } from './operation';
import { createScreen } from './screen';
import { actorOf, type CommonFlags, isEmbedded } from './session';
import { renderChanges, renderEnd, renderTable } from './view';

export interface WatchOptions {
  readonly json: boolean;
  /** Stay when the operation waits for a person; on a terminal this is always so. */
  readonly wait: boolean;
  /** The embedded server is used: no archive but ours keeps its histories. */
  readonly embedded: boolean;
  /** The request joined an operation that was parked and has told it to try again. */
  readonly attached?: boolean;
  /** Who approves, where a plan waits for it and the person agrees. */
  readonly by?: string;
  /** Whatever waits for approval is approved. */
  readonly yes?: boolean;
}

/** How the flags say to show an operation. */
export const watching = (flags: CommonFlags & { readonly wait?: boolean }): WatchOptions =>
  ({ json: flags.json ?? false, wait: flags.wait ?? false, embedded: isEmbedded(flags) });

/** The same for commands by which a person wants something: their --yes approves what a plan waits for. */
export const watchingOurs = (flags: CommonFlags & { readonly wait?: boolean }, attached: boolean): WatchOptions =>
  ({ ...watching(flags), ...actorOf(flags), ...(flags.yes ? { yes: true } : {}), attached });

/** A word to try again may take so long to arrive; an older wait is not ours. */
const retryArrivesWithinMs = 15_000;

/**
 * Shows an operation until it ends, and gives the exit code. Ctrl-C leaves the view, never the operation. Without a
 * terminal it ends as well when only parked work is left.
 */
export async function watchOperation(client: KeelsonClient, which: Accepted | string, options: WatchOptions): Promise<number> {
  const operation = client.operation(which);
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  const newView = (): View => (options.json ? jsonView() : process.stdout.isTTY ? liveView() : plainView());
  let view = newView();
  const parked = parkedSinceUs(options);
  const approving = new Approving(client, options);
  let last: OperationStatus | undefined;
  const follow = (): Promise<OperationEnd | undefined> => operation.follow({
    signal: leaving.signal,
    onStatus: (status) => view.show((last = status)),
    enough: (status) => approving.asks(status) || (!options.wait && !process.stdout.isTTY && parked(status) && !approving.answered(status)),
  });
  try {
    let end = await follow();
    while (!end && !leaving.signal.aborted && last && approving.asks(last)) {
      view.close();
      if (!(await approving.answer(last))) break;
      view = newView();
      end = await follow();
    }
    view.end(last, end);
    if (end && options.embedded) await keep(client, operation.workflowId);
    if (end) return exitCodeFor(end.outcome, { ...end, untouched: last?.planned === undefined });
    if (leaving.signal.aborted) sayGoodbye(operation.workflowId);
    return leaving.signal.aborted ? exitCodes.left : exitCodes.parked;
  } catch (error) {
    if (!(error instanceof LeftAtQuestion)) throw error;
    sayGoodbye(operation.workflowId);
    return exitCodes.left;
  } finally {
    view.close();
    process.removeListener('SIGINT', leave);
  }
}

/** Failing at that fails nothing else. */
async function keep(client: KeelsonClient, workflowId: string): Promise<void> {
  const [, cluster, name] = workflowId.split('/');
  try {
    if (cluster && name) await keepHistory(client, cluster, name);
  } catch (error) {
    toStderr(`the history of ${workflowId} was not kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whether it waits for a person now, and not only until our own word to try again has arrived. */
function parkedSinceUs({ attached = false }: WatchOptions): (status: OperationStatus) => boolean {
  const began = Date.now();
  let before: string | undefined;
  let first = true;
  return ({ waiting }) => {
    if (first && attached) before = waiting?.since;
    first = false;
    return waiting !== undefined && (waiting.since !== before || Date.now() - began > retryArrivesWithinMs);
  };
}

interface View {
  show(status: OperationStatus): void;
  end(status: OperationStatus | undefined, end: OperationEnd | undefined): void;
  close(): void;
}

const toStderr = (line: string): void => void process.stderr.write(`${line}\n`);

function plainView(): View {
  let before: OperationStatus | undefined;
  return {
    show(status) {
      for (const line of renderChanges(before, status)) console.log(line);
      before = status;
    },
    end: printEnd,
    close: () => undefined,
  };
}

function liveView(): View {
  const screen = createScreen(process.stdout);
  let status: OperationStatus | undefined;
  const draw = (): void => {
    if (status) screen.draw(renderTable(status, { now: new Date().toISOString(), width: process.stdout.columns || 100, color: !process.env['NO_COLOR'] }));
  };
  const timer = setInterval(draw, 500);
  return {
    show(next) {
      for (const note of next.notes) if (!status?.notes.includes(note)) above(note);
      status = next;
      draw();
    },
    end(last, end) {
      clearInterval(timer);
      draw();
      screen.leave();
      printEnd(last, end);
    },
    close: () => clearInterval(timer),
  };

  /** A line that stays, above what is drawn again. */
  function above(line: string): void {
    screen.draw([]);
    console.log(line);
  }
}

function jsonView(): View {
  let last: OperationStatus | undefined;
  return {
    show: (status) => void (last = status),
    end: (_status, end) => console.log(JSON.stringify({ ...(end ?? {}), status: last }, undefined, 2)),
    close: () => undefined,
  };
}

function printEnd(status: OperationStatus | undefined, end: OperationEnd | undefined): void {
  if (!end) return;
  if (status) for (const line of renderEnd(status)) console.log(line);
  // The status lacks the last word when the operation was ended from outside.
  if (!status?.endedAt) console.log(`${end.outcome.toLowerCase()}: ${end.message}`);
}

function sayGoodbye(workflowId: string): void {
  const cluster = workflowId.split('/')[1] ?? '';
  toStderr(`\nThe operation goes on. \`keelson watch ${cluster}\` comes back to it, \`keelson cancel ${cluster}\` ends it.`);
}
