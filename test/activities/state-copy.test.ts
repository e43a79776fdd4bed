import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { FoundState } from '../../activities/state-copy';
import { targetOf } from '../../domain/cluster';
import { hostPaths } from '../../domain/host-paths';
import { ensureKeys } from '../../home/key';
import { keyFile } from '../../home/paths';
import { open, registryField } from '../../home/seal';
import { createActivities, Fleet, fleetDeps } from '../../testing';

test("the password of a registry is sealed with the client's key; a Temporal worker without one makes none", async () => {
  const before = { ...process.env };
  const home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env = { ...before, KEELSON_HOME: home };
  delete process.env.KEELSON_KEY_FILE;
  const fleet = await Fleet.start();
  const deps = fleetDeps();
  try {
    const hosts = await fleet.add(1);
    hosts[0]!.host.files.write(`${hostPaths('demo').rootfs}/etc/registry.yml`, 'password: passw0rd\n', 0o600);
    const reach = { name: 'demo', credentials: { default: { user: 'root', password: 'any' } }, policy: { strictHostKeys: false } };
    const input = { where: { cluster: 'demo', uid: '', n: 0, operation: 'adopt', stage: 'Check' }, host: targetOf(reach, Fleet.inSpec(hosts, 1, fleet.port)[0]!), cluster: 'demo' };
    const read = (): Promise<FoundState> => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(createActivities(deps).readState, input);
    await expect(read()).rejects.toMatchObject({ type: 'KeyMissing' });
    expect(existsSync(keyFile())).toBe(false);
    ensureKeys();
    expect(open((await read()).registryPassword!, { cluster: 'demo', field: registryField })).toBe('passw0rd');
  } finally {
    await deps.remote.close();
    await fleet.close();
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  }
});
