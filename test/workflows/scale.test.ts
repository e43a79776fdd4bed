import { gzipSync } from 'node:zlib';
import { type ClusterSpec, defaultPolicy, isControlPlane } from '../../domain/cluster';
import { renderDetails } from '../../domain/details';
import { planCluster } from '../../domain/plan';
import { applyEvent, beginStatus, type JobState, type OperationStatus } from '../../domain/status';
import { again, runJobs } from '../../workflows/run-jobs';
import { hostInput, wholeSlice, type Work } from '../../workflows/work';
import { spentMs } from '../mutated';
import { aCluster, allMarks, aHost, bareFacts, clusterFacts, someImages } from '../fixtures';

/** What an operation on very many hosts has to keep within: 2 MiB in a payload, five seconds in a workflow's task. */
const most = 2 * 1024 * 1024;
const taskMs = 5_000;

jest.setTimeout(120_000);
const now = '2026-01-01T00:00:00.000Z';
const images = someImages();

function fleet(workers: number): ClusterSpec {
  const hosts = Array.from({ length: workers + 3 }, (_, at) => aHost(`10.128.${at >> 8}.${at & 255}`, at < 3 ? 'master' : 'node'));
  return { ...aCluster(1, 0), hosts, policy: { ...defaultPolicy, parallel: 100 } };
}

const spec = fleet(397);
const twice = fleet(1_997);
const bare = spec.hosts.map(({ id }) => bareFacts(id));
const install = planCluster({ spec, images, problems: [], facts: bare });
const workOf = (one: ClusterSpec): Work => ({
  spec: one, images, uid: 'u', n: 1, operation: 'init-1', hostKeys: {}, on: {} as Work['on'], policy: () => one.policy,
  force: false, record: { conditions: [], hostKeys: {}, images: [], created: false }, leftOut: () => [], note: () => undefined,
});

/** Runs a plan on fakes that take no time, with the status that a workflow keeps of it. */
async function run(plan: typeof install, fails: (id: string) => boolean = () => false) {
  let status: OperationStatus = beginStatus('prod', 'init-1', [], now);
  let [events, longestMs, last] = [0, 0, process.cpuUsage()];
  const masters = new Set(spec.hosts.filter(isControlPlane).map(({ id }) => id));
  const states = new Map<string, JobState>();
  const failures = await runJobs({
    plan, states, parallel: () => 100, workersAway: () => 10, held: () => undefined, released: () => Promise.resolve(),
    changed: () => new Promise<void>(() => undefined), cancelled: () => false,
    report: (event) => { events += 1; status = applyEvent(status, event, now); },
    isControlPlane: (id) => masters.has(id), isEarly: ({ image }) => image === images[1]!.digest,
    explain: (error) => ({ reason: 'CommandFailed', message: String(error) }),
    perform: async ({ id }) => {
      // Between two answers of hosts lies what a workflow's task has to work out.
      longestMs = Math.max(longestMs, spentMs(last));
      await new Promise((resolve) => setImmediate(resolve));
      last = process.cpuUsage();
      if (fails(id)) throw new Error(`${id} broke, and said so in ${'very '.repeat(40)}many words`);
    },
  });
  return { failures, states, status, events, longestMs };
}

test('an install of 400 hosts: each job runs once, and no task takes seconds', async () => {
  expect(install.jobs.length).toBeGreaterThan(1_200);
  const { failures, states, status, longestMs } = await run(install);
  expect(failures).toEqual([]);
  expect([...states.values()].every((state) => state === 'done')).toBe(true);
  expect(longestMs).toBeLessThan(taskMs);
  expect(gzipSync(JSON.stringify(status)).length).toBeLessThan(most / 8);
  expect(renderDetails(status)).toContain('| Join | ✔ 399 |');
});

test('an upgrade of 400 hosts, ten workers away at once', async () => {
  const done = allMarks(spec, images);
  const facts = spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [], joined: true, claim: { cluster: 'default', uid: 'u' }, kubeletVersion: 'v1.33.13' }));
  const plan = planCluster({ spec, images, problems: [], facts, cluster: clusterFacts(spec.hosts, done)! });
  expect(plan.jobs.filter(({ stage }) => stage === 'Upgrade').length).toBe(401);
  const { failures, states, longestMs } = await run(plan);
  expect(failures).toEqual([]);
  expect([...states.values()].every((state) => state === 'done')).toBe(true);
  expect(longestMs).toBeLessThan(taskMs);
});

test('hosts that all fail alike are counted, and a few are named', async () => {
  const { failures, status, states } = await run(install, (id) => id.startsWith('Join/') || id.startsWith('Bootstrap/10.128.1.'));
  expect(failures.length).toBeGreaterThan(250);
  const condition = status.conditions.find(({ type }) => type === 'Join')!;
  expect(condition.message).toMatch(/ and \d+ more$/);
  expect(condition.message.length).toBeLessThan(20_000);
  expect(gzipSync(JSON.stringify(status)).length).toBeLessThan(most / 8);
  again(states);
  expect([...states.values()].filter((state) => state === 'failed')).toEqual([]);
});

test('what stands in the history for each host does not grow with their number', () => {
  const input = (workers: number): number => {
    const one = fleet(workers);
    const plan = planCluster({ spec: one, images, problems: [], facts: one.hosts.map(({ id }) => bareFacts(id)) });
    return JSON.stringify(hostInput(workOf(one), plan, plan.jobs.find(({ id }) => id === 'Join/10.128.0.5')!)).length;
  };
  expect(input(1_997) - input(10)).toBeLessThan(10);
  expect(JSON.stringify(wholeSlice(workOf(twice), install)).length).toBeLessThan(most / 8);
});

test('spec, plan and record of two thousand hosts fit into a payload as they are packed', () => {
  const facts = twice.hosts.map(({ id }) => bareFacts(id));
  const plan = planCluster({ spec: twice, images, problems: [], facts });
  expect(plan.jobs.length).toBeGreaterThan(6_000);
  for (const one of [twice, plan, facts]) expect(gzipSync(JSON.stringify(one), { level: 1 }).length).toBeLessThan(most / 8);
});
