import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { markOf, type ProcessMark } from './pid-file';

/** A log file above this size is moved aside (one generation is kept) when its process starts anew. */
const largestLogBytes = 20_000_000;

/**
 * Starts a program that outlives us: a session of its own, nothing of our terminal, its output in a log file.
 * Throws when the program cannot be started at all.
 */
export async function startInBackground(program: string, args: readonly string[], options: { log: string; cwd: string; env: NodeJS.ProcessEnv }): Promise<ProcessMark> {
  mkdirSync(dirname(options.log), { recursive: true, mode: 0o700 });
  moveAside(options.log);
  const log = openSync(options.log, 'a', 0o600);
  try {
    accessSync(program, constants.X_OK);
    const child = spawn(...guarded(program, args), { detached: true, stdio: ['ignore', log, log], cwd: options.cwd, env: options.env });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid as number));
      child.once('error', reject);
    });
    child.unref();
    return markOf(pid) ?? { pid, startTime: '' };
  } finally {
    closeSync(log);
  }
}

/**
 * The command that becomes the program with core dumps off, for a dump would hold every secret that was open at that
 * moment, and with files for their owner only, for the embedded server makes its database readable to everybody.
 * Node.js can set neither for a child, so a shell does it and is replaced, pid and all.
 */
export const guarded = (program: string, args: readonly string[]): [string, string[]] =>
  ['/bin/sh', ['-c', 'umask 077; ulimit -c 0; exec "$0" "$@"', program, ...args]];

function moveAside(log: string): void {
  try {
    if (statSync(log).size > largestLogBytes) renameSync(log, `${log}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The last lines of a log; empty when there is none. */
export function tailOf(log: string, lines: number): string[] {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines);
  } catch {
    return [];
  }
}

/** The first port from `wanted` on that nobody listens on, at 127.0.0.1. Throws when a hundred in a row are taken. */
export async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 100; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${wanted} and ${wanted + 99} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** What a background process may inherit: no password, no token, no word on another Temporal server. */
export function backgroundEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => needed.has(name) || !(secretName.test(name) || name.startsWith('TEMPORAL_')));
  return Object.fromEntries(kept);
}

/** Paths and sockets whose names only sound like secrets. */
const needed = new Set(['KEELSON_KEY_FILE', 'KEELSON_HOME', 'SSH_AUTH_SOCK', 'REGISTRY_AUTH_FILE']);
const secretName = /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEY$|APIKEY|AUTH/i;
