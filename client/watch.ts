import type { OperationStatus } from '../domain/status';
import type { Accepted } from '../workflows/messages';
import { writeHistory } from '../home/history';
import { Approving } from './agree';
import { exitCodeFor, exitCodes } from './exit-codes';
import { keepLocalAlive } from './keep-alive';
import type { KeelsonClient } from './keelson-client';
import type { OperationEnd, OperationHandle } from './operation';
import { createScreen } from './screen';
import { renderChanges, renderEnd, renderTable } from './view';

export interface WatchOptions {
  readonly json: boolean;
  /** Stay when the operation waits for a person; on a terminal this is always so. */
  readonly wait: boolean;
  /** The embedded server is ours to keep alive. */
  readonly embedded: boolean;
  /** The request joined an operation that was parked and has told it to try again. */
  readonly attached?: boolean;
  /** Who approves, where a plan waits for it and the person agrees. */
  readonly by?: string;
  /** Whatever waits for approval is approved. */
  readonly yes?: boolean;
}

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
  const stopKeeping = options.embedded ? keepLocalAlive(toStderr) : () => undefined;
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
    if (end && options.embedded) await keepHistory(operation);
    if (end) return exitCodeFor(end.outcome, { ...end, untouched: last?.planned === undefined });
    if (leaving.signal.aborted) sayGoodbye(operation.workflowId);
    return leaving.signal.aborted ? exitCodes.left : exitCodes.parked;
  } finally {
    stopKeeping();
    view.close();
    process.removeListener('SIGINT', leave);
  }
}

/** The embedded server is nobody's archive: what ended is kept in a file. Failing at that fails nothing else. */
async function keepHistory(operation: OperationHandle): Promise<void> {
  const [, cluster, name] = operation.workflowId.split('/');
  try {
    if (cluster && name) writeHistory(cluster, name, await operation.history());
  } catch (error) {
    toStderr(`the history of ${operation.workflowId} was not kept: ${error instanceof Error ? error.message : String(error)}`);
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
    if (status) screen.draw(renderTable(status, { now: new Date().toISOString(), width: process.stdout.columns || 100, color: process.env['NO_COLOR'] === undefined }));
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
