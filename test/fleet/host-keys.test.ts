import { fingerprintOfKey } from '../../activities/adapters/ssh/host-key';
import { amendSpec } from '../../client/amend-spec';
import { digestOf } from '../../domain/digest';
import type { EntityView } from '../../domain/entity';
import { Fleet, observe } from '../../testing';
import { amendUpdate, desiredQuery } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(240_000);
const by = 'bo@desk';

/** What a person does when a host has another key, with the words of the command line. */
withTemporal('a host whose key has changed, and the person who says so', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** `keelson amend --host H --host-key K`. */
  async function amend({ cluster }: Made, host: string, hostKey: string): Promise<string> {
    const saved = (await cluster.entity.query(desiredQuery))!;
    const spec = amendSpec(saved, { login: {}, images: [], host, hostKey }, { settings: () => ({}), knownKeys: () => [], own: [] });
    const requestId = `amend-${hostKey}`;
    const { operation } = await cluster.entity.executeUpdate(amendUpdate, { args: [{ requestId, by, spec, digest: digestOf(spec), base: digestOf(saved) }], updateId: requestId });
    return operation;
  }
  /** The wait that follows a word. */
  const parkedAfter = async ({ cluster }: Made, before?: EntityView): Promise<EntityView> =>
    cluster.until(({ running }) => running?.waiting !== undefined && running.waiting.since !== before?.running?.waiting?.since);

  test('it parks and says so, takes no command whatever else is said, and goes on with the key that was named; the old one is refused from then on', async () => {
    const made = await stand.cluster(1, 2);
    const spec = { ...made.spec, policy: { ...made.spec.policy, parkRetry: { times: 0, firstMs: 50, factor: 1 } } };
    const [{ host, ssh }] = made.workers as [Made['hosts'][number]];
    const id = host.address;
    const commandsTaken = (): number => stand.fleet.journal.of(host.address).filter(({ kind }) => kind === 'command').length;
    let changed = false;
    stand.fleet.plans.push((moment) => {
      if (changed || moment.host !== host.address || moment.name !== 'put the files in place') return undefined;
      changed = true;
      ssh.showKey(Fleet.newHostKey());
      return { kind: 'drop', when: 'before' };
    });

    const { operation } = await made.cluster.apply(spec);
    const first = await parkedAfter(made);
    const waiting = first.running!.waiting!;
    expect(waiting).toMatchObject({ reason: 'HostKeyMismatch', commands: expect.arrayContaining([`keelson amend ${made.cluster.name}`]) as string[] });
    const [, shown = '', known = ''] = /shows the host key (SHA256:\S+) \(ssh-ed25519\), but (SHA256:\S+) /.exec(waiting.message) ?? [];
    expect([shown, known]).toEqual([expect.stringMatching(/^SHA256:/), fingerprintOfKey(first.hostKeys[id] ?? '')]);

    const before = commandsTaken();
    await made.cluster.retry();
    const second = await parkedAfter(made, first);
    await amend(made, id, fingerprintOfKey(Fleet.publicKeyOf(Fleet.newHostKey())));
    const third = await parkedAfter(made, second);
    expect(third.running?.waiting).toMatchObject({ reason: 'HostKeyMismatch', message: expect.stringContaining(shown) as string });
    expect(commandsTaken()).toBe(before);

    expect(await amend(made, id, `ssh-ed25519 ${shown}`)).toBe(operation);
    expect(await made.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    expect(fingerprintOfKey((await made.cluster.idle()).hostKeys[id] ?? '')).toBe(shown);

    // Whoever has the key of before is no more the host.
    ssh.showKey();
    ssh.cut();
    const after = commandsTaken();
    const amended = (await made.cluster.entity.query(desiredQuery))!;
    expect(await made.cluster.converge(amended)).toMatchObject({ outcome: 'Failed', message: expect.stringContaining(`but ${shown} (ssh-ed25519) is known`) as string });
    expect(commandsTaken()).toBe(after);
  });

  test('on a cluster that rests the new key is proved by a look, over a connection of before the change too', async () => {
    const made = await stand.cluster(1, 1);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    const [{ host, ssh }] = made.workers as [Made['hosts'][number]];
    const key = Fleet.newHostKey();
    // sshd keeps the connections that it has.
    ssh.showKey(key);
    const operation = await amend(made, host.address, `${host.address} ${Fleet.publicKeyOf(key)}`);
    expect(await made.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    expect((await made.cluster.idle()).hostKeys[host.address]).toBe(Fleet.publicKeyOf(key));
  });
});
