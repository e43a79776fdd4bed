import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { packingCodec } from '../../home/packing-codec';
import { freePort } from '../../testing/free-port';
import { findServer } from '../temporal/env';

/** A Temporal server of one's own with its database in a file, so that it can be killed and started again. */
export class TemporalServer {
  private constructor(readonly port: number, private readonly dir: string, private child: ChildProcess) {}

  static async start(dir: string): Promise<TemporalServer> {
    for (let tries = 1; ; tries += 1) {
      const port = await freePort();
      const server = new TemporalServer(port, dir, launch(port, dir));
      try {
        await server.ready();
        return server;
      } catch (error) {
        // Between the look for a free port and its use somebody else may take it.
        if (tries === 3) throw error;
      }
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** As a power cut, for this process. */
  async kill(): Promise<void> {
    await ended(this.child, 'SIGKILL');
  }

  async again(): Promise<void> {
    this.child = launch(this.port, this.dir);
    await this.ready();
  }

  async client(): Promise<Client> {
    return new Client({ connection: await Connection.connect({ address: this.address }), dataConverter: { payloadCodecs: [packingCodec()] } });
  }

  async ready(): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null) throw new Error('the Temporal server ended at once');
      const connection = await Connection.connect({ address: this.address, connectTimeout: '1s' }).catch(() => undefined);
      const serves = await connection?.workflowService.describeNamespace({ namespace: 'default' }).then(() => true, () => false);
      await connection?.close();
      if (serves) return;
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }
}

function launch(port: number, dir: string): ChildProcess {
  const server = findServer({ ...process.env, TEMPORAL_ADDRESS: '' });
  if (!server || !('program' in server)) throw new Error('no program of a Temporal server');
  return spawn(server.program, [
    'server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--headless', '--db-filename', join(dir, 'temporal.db'),
    '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL', '--log-level', 'never',
    '--dynamic-config-value', 'system.enableActivityEagerExecution=true',
  ], { stdio: ['ignore', 'ignore', 'ignore'] });
}

/** Ends a process by a signal and waits until it is gone. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
