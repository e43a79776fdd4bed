import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEtcd } from '../../domain/commands/kubernetes';
import { LocalSession } from './local-session';

let bin: string;
beforeEach(() => { bin = mkdtempSync(join(tmpdir(), 'keelson-etcd-')); });
afterEach(() => { rmSync(bin, { recursive: true }); });

/** etcd as an API shows it that answers the question for the members, and the one for their health like this. */
async function etcdWhere(health: string): Promise<unknown> {
  const kubectl = join(bin, 'kubectl');
  writeFileSync(kubectl, `#!/bin/bash
case $* in
  *'member list'*) echo 'a1, started, h1, https://10.0.0.1:2380, https://10.0.0.1:2379, false' ;;
  *) ${health} ;;
esac
`);
  chmodSync(kubectl, 0o755);
  return new LocalSession().run({ ...readEtcd('h1'), env: { PATH: `${bin}:${process.env['PATH']}` } });
}

test('members whose health could not be asked for are not known to be ill', async () => {
  await expect(etcdWhere("echo 'Error from server: the connection was refused' >&2; exit 1")).rejects.toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('Error from server') as string });
});

test.each([
  ['that answers', 'true', 0],
  ['that does not', 'false', 1],
])('a member %s is known', async (_which, health, code) => {
  const healthy = health === 'true';
  expect(await etcdWhere(`echo '[{"endpoint":"https://10.0.0.1:2379","health":${health}}]'; exit ${code}`)).toEqual({ healthy, members: [{ id: 'a1', name: 'h1', address: '10.0.0.1', healthy }] });
});
