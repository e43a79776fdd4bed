import { Fleet, leftBehind, notBare, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { type Scene, type Script, scripts } from './fault-scripts';
import { figure } from './figures';
import { commands, Stand, version } from './stand';
import { until } from './until';

jest.setTimeout(300_000);

/** What the operation said before it ended well. */
interface Seen {
  readonly scene: Scene;
  readonly said?: { readonly reason?: string; readonly message: string };
  readonly end: { readonly outcome: string; readonly message: string };
  /** Commands that the victim took from when it was said until somebody mended it, or hosts that were changed before the first change. */
  readonly meanwhile: number;
}

withTemporal('one thing goes wrong in an install', () => {
  let stand: Stand;
  /** All side by side: each is told in its own test. */
  const runs = new Map<string, Promise<Seen>>();
  beforeAll(async () => {
    stand = await Stand.start();
    stand.work();
    for (const script of scripts) {
      const run = play(script);
      run.catch(() => undefined);
      runs.set(script.what, run);
    }
  });
  afterAll(() => stand.close());

  async function play(script: Script): Promise<Seen> {
    const parkRetry = { times: script.parks ? 0 : 1000, firstMs: 50, factor: 1 };
    const made = await stand.cluster(1, 2);
    const spec = { ...made.spec, policy: { ...made.spec.policy, parkRetry } };
    const scene: Scene = { stand, made, victim: made.workers[0]! };
    const { victim } = scene;
    const taken = (): number => stand.fleet.journal.of(victim.host.address).length;
    await script.start?.(scene);
    stand.fleet.plans.push((moment) => (moment.host === victim.host.address ? script.fault?.(scene, moment) : undefined));
    const { operation } = await made.cluster.apply(spec);
    if (script.parks) {
      const { running } = await made.cluster.parked();
      const before = taken();
      const said = { reason: running!.waiting!.reason, message: running!.waiting!.message };
      // It stays so: nobody tries a host again that a person has to look at.
      await until('the other worker', 180_000, () => made.workers[1]!.host.marks().some((mark) => mark.startsWith('join:')));
      const meanwhile = taken() - before;
      await script.mend?.(scene);
      await made.cluster.retry();
      return { scene, said, meanwhile, end: await made.cluster.end(operation) };
    }
    const end = await made.cluster.end(operation);
    if (!script.ends) return { scene, meanwhile: 0, end };
    const changed = made.hosts.filter(({ host }) => host.version > 0).length;
    await script.mend?.(scene);
    await made.cluster.idle();
    return { scene, said: end, meanwhile: changed, end: await made.cluster.converge(spec) };
  }

  test.each(scripts.map((script) => [script.what, script] as const))('%s', async (what, { ends, parks }) => {
    const { scene: { made }, said, meanwhile, end } = await runs.get(what)!;
    if (parks) expect(said).toEqual({ reason: parks.reason, message: expect.stringMatching(parks.words) as string });
    if (ends) expect(said?.message).toMatch(ends);
    expect(meanwhile).toBe(0);
    expect(end).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    expect(leftBehind(made.hosts)).toEqual([]);
    expect(ranTwice(stand.fleet.journal, made.hosts)).toEqual([]);
  });

  test('a reset refuses a host that shows another key, too, leaves it as it is, and goes on when the key is back', async () => {
    const { scene: { made, victim } } = await runs.get(scripts[0]!.what)!;
    const before = victim.host.version;
    victim.ssh.showKey(Fleet.newHostKey());
    victim.ssh.cut();
    expect(await made.cluster.end((await made.cluster.reset()).operation)).toMatchObject({ outcome: 'Failed', message: expect.stringMatching(new RegExp(`${victim.host.address} was not reset.*host key`, 's')) as string });
    expect(victim.host.version).toBe(before);
    victim.ssh.showKey();
    await made.cluster.idle();
    expect(await made.cluster.end((await made.cluster.reset()).operation)).toMatchObject({ outcome: 'Success' });
    expect(notBare(made.hosts)).toEqual([]);
    figure('scripted faults', `${scripts.length} of ${scripts.length} installs ended whole`);
  });
});
