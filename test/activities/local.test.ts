import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemote, isThisMachine } from '../../activities/adapters/remote';
import { aScope, aTarget, openSecrets } from './ssh-server';
import { needs } from '../needs';

const home = mkdtempSync(join(tmpdir(), 'keelson-'));
beforeAll(() => { process.env.KEELSON_HOME = home; });
afterEach(() => { delete process.env.KEELSON_LOCAL; });
afterAll(() => {
  delete process.env.KEELSON_HOME;
  rmSync(home, { recursive: true, force: true });
});

test('a host is this machine when it has one of its addresses', () => {
  const ours = Object.values(networkInterfaces()).flatMap((found) => found ?? []).map(({ address }) => address);
  expect(ours.length).toBeGreaterThan(0);
  for (const address of ours) expect(isThisMachine({ address, port: 22 })).toBe(true);
  expect(isThisMachine({ address: '192.0.2.1', port: 22 })).toBe(false);
});

test('a forwarded port, or KEELSON_LOCAL=0, goes by SSH', () => {
  expect(isThisMachine({ address: '127.0.0.1', port: 2222 })).toBe(false);
  process.env.KEELSON_LOCAL = '0';
  expect(isThisMachine({ address: '127.0.0.1', port: 22 })).toBe(false);
});

const asRoot = needs(process.getuid?.() === 0, 'root');

asRoot('commands on this machine run as over SSH', async () => {
  const remote = createRemote({ secrets: openSecrets, allowLocal: true });
  const abort = new AbortController();
  const session = await remote.to(aTarget(22), aScope({ signal: abort.signal }));
  expect([session.hostKey, session.fingerprint]).toEqual(['', '']);
  expect(await session.run({ title: 'echo', script: 'id -u; echo "$X"; cat', env: { X: `it's "$this"` }, stdin: 'input' })).toBe(`0\nit's "$this"\ninput`);
  await expect(session.run({ title: 'fails', script: 'echo why >&2; exit 9' })).rejects.toMatchObject({ type: 'CommandFailed', details: { exitCode: 9, tail: ['why'] } });

  let pid = 0;
  const running = session.follow({ title: 'waits', script: 'echo $$; sleep 60' }, (line) => {
    pid = Number(line);
    abort.abort();
  });
  await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});
