import fc from 'fast-check';
import { isControlPlane } from '../../domain/cluster';
import { planCluster } from '../../domain/plan';
import type { PlanJob } from '../../domain/plan-job';
import type { JobState, StageEvent } from '../../domain/status';
import { again, runJobs } from '../../workflows/run-jobs';
import { aCluster, bareFacts, someImages } from '../fixtures';

class Cancelled extends Error {}

function scene(masters: number, nodes: number, fails: (job: PlanJob) => boolean = () => false, enough: () => boolean = () => false) {
  const spec = aCluster(masters, nodes);
  const plan = planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id)) });
  const journal: string[] = [];
  const events: StageEvent[] = [];
  const states = new Map<string, JobState>();
  let failing = fails;
  const run = () => runJobs({
    plan, states, parallel: () => 3, held: () => undefined, released: () => Promise.resolve(), changed: () => new Promise<void>(() => undefined), cancelled: () => false, enough, report: (event) => events.push(event),
    isControlPlane: (id) => spec.hosts.some((host) => host.id === id && isControlPlane(host)),
    isEarly: ({ image }) => image === someImages()[1]!.digest,
    explain: (error) => (error instanceof Cancelled ? undefined : { reason: 'CommandFailed', message: String(error) }),
    perform: async (job) => {
      journal.push(`+${job.id}`);
      await new Promise((resolve) => setImmediate(resolve));
      const broke = failing(job);
      journal.push(`${broke ? '!' : '-'}${job.id}`);
      if (broke) throw new Error(`${job.id} broke`);
    },
  });
  return { plan, journal, events, states, run, mend: () => { failing = () => false; } };
}

const at = (journal: string[], entry: string) => journal.indexOf(entry);

test('everything runs once, and nothing before what it needs', async () => {
  const { plan, journal, run } = scene(3, 2);
  expect(await run()).toEqual([]);
  for (const { id } of plan.jobs) expect(journal.filter((entry) => entry === `+${id}`)).toHaveLength(1);
  expect(at(journal, '-MirrorRegistry/10.0.0.1')).toBeLessThan(at(journal, '+Bootstrap/10.0.0.4'));
  expect(at(journal, '-Init/10.0.0.1')).toBeLessThan(at(journal, '+Join/10.0.0.4'));
  expect(at(journal, '-Join/10.0.0.2')).toBeLessThan(at(journal, '+Join/10.0.0.3'));
  expect(at(journal, '+RunGuest/10.0.0.1/flannel')).toBeLessThan(at(journal, '-Join/10.0.0.3'));
  expect(at(journal, '-Join/10.0.0.5')).toBeLessThan(at(journal, '+RunGuest/10.0.0.1/web'));
});

test('a worker that fails is set aside and the others go on; the retry does only what is left (peers.md #2)', async () => {
  const { journal, run, states, mend } = scene(1, 2, ({ id }) => id === 'Bootstrap/10.0.0.3');
  expect((await run()).map(({ job }) => job.id)).toEqual(['Bootstrap/10.0.0.3']);
  expect(journal).toContain('-Join/10.0.0.2');
  expect(journal).toContain('-RunGuest/10.0.0.1/web');
  expect(states.get('Join/10.0.0.3')).toBe('blocked');
  mend();
  again(states);
  const before = journal.length;
  expect(await run()).toEqual([]);
  expect(journal.slice(before).filter((entry) => entry.startsWith('+'))).toEqual(['+Bootstrap/10.0.0.3', '+Join/10.0.0.3', '+PostProcess']);
});

test('a control plane that fails to join stops the next one, not the workers', async () => {
  const { journal, run, states } = scene(3, 1, ({ id }) => id === 'Join/10.0.0.2');
  await run();
  expect(states.get('Join/10.0.0.3')).toBe('blocked');
  expect(journal).toContain('-Join/10.0.0.4');
});

test('a cancelled job ends the run with the cancellation, never as a success or a failure', async () => {
  const { run } = scene(1, 1, ({ id }) => { if (id === 'Init/10.0.0.1') throw new Cancelled(); return false; });
  await expect(run()).rejects.toThrow(Cancelled);
});

test('never more than the limit at once in a stage, and it always ends', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 6 }), async (masters, nodes, bad) => {
    const { journal, run, plan, states } = scene(masters, nodes, ({ host }) => host === `10.0.0.${bad}`);
    await run();
    let open = 0;
    for (const entry of journal.filter((one) => one.includes('MountRootfs'))) {
      open += entry.startsWith('+') ? 1 : -1;
      expect(open).toBeLessThanOrEqual(3);
    }
    for (const { id } of plan.jobs) expect(['done', 'failed', 'blocked']).toContain(states.get(id));
  }), { numRuns: 40 });
});

test('when something else is wanted what runs goes on to its end, and nothing more is begun', async () => {
  let over = false;
  const { journal, run } = scene(1, 2, ({ id }) => { over ||= id === 'MountRootfs/10.0.0.1'; return false; }, () => over);
  expect(await run()).toEqual([]);
  expect(journal.filter((entry) => entry.startsWith('+')).length).toBe(journal.filter((entry) => entry.startsWith('-')).length);
  expect(journal).toContain('-MountRootfs/10.0.0.1');
  expect(journal).not.toContain('+Init/10.0.0.1');
});
