import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { encodeProgram } from './loader';
import type { Machine, Process, StartOptions } from './machine';

const MOST_NOISE = 64 * 1024;

/** Where the output goes, from the mark on. */
export interface Sinks {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

/** A program under way on a machine. */
export interface Running {
  readonly process: Process;
  readonly exit: Promise<number>;
  /** Its process group; undefined when it ended before it began (see `noise`). */
  readonly group: Promise<number | undefined>;
  /** What came before the program: greetings of login scripts, complaints of sudo. */
  noise(): string;
}

/** Marks the beginning of one program in its outputs: nothing that a login script prints can be like it. */
export const newMark = (): string => `keelson-${randomBytes(8).toString('hex')}`;

/** Starts the loader and gives it the program and `stdin`; leaves stdin open for more when `more` is set. */
export async function launch(
  machine: Machine,
  program: { mark: string; text: string; stdin?: string; more?: boolean },
  sinks: Sinks,
  options: StartOptions,
): Promise<Running> {
  const process = await machine.start(options);
  // A program may end without reading all of its input; its exit code tells the rest.
  process.stdin.on('error', () => undefined);
  const noise: Buffer[] = [];
  let begun = (_group: number | undefined): void => undefined;
  const group = new Promise<number | undefined>((resolve) => {
    begun = resolve;
  });
  afterMark(process.stdout, program.mark, sinks.stdout, () => undefined, () => undefined);
  afterMark(process.stderr, program.mark, sinks.stderr, (text) => begun(Number(text)), (chunk) => {
    if (noise.reduce((sum, { length }) => sum + length, 0) < MOST_NOISE) noise.push(chunk);
  });
  process.exit.then(() => begun(undefined), () => begun(undefined));

  const head = encodeProgram(program.mark, program.text);
  process.stdin.write(program.stdin === undefined ? head : Buffer.concat([head, Buffer.from(program.stdin)]));
  if (program.more !== true) process.stdin.end();
  return { process, exit: process.exit, group, noise: () => Buffer.concat(noise).toString('utf8') };
}

/** Hands what follows the line `<mark>[ text]` to `sink`, and what comes before it to `before`. */
function afterMark(
  stream: Readable, mark: string, sink: (chunk: Buffer) => void, found: (text: string) => void, before: (chunk: Buffer) => void,
): void {
  const needle = Buffer.from(mark);
  let held: Buffer | undefined = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    if (held === undefined) {
      sink(chunk);
      return;
    }
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf(needle);
    const end = at < 0 ? -1 : held.indexOf(0x0a, at);
    if (end < 0) {
      // Noise without an end would fill the memory; a mark is never longer than this.
      const keep = at < 0 ? needle.length + 32 : held.length - at;
      if (held.length > MOST_NOISE + keep) {
        before(held.subarray(0, held.length - keep));
        held = held.subarray(held.length - keep);
      }
      return;
    }
    if (at > 0) before(held.subarray(0, at));
    const rest = held.subarray(end + 1);
    const text = held.subarray(at + needle.length, end).toString('utf8').trim();
    held = undefined;
    found(text);
    if (rest.length > 0) sink(rest);
  });
  stream.on('end', () => {
    if (held !== undefined && held.length > 0) before(held);
  });
  stream.on('error', () => undefined);
}
