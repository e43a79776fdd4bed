import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command, CommandResult } from '../../domain/command';
import { ClusterError } from '../../domain/errors';
import { writeTar } from '../../activities/adapters/write-tar';
import type { Scope, Session, TreeEntry } from '../../activities/ports';

/** A session on this machine that runs real bash: what a host would do, in a folder of the test. */
export class LocalSession implements Session {
  readonly host = 'local';
  readonly hostKey = '';
  readonly fingerprint = '';
  /** Titles of what ran, in order. */
  readonly titles: string[] = [];
  /** Bytes that went through feed(). */
  fedBytes = 0;
  /** Cuts the next stream after so many bytes, as a lost link does. */
  cutAfter: number | undefined;

  async run<T = string>(command: Command<T>): Promise<T> {
    return this.execute(command, [Buffer.from(command.stdin ?? '')]);
  }

  async feed<T = string>(command: Command<T>, source: AsyncIterable<Buffer>): Promise<T> {
    const cutAfter = this.cutAfter;
    this.cutAfter = undefined;
    return this.execute(command, source, cutAfter);
  }

  async send(command: Command, entries: readonly TreeEntry[]): Promise<void> {
    await this.feed(command, writeTar(entries));
  }

  async fetch(): Promise<void> {
    throw new Error('not needed here');
  }

  async follow(): Promise<CommandResult> {
    throw new Error('not needed here');
  }

  private async execute<T>(command: Command<T>, input: AsyncIterable<Buffer> | Iterable<Buffer>, cutAfter = Infinity): Promise<T> {
    this.titles.push(command.title);
    const child = spawn('bash', ['--norc', '-c', command.script], { env: { ...process.env, ...command.env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => err.push(piece));
    child.stdin.on('error', () => undefined);
    const closed = once(child, 'close');
    let room = cutAfter;
    for await (const piece of input) {
      const part = piece.subarray(0, Math.min(room, piece.length));
      this.fedBytes += part.length;
      room -= part.length;
      if (!child.stdin.write(part)) await Promise.race([once(child.stdin, 'drain').catch(() => closed), closed]);
      if (room === 0) break;
    }
    child.stdin.end();
    const [code] = (await closed) as [number];
    if (room === 0) throw new ClusterError('Disconnected', 'the link was cut', { command: command.title });
    const result = { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
    if (!(command.okCodes ?? [0]).includes(code)) {
      throw new ClusterError('CommandFailed', `${command.title} ended with ${code}: ${result.stderr}`, { exitCode: code });
    }
    return command.parse ? command.parse(result) : (result.stdout as T);
  }
}

/** A scope that nobody watches. */
export const quietScope = (signal: AbortSignal = new AbortController().signal): Scope => ({
  cluster: 'test', uid: 'u', n: 1, operation: 'init-1', stage: 'MountRootfs', attempt: 1, signal,
  beat: () => undefined, log: () => undefined,
});
