import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import { type FaultPlan, Fleet, type FleetHost, type Moment } from '../../testing';
import { taskQueue } from '../../workflows/messages';
import { ClusterUnderTest } from '../temporal/cluster-under-test';
import { ended, TemporalServer } from './temporal';

/** A cluster of simulated hosts, spoken to with the product's own messages. */
export interface Made {
  readonly cluster: ClusterUnderTest;
  readonly hosts: readonly FleetHost[];
  readonly controlPlanes: readonly FleetHost[];
  readonly workers: readonly FleetHost[];
  readonly spec: ClusterSpec;
}

export const version = 'v1.34.2';
export const images = [`fleet/kubernetes:${version}`, 'fleet/network:1', 'fleet/app:1'];
export const commands = ['bash apply.sh network', 'bash apply.sh first', 'bash apply.sh second'];

/** A fleet, a Temporal server and a Temporal worker, each in its place: hosts here, the others in processes of their own. */
export class Stand {
  readonly workers: ChildProcess[] = [];
  #closing = false;

  private constructor(readonly dir: string, readonly fleet: Fleet, readonly server: TemporalServer, public client: Client, private readonly patienceMs: number) {}

  static async start({ patienceMs = Infinity }: { patienceMs?: number } = {}): Promise<Stand> {
    const dir = mkdtempSync(join(tmpdir(), 'keelson-fleet-'));
    const [fleet, server, { code }] = await Promise.all([
      Fleet.start(), TemporalServer.start(dir), bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
    ]);
    writeFileSync(join(dir, 'bundle.js'), code);
    return new Stand(dir, fleet, server, await server.client(), patienceMs);
  }

  /** One more Temporal worker. `address`: where it looks for the server; `patienceMs`: the longest that it waits for a command. */
  work(address = this.server.address, patienceMs = this.patienceMs): ChildProcess {
    const worker = spawn(process.execPath, ['-r', join(__dirname, '..', 'temporal', 'typescript.js'), join(__dirname, 'serve-process.ts')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, KEELSON_HOME: this.dir, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default', KEELSON_PATIENCE_MS: `${patienceMs}` },
    });
    this.workers.push(worker);
    return worker;
  }

  /** One Temporal worker that is started again when it has died, as whoever watches an operation does it. `told` hears of it. */
  keepWorking(told: (how: string) => void): void {
    this.work().once('exit', (code, signal) => {
      if (this.#closing) return;
      told(`the Temporal worker ended (${signal ?? `exit code ${code}`}) and is started again`);
      this.keepWorking(told);
    });
  }

  /** A spec over new hosts. Parked work is tried again at once and without end: what a test waits for is the end. */
  async cluster(controlPlanes: number, workers: number, more: Partial<ClusterSpec> = {}): Promise<Made> {
    const hosts = await this.fleet.add(controlPlanes + workers);
    const spec: ClusterSpec = {
      name: 'x', images, hosts: Fleet.inSpec(hosts, controlPlanes, this.fleet.port), credentials: { default: { user: 'root', password: 'any' } },
      env: [], command: [], configs: [], kubeadm: {}, force: false, policy: { ...defaultPolicy, parkRetry: { times: 1000, firstMs: 50, factor: 1 } }, ...more,
    };
    return { cluster: new ClusterUnderTest(this.client, taskQueue), hosts, controlPlanes: hosts.slice(0, controlPlanes), workers: hosts.slice(controlPlanes), spec };
  }

  /** Until `mend` every command that this says something about goes wrong so. */
  breaks(plan: FaultPlan): { mend(): void } {
    const { plans } = this.fleet;
    plans.push(plan);
    return { mend: () => { if (plans.includes(plan)) plans.splice(plans.indexOf(plan), 1); } };
  }

  /** Commands stop before their effect where a test says so, or after it with nobody told, until `release`. */
  holds(where: (moment: Moment) => boolean, when: 'before' | 'after' = 'before'): { reached: Promise<void>; release(): void } {
    let release = (): void => undefined;
    let arrive = (): void => undefined;
    const until = new Promise<void>((resolve) => { release = resolve; });
    const reached = new Promise<void>((resolve) => { arrive = resolve; });
    const { mend } = this.breaks((moment) => {
      if (!where(moment)) return undefined;
      arrive();
      return { kind: 'hold', when, until };
    });
    return { reached, release: () => { mend(); release(); } };
  }

  /** What was done to a host since the journal had so many entries. */
  effects({ host }: FleetHost, since = 0): string[] {
    return this.fleet.journal.entries.slice(since).filter((entry) => entry.kind === 'effect' && entry.host === host.address).map(({ name }) => name);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.client.connection.close();
    for (const worker of this.workers) {
      worker.kill('SIGCONT');
      await ended(worker, 'SIGKILL');
    }
    await this.server.kill();
    await this.fleet.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
