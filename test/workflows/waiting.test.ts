import { planCluster } from '../../domain/plan';
import { applyEvent, beginStatus } from '../../domain/status';
import { runJobs } from '../../workflows/run-jobs';
import { aCluster, bareFacts, someImages } from '../fixtures';

test('a job that waits says what it waits for now, not what it waited for first', async () => {
  const spec = aCluster(1, 1);
  const plan = planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id)) });
  const reasons: string[] = [];
  let status = beginStatus('default', 'init-1', [], 'now');
  await runJobs({
    plan, states: new Map(), parallel: () => 10, held: () => undefined, released: () => Promise.resolve(), changed: () => new Promise<void>(() => undefined), cancelled: () => false, isControlPlane: (id) => id === '10.0.0.1', isEarly: () => false,
    perform: () => Promise.resolve(), explain: () => undefined,
    report: (event) => {
      status = applyEvent(status, event, 'now');
      const job = status.stages.find(({ name }) => name === 'Join')?.jobs.find(({ host }) => host === '10.0.0.2');
      if (job?.state === 'waiting' && job.reason && job.reason !== reasons.at(-1)) reasons.push(job.reason);
    },
  });
  expect(reasons).toEqual(['the configuration is merged', 'Bootstrap of this host', 'the API answers on 10.0.0.1']);
});
