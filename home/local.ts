import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../domain/errors';
import { backgroundEnvironment, freePort, startInBackground, tailOf } from './background';
import { databaseFile, homeDir, localDir, pidFile, processFile, processLogFile, startLockFile } from './paths';
import { endProcess, isAlive, readPidFile, removePidFile, writePidFile, type ProcessMark, type ProcessRecord } from './pid-file';
import { withStartLock } from './start-lock';

/** The embedded Temporal: a development server and a Temporal worker that live in the background until `keelson local stop`. */

export interface LocalPlace {
  /** Folder of the compiled programs: `workers/main.js` lies below it. */
  readonly programs: string;
  readonly version: string;
  readonly buildHash: string;
  /** Histories are to be encrypted (KEELSON_ENCRYPT_HISTORY). One that encrypts already is kept by who does not ask for it. */
  readonly encrypts: boolean;
  /** Where to listen the first time, or next to it where that is taken. Default 17233, and 18233 for the UI. */
  readonly ports?: { readonly server: number; readonly ui: number };
}

/** What only a Temporal client can tell; handed in, as this folder speaks no gRPC. */
export interface LocalProbe {
  /** The path of the `temporal` program. Throws, saying how to get one. */
  findTemporal(): string;
  /** Whether the server answers; sets up its namespace. */
  isServing(address: string): Promise<boolean>;
  /** Whether the Temporal worker with this pid polls. */
  isPolling(address: string, pid: number): Promise<boolean>;
  /** Ids of the operations that run. */
  runningOperations(address: string): Promise<readonly string[]>;
  /** A line for the person who waits. */
  say(line: string): void;
}

export interface Local {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** URL of the Temporal UI. */
  readonly ui: string;
  readonly server?: ProcessRecord;
  readonly worker?: ProcessRecord;
}

const preferred = { server: 17_233, ui: 18_233 };
/** Where `keelson codec` listens, by preference. */
export const codecPort = 18_733;
const startWithinMs = 60_000;
/** Both of them, one after the other. */
const longestStartMs = 2 * startWithinMs;

/** What runs now, without starting anything. `address` is that of the last server, if there was one. */
export function findLocal(): Local {
  const server = readPidFile(pidFile('server'));
  const worker = readPidFile(pidFile('worker'));
  const ports = server?.ports ?? lastPorts();
  return {
    address: `127.0.0.1:${ports.server}`, ui: `http://127.0.0.1:${ports.ui}`,
    ...(server ? { server } : {}), ...(worker ? { worker } : {}),
  };
}

/**
 * Makes sure that server and Temporal worker run, of this build; starts what is missing or dead. Several callers at
 * once: one starts, the others wait. `died`: only what has died is started, never what was stopped meanwhile. Throws an Error
 * with the tail of the log when one does not come up within a minute, and ClusterBusy when the Temporal worker is of another
 * build while an operation runs.
 */
export async function ensureLocal(place: LocalPlace, probe: LocalProbe, { died = false }: { died?: boolean } = {}): Promise<Local> {
  const now = findLocal();
  if (isComplete(now, place)) return now;
  mkdirSync(localDir(), { recursive: true, mode: 0o700 });
  return withStartLock(startLockFile(), longestStartMs, async () => {
    if (died && !hasDied()) return findLocal();
    if (!findLocal().server) await startServer(place, probe);
    const local = findLocal();
    if (local.worker && !isComplete(local, place)) await retireWorker(local, place, probe);
    if (!findLocal().worker) await startWorker(place, local, probe);
    return findLocal();
  });
}

const isComplete = ({ server, worker }: Local, { buildHash, encrypts }: LocalPlace): boolean =>
  server !== undefined && worker !== undefined && worker.buildHash === buildHash && (worker.encrypts === true || !encrypts) && worker.ports?.server === server.ports?.server;

/**
 * Whether one of the two has died: it has a record, and its process is gone. What was stopped has no record, and one that has not
 * both is just being started or stopped by somebody.
 */
export function hasDied(): boolean {
  const { server, worker } = findLocal();
  return hasRecord('server') && hasRecord('worker') && !(server && worker);
}

const hasRecord = (name: 'server' | 'worker'): boolean => existsSync(processFile(name));

/** Ends the Temporal worker and the server, after whoever starts them just now. Gives the pids that were ended. */
export async function stopLocal(): Promise<number[]> {
  if (!existsSync(localDir())) return [];
  return withStartLock(startLockFile(), longestStartMs, async () => {
    const ended: number[] = [];
    // The Temporal worker first: it hands its work back while there is a server to hand it to.
    for (const name of ['worker', 'server'] as const) {
      const record = readPidFile(pidFile(name));
      if (record) {
        await endProcess(record, 15_000);
        ended.push(record.pid);
      }
      removePidFile(pidFile(name));
    }
    return ended;
  });
}

async function startServer(place: LocalPlace, probe: LocalProbe): Promise<void> {
  const program = probe.findTemporal();
  probe.say('Starting the Temporal server in the background');
  const before = lastPorts(place.ports);
  const ports = { server: await freePort(before.server), ui: await freePort(before.ui) };
  const args = [
    'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.server), '--ui-port', String(ports.ui),
    '--db-filename', databaseFile(), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL',
    '--log-level', 'warn', '--log-format', 'json',
    '--dynamic-config-value', 'system.enableActivityEagerExecution=true',
    ...(place.encrypts ? ['--ui-codec-endpoint', `http://127.0.0.1:${codecPort}`] : []),
  ];
  const log = processLogFile('server');
  // The garbage collector's aim: installs of a few hosts stay far below the limit with it.
  const env = { ...backgroundEnvironment(process.env), GOMEMLIMIT: '160MiB' };
  const mark = await startInBackground(program, args, { log, cwd: homeDir(), env });
  const record = { ...mark, ...origin(place), ports };
  writePidFile(pidFile('server'), record);
  await untilReady(mark, 'Temporal server', log, () => probe.isServing(`127.0.0.1:${ports.server}`));
}

async function startWorker(place: LocalPlace, { address, server }: Local, probe: LocalProbe): Promise<void> {
  probe.say('Starting the Temporal worker in the background');
  const log = processLogFile('worker');
  const env = {
    ...backgroundEnvironment(process.env),
    KEELSON_HOME: homeDir(), KEELSON_EMBEDDED: '1', KEELSON_ENCRYPT_HISTORY: place.encrypts ? '1' : '0', TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default',
  };
  const args = ['--max-old-space-size=256', join(place.programs, 'workers', 'main.js')];
  const mark = await startInBackground(process.execPath, args, { log, cwd: homeDir(), env });
  writePidFile(pidFile('worker'), { ...mark, ...origin(place), ...(place.encrypts ? { encrypts: true } : {}), ...(server?.ports ? { ports: server.ports } : {}) });
  await untilReady(mark, 'Temporal worker', log, () => probe.isPolling(address, mark.pid));
}

/** A Temporal worker of another build, or one that writes in clear what shall be encrypted, goes, unless it is in the middle of something. */
async function retireWorker({ address, worker, server }: Local, { buildHash }: LocalPlace, probe: LocalProbe): Promise<void> {
  if (!worker) return;
  const why = worker.buildHash === buildHash ? 'writes histories in clear' : 'is of another build of Keelson';
  const running = worker.ports?.server === server?.ports?.server ? await probe.runningOperations(address) : [];
  if (running.length > 0) {
    throw new ClusterError(
      'ClusterBusy',
      `the Temporal worker in the background ${why} (${worker.version}, since ${worker.startedAt}) and runs ${running.join(', ')}`,
      { todo: 'let the operation end first, or replace it at once with `keelson local stop && keelson local start`: the operation goes on where it was' },
    );
  }
  probe.say(`Replacing the Temporal worker: it ${why}`);
  await endProcess(worker, 15_000);
  removePidFile(pidFile('worker'));
}

const origin = ({ version, buildHash }: LocalPlace) => ({ startedAt: new Date().toISOString(), version, buildHash });

async function untilReady(mark: ProcessMark, what: string, log: string, isReady: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + startWithinMs;
  while (!(await isReady())) {
    const ended = !isAlive(mark);
    if (ended || Date.now() > until) {
      const said = tailOf(log, 5).join('\n  ');
      throw new Error(`the ${what} ${ended ? 'ended at once' : `does not answer after ${startWithinMs / 1000} s`}; the end of ${log}:\n  ${said}`);
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** The ports of the last server, so that addresses people have noted stay right. */
function lastPorts(first = preferred): { server: number; ui: number } {
  try {
    const { ports } = JSON.parse(readFileSync(processFile('server'), 'utf8')) as ProcessRecord;
    return ports ?? first;
  } catch {
    return first;
  }
}
