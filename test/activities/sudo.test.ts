import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemote } from '../../activities/adapters/remote';
import { aScope, aTarget, openSecrets, startServer } from './ssh-server';

test('a sudo that never answers is told as a time-out, and is asked anew by whoever comes next', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-'));
  const sudo = (body: string): void => {
    writeFileSync(join(dir, 'sudo'), `#!/bin/bash\n${body}\n`);
    chmodSync(join(dir, 'sudo'), 0o755);
  };
  process.env.KEELSON_HOME = dir;
  const server = await startServer({ password: 'right-password', env: { PATH: `${dir}:${process.env.PATH}` } });
  // Only the sudo that hangs has so little time: on a busy machine one that works may take longer.
  let remote = createRemote({ secrets: openSecrets, readyMs: 2_000 });
  try {
    const target = aTarget(server.port, { access: { user: 'ops', password: 'right-password' } });
    sudo('exec sleep 300');
    await expect(remote.to(target, aScope())).rejects.toMatchObject({ type: 'CommandTimedOut', message: expect.stringContaining('whether ops may become root on test-host') as string, details: { command: 'sudo' } });
    await remote.close();
    remote = createRemote({ secrets: openSecrets });
    sudo('while [[ $1 == -* ]]; do shift; done; exec "$@"');
    expect(await (await remote.to(target, aScope())).run({ title: 'echo', script: 'echo in' })).toBe('in\n');
  } finally {
    delete process.env.KEELSON_HOME;
    await remote.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
