import { leftBehind, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(240_000);

withTemporal('an install by a user who is not root', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const whole = (made: Made): void => {
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    expect(leftBehind(made.hosts)).toEqual([]);
    expect(ranTwice(stand.fleet.journal, made.hosts)).toEqual([]);
  };
  const byUbuntu = { credentials: { default: { user: 'ubuntu', password: 'of the login' } } };

  test.each(['free', 'password'] as const)('whom sudo gives all rights (%s), with a link that breaks in the middle of every host', async (sudo) => {
    const made = await stand.cluster(1, 2, byUbuntu);
    for (const { ssh } of made.hosts) ssh.sudo = sudo;
    const cut = new Set<string>();
    const { mend } = stand.breaks(({ host, name }) => {
      if (name !== 'put the files in place' || cut.has(host) || !made.hosts.some((one) => one.host.address === host)) return undefined;
      cut.add(host);
      return { kind: 'drop', when: 'during' };
    });
    const { outcome, message } = await made.cluster.converge(made.spec);
    mend();
    expect({ outcome, message }).toEqual({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    expect(cut.size).toBe(3);
    whole(made);
  });

  test('whose rights are taken away in the middle: the operation waits and says so, and goes on at a retry', async () => {
    const made = await stand.cluster(1, 1, byUbuntu);
    const [, worker] = made.hosts;
    for (const { ssh } of made.hosts) ssh.sudo = 'password';
    const { mend } = stand.breaks(({ host, name }) => {
      if (host === worker!.host.address && name === 'claim the host') worker!.ssh.sudo = 'denied';
      return undefined;
    });
    const { operation } = await made.cluster.apply(made.spec);
    const { running } = await made.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'SudoDenied' });
    expect(running?.waiting?.message).toMatch(/sudo/);
    mend();
    worker!.ssh.sudo = 'password';
    // Rights are given by people: it does not try again by itself.
    await made.cluster.retry();
    expect(await made.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    whole(made);
  });
});
