import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterSpec, Policy } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { desiredQuery, pauseUpdate, policyUpdate, resumeUpdate } from '../../workflows/messages';
import { aCluster, aHost } from '../fixtures';
import { type ClusterUnderTest, refusal } from './cluster-under-test';
import type { FakeHosts } from './fake-hosts';
import { withClusters } from './tier';

const [cp, w1, w2, w3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const policy = (more: Partial<Policy> = {}): Policy => ({ ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 100, factor: 1 }, ...more });
const spec = (more: Partial<ClusterSpec> = {}): ClusterSpec => aCluster(1, 2, { policy: policy(), ...more });
const without = (): ClusterSpec => spec({ hosts: aCluster(1, 1).hosts });
const withOneMore = (): ClusterSpec => spec({ hosts: [...aCluster(1, 2).hosts, aHost(w3)] });

jest.setTimeout(90_000);

let hosts: FakeHosts;
let cluster: ClusterUnderTest;

withClusters('a plan that the operation itself refuses', { given: (tier) => { ({ hosts, cluster } = tier); } }, () => {
  const desired = () => cluster.entity.query(desiredQuery);
  const named = (one: ClusterSpec): ClusterSpec => ({ ...one, name: cluster.name });

  test('because it is unsafe leaves what was wanted before, says who was refused and why, and the next apply goes on from there', async () => {
    await cluster.converge(spec(), { by: 'ana@laptop' });
    const before = await cluster.view();
    hosts.kill(w2);
    expect(await cluster.converge(without(), { by: 'bo@desk' })).toMatchObject({ outcome: 'Failed', type: 'UnsafePlan' });

    const after = await cluster.view();
    expect(await desired()).toEqual(named(spec()));
    const wanted = ({ digest, generation, appliedBy, appliedAt, hosts: all, leaving, conditions, phase }: typeof after) => ({ digest, generation, appliedBy, appliedAt, hosts: all, leaving, conditions, phase });
    expect(wanted(after)).toEqual(wanted(before));
    expect(after.leaving).toBeUndefined();
    expect(after.log).toEqual(before.log);
    expect(after.acts.slice(-2)).toEqual([
      expect.objectContaining({ by: 'bo@desk', what: 'apply', operation: 'reconcile-2' }),
      expect.objectContaining({ by: 'bo@desk', what: 'refused', operation: 'reconcile-2', note: expect.stringMatching(/^UnsafePlan: .*cannot be reached/s) as string }),
    ]);
    // Whoever reads now and makes a change is not told that somebody was faster, and the generation is the next one.
    expect(await cluster.converge(without(), { base: before.digest ?? '', forget: [w2] })).toMatchObject({ outcome: 'Success' });
    expect(await cluster.view()).toMatchObject({ generation: 2, appliedBy: 'ana@laptop' });
  });

  test('because it is stale leaves what was wanted before; a policy that was set meanwhile counts', async () => {
    await cluster.converge(spec());
    const { hash } = await cluster.preview(without());
    hosts.unmark(w1, ...hosts.done(w1).filter((mark) => mark.startsWith('mount:')));
    hosts.hold('checkHost', cp);
    const { operation } = await cluster.apply(without(), { by: 'bo@desk', planHash: hash });
    await hosts.reached('checkHost', cp);
    const set = policy({ parallel: 7 });
    await cluster.entity.executeUpdate(policyUpdate, { args: [{ by: 'cy@home', policy: set, base: digestOf(named(without())) }] });
    hosts.release('checkHost', cp);
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Failed', type: 'StalePlan' });
    const { acts, digest, generation, conditions, log } = await cluster.idle();
    expect(log.map(({ operation: one }) => one)).toEqual(['init-1']);
    expect(acts.at(-1)).toMatchObject({ by: 'bo@desk', what: 'refused', note: expect.stringContaining(hash.slice(0, 12)) as string });
    expect(await desired()).toEqual(named(spec({ policy: set })));
    expect([digest, generation]).toEqual([digestOf(named(spec({ policy: set }))), 3]);
    expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True', observedGeneration: 1 });
  });

  test('of a first apply leaves nothing wanted, and the next one begins anew', async () => {
    expect(await cluster.converge(spec(), { planHash: 'feed' })).toMatchObject({ operation: 'init-1', outcome: 'Failed', type: 'StalePlan' });
    expect(await desired()).toBeUndefined();
    expect(await cluster.view()).toMatchObject({ log: [], created: false });
    expect((await cluster.view()).phase).toBeUndefined();
    expect(await refusal(cluster.reset())).toMatchObject({ type: 'InvalidSpec' });
    expect(await cluster.converge(spec())).toMatchObject({ operation: 'init-2', outcome: 'Success' });
    expect(await cluster.view()).toMatchObject({ generation: 1 });
  });

  test('that only finds the hosts unfit stays wanted, and the cluster is as ready as before', async () => {
    await cluster.converge(spec());
    const { phase, conditions: before } = await cluster.view();
    hosts.fail('checkHost', w3, { type: 'HostUnreachable', message: 'no route to host' });
    expect(await cluster.converge(withOneMore())).toMatchObject({ outcome: 'Failed' });
    expect(await desired()).toEqual(named(withOneMore()));
    const view = await cluster.view();
    const ready = ({ type }: { type: string }) => type === 'Ready';
    expect([view.phase, view.conditions.find(ready)]).toEqual([phase, before.find(ready)]);
    expect(view.conditions.find(({ type }) => type === 'Check')).toMatchObject({ status: 'False', reason: 'HostUnreachable' });
  });
});

withClusters('a request for one very plan, while the same spec is applied already', { given: (tier) => { ({ hosts, cluster } = tier); } }, () => {
  const wanted = withOneMore;
  let hash: string;
  beforeEach(async () => {
    await cluster.converge(spec());
    ({ hash } = await cluster.preview(wanted()));
  });

  test('joins the operation that runs that plan, and is refused where it runs another one, which goes on', async () => {
    hosts.hold('joinWorker', w3);
    const { operation } = await cluster.apply(wanted());
    await hosts.reached('joinWorker', w3);
    const { type, message } = await refusal(cluster.apply(wanted(), { by: 'bo@desk', planHash: 'feed1234', requestId: 'b1' }));
    expect(type).toBe('StalePlan');
    expect(message).toContain(`${operation} of ana@laptop runs, and its plan (${hash.slice(0, 12)}) is not the one that was asked for (feed1234)`);
    expect(await cluster.apply(wanted(), { by: 'bo@desk', planHash: hash.slice(0, 12) })).toMatchObject({ operation, attached: true });
    hosts.release('joinWorker', w3);
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    await cluster.idle();
    // What was refused was not answered: the same request is one of its own, and refused by its own look.
    expect(await cluster.converge(wanted(), { by: 'bo@desk', planHash: 'feed1234', requestId: 'b1' })).toMatchObject({ operation: 'reconcile-3', type: 'StalePlan' });
  });

  /** Requests that the entity's present run has let in; a refusal by its own look comes after that. */
  const accepted = async (): Promise<number> => (await cluster.entity.fetchHistory()).events?.filter(({ workflowExecutionUpdateAcceptedEventAttributes: one }) => one).length ?? 0;
  const letIn = async (count: number): Promise<void> => { while ((await accepted()) < count) await sleep(20); };

  test('waits while that operation has no plan yet', async () => {
    hosts.hold('checkHost', cp);
    const { operation } = await cluster.apply(wanted());
    await hosts.reached('checkHost', cp);
    const before = await accepted();
    const asked = [refusal(cluster.apply(wanted(), { planHash: 'feed1234' })), cluster.apply(wanted(), { planHash: hash })] as const;
    await letIn(before + 2);
    hosts.release('checkHost', cp);
    expect(await asked[0]).toMatchObject({ type: 'StalePlan' });
    expect(await asked[1]).toMatchObject({ operation, attached: true });
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
  });

  test('is told by the end of an operation that never has a plan, and does not wait for a pause to end', async () => {
    hosts.hold('checkHost', w3);
    const { operation } = await cluster.apply(wanted());
    await hosts.reached('checkHost', w3);
    await cluster.entity.executeUpdate(pauseUpdate, { args: [{ by: 'cy@home' }] });
    expect(await refusal(cluster.apply(wanted(), { planHash: hash }))).toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining('it is paused') as string });
    await cluster.entity.executeUpdate(resumeUpdate, { args: [{ by: 'cy@home' }] });
    const before = await accepted();
    const asked = cluster.apply(wanted(), { planHash: hash });
    await letIn(before + 1);
    hosts.fail('checkHost', w3, { type: 'HostUnreachable', message: 'no route to host' });
    hosts.release('checkHost', w3);
    expect(await asked).toMatchObject({ operation, attached: true });
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Failed' });
  });

  test('waits for an operation that is about to start, and does not keep that from starting', async () => {
    // The state of the one before is being copied.
    hosts.hold('saveState', cp);
    const { operation: before } = await cluster.apply(spec());
    await cluster.end(before);
    await cluster.until(({ running }) => running === undefined);
    const asked = [cluster.apply(wanted(), { by: 'ana@laptop' })];
    await letIn(2);
    asked.push(cluster.apply(wanted(), { by: 'bo@desk', planHash: hash }));
    await letIn(3);
    hosts.release('saveState', cp);
    expect(await Promise.all(asked)).toMatchObject([{ operation: 'reconcile-3', attached: false }, { operation: 'reconcile-3', attached: true }]);
    expect(await cluster.end('reconcile-3')).toMatchObject({ outcome: 'Success' });
  });
});
