import { onceMore } from '../../domain/once-more';
import { type Plan, planCluster } from '../../domain/plan';
import { applyEvent, beginStatus } from '../../domain/status';
import { aCluster, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const spec = aCluster(1, 1);
const done = allMarks(spec);
const cluster = clusterFacts(spec.hosts, done)!;
const plan = (force: boolean, of = done): Plan => planCluster({ spec, images: someImages(), problems: [], cluster, force, facts: spec.hosts.map(({ id }) => bareFacts(id, { done: of[id] ?? [] })) });
const status = (...ran: string[]) => ran.reduce((one, subject) => applyEvent(one, { stage: 'RunGuest', host: '10.0.0.1', subject, state: 'done' }, ''), beginStatus('default', 'reconcile-2', [], ''));
const guests = ({ jobs }: Plan): string[] => jobs.filter(({ stage }) => stage === 'RunGuest').map(({ id }) => id);

test('commands that are forced run once more, each of them, and then nothing is left to do', () => {
  expect(guests(onceMore(plan(false), plan(true), status()))).toEqual(['RunGuest/10.0.0.1/flannel', 'RunGuest/10.0.0.1/web']);
  expect(guests(onceMore(plan(false), plan(true), status('flannel')))).toEqual(['RunGuest/10.0.0.1/web']);
  expect(onceMore(plan(false), plan(true), status('flannel', 'web')).jobs).toEqual([]);
});

test('what has to run anyhow stays work, though it ran in this operation', () => {
  const lost = { ...done, '10.0.0.1': done['10.0.0.1']!.filter((mark) => !mark.startsWith('guest:')) };
  expect(guests(onceMore(plan(false, lost), plan(true, lost), status('flannel', 'web')))).toEqual(['RunGuest/10.0.0.1/flannel', 'RunGuest/10.0.0.1/web']);
});
