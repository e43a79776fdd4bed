import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** Where this tier finds its Temporal server: one that runs, or a program to start. */
type Server = { readonly address: string } | { readonly program: string };

/** So long may a server take to start, and the workflows to be bundled, milliseconds. */
export const startsWithinMs = 240_000;

/**
 * TEMPORAL_ADDRESS, TEMPORAL_CLI_PATH, `temporal` on PATH, then what `make temporal` has built. Nothing is downloaded: a
 * test must not depend on a network.
 */
export function findServer(env: NodeJS.ProcessEnv = process.env): Server | undefined {
  if (env.TEMPORAL_ADDRESS) return { address: env.TEMPORAL_ADDRESS };
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keelson', 'temporal');
  const program = [
    ...(env.TEMPORAL_CLI_PATH ? [env.TEMPORAL_CLI_PATH] : []),
    ...(env.PATH ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, 'temporal')),
    ...below(cache).map((version) => join(cache, version, 'temporal')),
  ].find(isProgram);
  return program === undefined ? undefined : { program };
}

/** `describe` for tests with a Temporal server. Without one it says why it is skipped; under CI=true it fails. */
export function withTemporal(name: string, body: () => void): void {
  if (findServer()) return describe(name, body);
  const reason = 'no Temporal server: set TEMPORAL_ADDRESS or TEMPORAL_CLI_PATH, or run `make temporal`';
  if (process.env.CI === 'true') throw new Error(reason);
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, body);
}

/** A server of our own, in memory, or the one that TEMPORAL_ADDRESS names. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } } });
  const server = findServer();
  if (!server) throw new Error('no Temporal server');
  if ('address' in server) return TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  return TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: server.program }, log: { format: 'json', level: 'error' } } });
}

const below = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort().reverse();
  } catch {
    return [];
  }
};

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
