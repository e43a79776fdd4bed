import { createReset } from '../../activities/reset-host';
import type { Scope } from '../../activities/ports';
import { describeOnHosts } from './lab';
import { labScope } from './lab-scope';

jest.setTimeout(120_000);

describeOnHosts('the fence', 'fence', 1, (lab) => {
  const change = async (scope: Partial<Scope>): Promise<string> => {
    const session = await lab.session('root', { uid: 'uid-fence', stage: 'Fenced', ...scope });
    return session.run({ title: 'change', script: 'echo changed', changes: true }).then((text) => text.trim(), (error: { type: string }) => error.type);
  };
  const look = async (script: string): Promise<string> => (await lab.session('root')).run({ title: 'look', script });
  const reset = (scope: Partial<Scope>): Promise<string[]> => createReset(lab)({
    host: lab.target('root'), scope: labScope({ stage: 'Reset', ...scope }), scripts: [], env: {}, secrets: [], peers: [], virtualIp: '10.96.0.10', force: true,
  });

  test('lets newer attempts and operations pass, and stops older ones', async () => {
    expect(await change({ n: 1, order: 5 })).toBe('changed');
    expect(await change({ n: 1, order: 5 })).toBe('changed');
    expect(await change({ n: 1, order: 6 })).toBe('changed');
    expect(await change({ n: 1, order: 5 })).toBe('HostBusy');
    expect(await change({ n: 2, order: 1 })).toBe('changed');
    expect(await change({ n: 1, order: 9 })).toBe('HostBusy');
  });

  test('stops an older operation also in a step that the newer one does not have; what is no operation runs beside it', async () => {
    const uid = 'uid-steps';
    expect(await change({ uid, n: 4, order: 1, step: 'Bootstrap/x' })).toBe('changed');
    expect(await change({ uid, n: 5, order: 1, step: 'Settings/x' })).toBe('changed');
    expect(await change({ uid, n: 5, order: 1, step: 'Upgrade/x' })).toBe('changed');
    expect(await change({ uid, n: 4, order: 1, step: 'Bootstrap/x' })).toBe('HostBusy');
    expect(await change({ uid, n: 0, order: 1, step: 'Copy/x' })).toBe('changed');
    expect(await change({ uid, n: 4, order: 2, step: 'Join/x' })).toBe('HostBusy');
  });

  test('does not compare the numbers of two clusters', async () => {
    expect(await change({ n: 7, order: 7, uid: 'uid-one' })).toBe('changed');
    expect(await change({ n: 1, order: 1, uid: 'uid-two' })).toBe('changed');
  });

  test('does not stop looking', async () => {
    await change({ n: 9, order: 9, uid: 'uid-look' });
    const old = await lab.session('root', { n: 1, order: 1, uid: 'uid-look', stage: 'Fenced' });
    expect(await old.run({ title: 'look', script: 'echo seen' })).toBe('seen\n');
  });

  test('stands when a reset has taken all else away, on the bare host and under the next cluster; it is gone with the next boot', async () => {
    const uid = 'uid-reset';
    expect(await change({ uid, n: 1, order: 1, step: 'Bootstrap/x' })).toBe('changed');
    expect(await reset({ uid, n: 2, order: 2, step: 'Reset/x' })).toEqual([]);
    const late = async (): Promise<string[]> => [
      await change({ uid, n: 1, order: 1, step: 'Bootstrap/x' }), await change({ uid, n: 1, order: 9, step: 'Join/x' }),
      await change({ uid, n: 2, order: 9, step: 'Join/x' }), await change({ uid, n: 2, order: 1, step: 'Reset/x', leaves: true }),
    ];
    expect(await late()).toEqual(Array.from({ length: 4 }, () => 'HostBusy'));
    // Nobody who was refused has left anything.
    expect(await look('ls -d /var/lib/keelson 2>/dev/null; ls -A /run/keelson-fence')).toBe(`${uid}\n`);
    expect(await change({ uid: 'uid-anew', n: 1, order: 1, step: 'Bootstrap/x' })).toBe('changed');
    expect(await late()).toEqual(Array.from({ length: 4 }, () => 'HostBusy'));
    // The same cluster takes the host again, in a later operation; the one that took it out is over.
    expect(await change({ uid, n: 3, order: 3, step: 'Bootstrap/x' })).toBe('changed');
    expect(await change({ uid, n: 2, order: 9, step: 'Reset/x', leaves: true })).toBe('HostBusy');
    lab.restart(1);
    expect(await look('ls -A /run/keelson-fence 2>/dev/null; true')).toBe('');
  });

  test('what cannot be noted does not run, and says why; a full disk keeps no host in its cluster', async () => {
    const uid = 'uid-full';
    await look('mkdir -p /var/lib/keelson && mount -t tmpfs -o size=16k full /var/lib/keelson && { head -c 1M /dev/zero >/var/lib/keelson/filler; } 2>/dev/null; true');
    const session = await lab.session('root', { uid, n: 1, stage: 'Fenced' });
    await expect(session.run({ title: 'change', script: 'touch /srv/began', changes: true })).rejects.toMatchObject({
      type: 'CommandFailed', message: expect.stringMatching(/^change was not begun on .*No space left on device/) as string, details: { todo: expect.stringContaining('room') as string },
    });
    expect(await look('ls /srv')).toBe('');
    expect(await change({ uid, n: 2, stage: 'Reset', leaves: true })).toBe('changed');
    await look('umount /var/lib/keelson');
    expect(await change({ uid, n: 1 })).toBe('HostBusy');
  });
});
