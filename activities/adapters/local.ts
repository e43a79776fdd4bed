import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { HostTarget } from '../../domain/cluster';
import { ClusterError } from '../../domain/errors';
import { loaderWords } from './shell/loader';
import type { Machine, Process } from './shell/machine';

/** How long output that something in the background holds open is waited for after the program's end. */
const LINGER_MS = 1_000;

/** This machine, for a host that is where Keelson runs: as root, or with sudo that asks for no password. */
export async function localMachine(target: HostTarget): Promise<Machine> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n', '-H'];
  if (prefix.length > 0) await probe(target);
  return {
    host: target.id,
    hostKey: '',
    fingerprint: '',
    secrets: [],
    start: ({ limitMs }) => Promise.resolve(start([...prefix, ...loaderWords(limitMs)])),
  };
}

async function probe(target: HostTarget): Promise<void> {
  const check = start(['sudo', '-n', 'true']);
  check.stdin.end();
  if (await check.exit.catch(() => 127) === 0) return;
  throw new ClusterError('SudoDenied', `${target.id} is this machine, and Keelson cannot become root on it`, {
    host: target.id, command: 'sudo', todo: 'run Keelson as root, or allow sudo without a password; KEELSON_LOCAL=0 goes by SSH instead',
  });
}

function start([file = 'bash', ...args]: readonly string[]): Process {
  // Detached: a Ctrl-C in the terminal is for Keelson, not for what it does on this machine.
  const child = spawn(file, args, { stdio: 'pipe', detached: true, cwd: '/' });
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      const status = code ?? 128 + (signal ? constants.signals[signal] : 0);
      const linger = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LINGER_MS);
      child.on('close', () => {
        clearTimeout(linger);
        resolve(status);
      });
    });
  });
  exit.catch(() => undefined);
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, abandon: () => { child.stdin.destroy(); } };
}
