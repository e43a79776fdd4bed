import type { Client } from '@temporalio/client';
import { type FleetHost, leftBehind, observe, pick, seeded } from '../../testing';
import { patiently } from '../temporal/cluster-under-test';
import { randomFaults } from './random-faults';
import { commands, type Stand, version } from './stand';

export interface Figures {
  readonly installs: number;
  readonly succeeded: number;
  /** Said to have succeeded, and a post-condition did not hold. */
  readonly falseSuccesses: readonly string[];
  /** How those that did not succeed ended. */
  readonly failures: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  /** Attempts of activities beyond the first, and work that was tried again after a pause. */
  readonly retries: number;
  readonly commands: number;
  readonly seconds: number;
}

export interface Wanted {
  readonly installs: number;
  /** Of commands that go wrong, 0 to 1. */
  readonly rate: number;
  readonly seed: number;
  readonly parallel: number;
  /** Longest time for one install, milliseconds. */
  readonly withinMs: number;
  /** Told after each install. */
  progress?(figures: { done: number; failed: number }): void;
  /** Told at once what went wrong with one: a run of hours need not be over for somebody to look into it. */
  wrong?(words: string): void;
}

const shapes = [[1, 0], [1, 1], [1, 2], [3, 0], [3, 1]] as const;

/** Clusters that are made while commands fail by chance, and what an observer says of each. */
export async function faultyInstalls(stand: Stand, { installs, rate, seed, parallel, withinMs, progress, wrong: tell }: Wanted): Promise<Figures> {
  const random = seeded(seed);
  const faults = new Map<string, number>();
  const failures: string[] = [];
  const falseSuccesses: string[] = [];
  let [succeeded, retries, asked, begun, done] = [0, 0, 0, 0, 0];
  const plan = randomFaults(random, rate, (what) => faults.set(what, (faults.get(what) ?? 0) + 1));
  stand.fleet.plans.push((moment) => { asked += 1; return plan(moment); });
  const started = Date.now();

  const one = async (number: number): Promise<void> => {
    const [controlPlanes, workers] = pick(random, shapes);
    const made = await stand.cluster(controlPlanes, workers);
    const { cluster, spec } = made;
    // Not converge(): it asks the entity over and over, and a busy Temporal worker answers late.
    const work = cluster.apply(spec).then(({ operation }) => cluster.end(operation));
    const ended = await within(work, withinMs);
    if (ended?.outcome !== 'Success') {
      const status = await cluster.status('init-1').catch(() => undefined);
      failures.push(`install ${number}: ${ended ? `${ended.outcome}: ${ended.message}` : `not within ${withinMs / 1000} s; waits for ${status?.waiting?.message ?? JSON.stringify(status?.stages.flatMap(({ name, jobs }) => jobs.filter(({ state }) => state === 'running').map(({ host }) => `${name} ${host ?? ''}`)))}`}`);
      await cluster.entity.terminate('too long').catch(() => undefined);
      // Nobody may still ask the server when the stand is closed.
      await within(work, 10_000).catch(() => undefined);
    } else {
      succeeded += 1;
      const wrong = [...observe({ name: cluster.name, version, ...made, commands }), ...await staysBehind(made.hosts)];
      if (wrong.length > 0) falseSuccesses.push(`install ${number}: ${wrong.join('; ')}`);
    }
    const said = [failures, falseSuccesses].flat().find((words) => words.startsWith(`install ${number}:`));
    if (said !== undefined) tell?.(said);
    retries += await retriesOf(stand.client, cluster.operation('init-1').workflowId);
    await stand.fleet.remove(made.hosts);
    done += 1;
    progress?.({ done, failed: failures.length + falseSuccesses.length });
  };
  const lane = async (): Promise<void> => { while (begun < installs) await one(begun += 1); };
  await Promise.all(Array.from({ length: parallel }, lane));
  stand.fleet.plans.pop();
  return { installs, succeeded, falseSuccesses, failures, faults, retries, commands: asked, seconds: (Date.now() - started) / 1000 };
}

/**
 * What outlives the install. A command that never answers is ended when whoever waited gives it up; one whose link broke
 * while it hung has nobody to end it but its own limit on the host, a quarter of a minute later.
 */
async function staysBehind(hosts: readonly FleetHost[]): Promise<string[]> {
  const left = (): string[] => leftBehind(hosts);
  for (const end = Date.now() + 30_000; left().length > 0 && Date.now() < end;) await new Promise((resolve) => { setTimeout(resolve, 100); });
  return left().map((what) => `there still is ${what}`);
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => resolve(undefined), ms); });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** From the history: attempts beyond the first, and activities that were scheduled once more after a pause. Looks left out. */
async function retriesOf(client: Client, workflowId: string): Promise<number> {
  const { events } = await patiently(() => client.workflow.getHandle(workflowId).fetchHistory());
  const scheduled = new Map<string, number>();
  let retries = 0;
  for (const { activityTaskStartedEventAttributes: started, activityTaskScheduledEventAttributes: task } of events ?? []) {
    if (started) retries += (started.attempt ?? 1) - 1;
    const id = task?.activityId ?? '';
    if (task && !/^(Check|PreProcess)\//.test(id)) scheduled.set(id, (scheduled.get(id) ?? 0) + 1);
  }
  return retries + [...scheduled.values()].reduce((sum, times) => sum + times - 1, 0);
}

/** The figures for people. */
export function words({ installs, succeeded, falseSuccesses, failures, faults, retries, commands: asked, seconds }: Figures): string {
  const injected = [...faults.values()].reduce((sum, count) => sum + count, 0);
  return [
    `${succeeded} of ${installs} installs succeeded (${(100 * succeeded / installs).toFixed(2)} %), ${falseSuccesses.length} false successes`,
    `${injected} faults in ${asked} commands (${(100 * injected / asked).toFixed(1)} %), ${retries} retries (${(retries / installs).toFixed(1)} for each install)`,
    `${seconds.toFixed(0)} s, ${(installs / seconds).toFixed(2)} installs a second`,
    ...[...faults].sort(([, a], [, b]) => b - a).map(([what, count]) => `  ${count} ${what}`),
    ...failures.map((line) => `FAILED ${line}`),
    ...falseSuccesses.map((line) => `FALSE SUCCESS ${line}`),
  ].join('\n');
}
