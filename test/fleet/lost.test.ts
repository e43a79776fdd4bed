import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { forget } from '../../client/commands/forget';
import { history } from '../../client/commands/history';
import { kubeconfig } from '../../client/commands/kubeconfig';
import { reset } from '../../client/commands/reset';
import { status } from '../../client/commands/status';
import { why } from '../../client/commands/why';
import { exitCodeOf } from '../../client/exit-codes';
import { KeelsonClient } from '../../client/keelson-client';
import { Fleet, notBare, observe } from '../../testing';
import { refusal } from '../temporal/cluster-under-test';
import { withTemporal } from '../temporal/env';
import { commands, type Made, Stand, version } from './stand';
import { withStand } from './with-stand';

// Its own connects by an import that only built code can follow.
jest.mock('../../client/session', () => {
  const withClient = async (_flags: unknown, work: (client: KeelsonClient) => Promise<number>): Promise<number> => {
    const client = await KeelsonClient.connect();
    return work(client).finally(() => client.close());
  };
  return { ...jest.requireActual<object>('../../client/session'), withClient, withCluster: (_cluster: string, flags: unknown, work: (client: KeelsonClient) => Promise<number>) => withClient(flags, work) };
});

jest.setTimeout(240_000);

/** A cluster is there in Keelson's memory only: its machines were wiped, or installed anew. */
withTemporal('a cluster that is lost', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  async function aCluster(controlPlanes: number, workers: number): Promise<Made> {
    const made = await stand.cluster(controlPlanes, workers);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ operation: 'init-1', outcome: 'Success' });
    return made;
  }
  const effects = ({ hosts }: Made, since: number): string[] => hosts.flatMap((one) => stand.effects(one, since));
  const now = (): number => stand.fleet.journal.entries.length;
  const whole = (made: Made): string[] => observe({ name: made.cluster.name, version, ...made, commands });

  test('is refused, by the dry run too, and nothing is done; then by a word it is made anew, from Init', async () => {
    const made = await aCluster(2, 1);
    for (const { host } of made.hosts) host.wipe();
    const since = now();
    const refused = await made.cluster.converge(made.spec);
    expect(refused).toMatchObject({ outcome: 'Failed', type: 'ClusterLost' });
    expect(refused.message).toContain(`nothing of it is on ${made.controlPlanes.map(({ host }) => host.address).join(', ')}`);
    expect(refused.message).toContain('--force makes it anew');
    expect(refused.message).toContain(`keelson reset ${made.cluster.name} --forget`);
    expect((await made.cluster.preview(made.spec)).problems).toContainEqual(expect.objectContaining({ type: 'ClusterLost', severity: 'error' }));
    expect(effects(made, since)).toEqual([]);

    const plan = await made.cluster.preview(made.spec, { anew: 'sameKeys' });
    expect(plan.anew).toBe(true);
    expect(plan.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(await made.cluster.converge(made.spec, { anew: 'sameKeys', planHash: plan.hash })).toMatchObject({ operation: 'init-3', outcome: 'Success' });
    expect(effects(made, since).filter((name) => /^kubeadm/.test(name)).sort()).toEqual(['kubeadm init', 'kubeadm join', 'kubeadm join']);
    expect(whole(made)).toEqual([]);
    // It is a cluster as any other again.
    expect(await made.cluster.converge(made.spec)).toMatchObject({ operation: 'reconcile-4', outcome: 'Success' });
  });

  test('what fails while it is made anew is gone on with, and needs no such word again', async () => {
    const made = await aCluster(1, 1);
    for (const { host } of made.hosts) host.wipe();
    const broken = stand.breaks(({ name, host }) => (host === made.workers[0]!.host.address && name.endsWith('kubeadm join') ? { kind: 'exit', code: 1, when: 'before', words: 'no route' } : undefined));
    const noWait = { ...made.spec, policy: { ...made.spec.policy, noWait: true } };
    expect(await made.cluster.converge(noWait, { anew: 'sameKeys' })).toMatchObject({ outcome: 'Failed', type: expect.not.stringContaining('ClusterLost') as string });
    broken.mend();
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(whole(made)).toEqual([]);
  });

  test('with other machines at its addresses, by identity and key: other keys are believed only by another word', async () => {
    const made = await aCluster(1, 1);
    const [leader, worker] = made.hosts as [Made['hosts'][number], Made['hosts'][number]];
    for (const { host } of made.hosts) host.reinstall();
    // As its disk was put into another machine: the same key.
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Failed', type: 'ClusterLost', message: expect.not.stringContaining('keelson delete') as string });
    const key = Fleet.newHostKey();
    worker.ssh.showKey(key);
    worker.ssh.cut();
    const since = now();
    expect(await made.cluster.converge(made.spec, { anew: 'sameKeys' })).toMatchObject({ outcome: 'Failed', type: 'ClusterLost', message: expect.stringContaining('shows the host key') as string });
    leader.ssh.showKey(key);
    leader.ssh.cut();
    // The only control plane may live behind the other key: no loss, but a hint.
    const hidden = await made.cluster.converge(made.spec, { anew: 'sameKeys' });
    expect(hidden).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed', message: expect.stringMatching(/only if these machines were installed anew/) as string });
    expect(effects(made, since)).toEqual([]);

    expect(await made.cluster.converge(made.spec, { anew: 'anyKeys' })).toMatchObject({ outcome: 'Success' });
    expect(whole(made)).toEqual([]);
    const { hostKeys } = await made.cluster.view();
    expect(Object.values(hostKeys)).toEqual([Fleet.publicKeyOf(key), Fleet.publicKeyOf(key)]);
  });

  test('is forgotten by a word, and no host is touched; the next cluster of the name begins with new keys', async () => {
    const made = await aCluster(1, 1);
    for (const { host, ssh } of made.hosts) {
      host.reinstall();
      ssh.showKey(Fleet.newHostKey());
      ssh.cut();
    }
    const { uid } = await made.cluster.view();
    const taken = now();
    await made.cluster.forget();
    const forgotten = await made.cluster.until(({ phase }) => phase === 'Absent');
    expect(forgotten).toMatchObject({ hosts: [], hostKeys: {}, images: [], created: false, log: [{ operation: 'init-1' }] });
    expect(forgotten.acts.at(-1)).toMatchObject({ what: 'forget', by: 'bo@desk', note: expect.stringContaining(made.hosts[0]!.host.address) as string });
    expect(stand.fleet.journal.entries.slice(taken).filter(({ host }) => made.hosts.some((one) => one.host.address === host))).toEqual([]);
    expect(await refusal(made.cluster.forget())).toMatchObject({ type: 'InvalidSpec', message: expect.stringContaining('there is no cluster') as string });

    expect(await made.cluster.converge(made.spec)).toMatchObject({ operation: 'init-2', outcome: 'Success' });
    expect(whole(made)).toEqual([]);
    expect((await made.cluster.view()).uid).not.toBe(uid);
  });

  test('is not lost while it lives: the word to make it anew changes nothing, and forgotten hosts are taken by nobody', async () => {
    const made = await aCluster(2, 1);
    made.controlPlanes[1]!.host.wipe();
    const since = now();
    const plan = await made.cluster.preview(made.spec, { anew: 'anyKeys' });
    expect(plan.anew).toBeUndefined();
    made.controlPlanes[0]!.ssh.cut();
    await made.controlPlanes[0]!.ssh.refuse();
    // One bare, one out of reach.
    expect(await made.cluster.converge(made.spec, { anew: 'anyKeys' })).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed' });
    await made.controlPlanes[0]!.ssh.listen();
    expect(effects(made, since)).toEqual([]);
    await made.cluster.idle();
    await made.cluster.forget();
    await made.cluster.until(({ phase }) => phase === 'Absent');
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('it belongs to cluster') as string });
    expect(effects(made, since)).toEqual([]);
  });
});

/** The record of a name outlives its clusters, until somebody forgets it: with the command line's own words. */
withTemporal('a name that is used again', () => {
  let stand: Stand;
  const before = { ...process.env };
  beforeAll(async () => {
    stand = await Stand.start();
    stand.work();
    Object.assign(process.env, { KEELSON_HOME: stand.dir, TEMPORAL_ADDRESS: stand.server.address, TEMPORAL_NAMESPACE: 'default' });
  });
  afterAll(() => {
    process.env = before;
    return stand.close();
  });

  test('after a reset it is absent, the next cluster goes on with the numbers, and both are in history, logs and journal; then it is forgotten', async () => {
    const { cluster, hosts, ...made } = await stand.cluster(1, 1);
    const { name } = cluster;
    const yes = { yes: true };
    expect(await cluster.converge(made.spec)).toMatchObject({ operation: 'init-1', outcome: 'Success' });
    expect(await ran(() => forget(name, {}))).toMatchObject({ code: 4, said: expect.stringContaining(`${hosts.map(({ host }) => host.address).join(', ')} are members of cluster ${name}`) as string });

    expect(await ran(() => reset(name, yes))).toMatchObject({ code: 0 });
    await cluster.absent();
    expect(notBare(hosts)).toEqual([]);
    expect(await ran(() => status(undefined, {}))).toMatchObject({ code: 0, said: expect.stringMatching(new RegExp(`${name} +Absent +- +0 +2 of 2 hosts are bare`)) as string });
    expect(await ran(() => status(name, {}))).toMatchObject({ code: 0, said: expect.stringMatching(new RegExp(`^${name}: Absent\n[^]*init-1 +Success[^]*reset-2 +Success`)) as string });
    expect(await ran(() => why(name, {}))).toMatchObject({ code: 0, said: expect.stringContaining('it is absent') as string });
    for (const flags of [yes, { forget: true }]) expect(await ran(() => reset(name, flags))).toMatchObject({ code: 0, said: expect.stringContaining('nothing to do') as string });
    expect(await ran(() => kubeconfig(name, {}))).toMatchObject({ code: 2, said: expect.stringContaining(`there is no cluster ${name}`) as string });

    expect(await cluster.converge(made.spec)).toMatchObject({ operation: 'init-3', outcome: 'Success' });
    expect(observe({ name, version, ...made, commands })).toEqual([]);
    const { said } = await ran(() => history(name, {}));
    expect(said.match(/^(init|reset)-\d/gm)).toEqual(['init-1', 'reset-2', 'init-3']);
    expect(readdirSync(join(stand.dir, 'logs', name))).toEqual(expect.arrayContaining(['init-1', 'init-3']));
    expect(readdirSync(join(stand.dir, 'journal', name))).toEqual(expect.arrayContaining(['init-1.ndjson', 'reset-2.ndjson', 'init-3.ndjson']));

    expect(await ran(() => reset(name, yes))).toMatchObject({ code: 0 });
    await cluster.absent();
    expect(await ran(() => forget(name, {}))).toMatchObject({ code: 0, said: expect.stringContaining(`${name}: forgotten`) as string });
    expect(await ran(() => status(name, {}))).toMatchObject({ code: 2, said: expect.stringContaining(`there is no cluster ${name}`) as string });
    expect((await ran(() => status(undefined, {}))).said).not.toContain(name);
    expect(await ran(() => forget(name, {}))).toMatchObject({ code: 2 });
  });
});

/** What the command line does, in this process: its exit code, what it prints, and why it refuses. */
async function ran(command: () => Promise<number>): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const print = jest.spyOn(console, 'log').mockImplementation((line) => { lines.push(String(line)); });
  try {
    return { code: await command(), said: lines.join('\n') };
  } catch (error) {
    return { code: exitCodeOf(error), said: error instanceof Error ? error.message : String(error) };
  } finally {
    print.mockRestore();
  }
}
