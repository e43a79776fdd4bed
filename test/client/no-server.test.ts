import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancel } from '../../client/commands/cancel';
import { clusterfile } from '../../client/commands/clusterfile';
import { deleteHosts } from '../../client/commands/delete';
import { drift } from '../../client/commands/drift';
import { exec } from '../../client/commands/exec';
import { kubeconfig } from '../../client/commands/kubeconfig';
import { pause, resume } from '../../client/commands/pause';
import { reset } from '../../client/commands/reset';
import { retry } from '../../client/commands/retry';
import { watch } from '../../client/commands/watch';
import { why } from '../../client/commands/why';
import { exitCodeOf } from '../../client/exit-codes';
import { kubeconfigFile } from '../../client/kubeconfig';

const before = process.env;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'no-server-'));
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, TEMPORAL_CONFIG_FILE: _file, ...rest } = before;
  // A server that would be started all the same is not found: the test fails with other words, and starts nothing either.
  process.env = { ...rest, KEELSON_HOME: home, TEMPORAL_CLI_PATH: join(home, 'none') };
});
afterEach(() => {
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

test.each<[string, () => Promise<number>]>([
  ['delete', () => deleteHosts({ cluster: 'x', nodes: '10.0.0.3', yes: true } as Parameters<typeof deleteHosts>[0])],
  ['reset', () => reset('x', { yes: true })], ['cancel', () => cancel('x', {})], ['pause', () => pause('x', {})], ['resume', () => resume('x', {})],
  ['retry', () => retry('x', {})], ['watch', () => watch('x', {})], ['why', () => why('x', {})], ['drift', () => drift('x', {})],
  ['exec', () => exec(['x', 'true'], {})], ['kubeconfig', () => kubeconfig('x', {})], ['clusterfile', () => clusterfile('x', {})],
])('where no server ever ran, %s refuses at once and starts none', async (_name, command) => {
  const error = await command().then(() => undefined, (reason: unknown) => reason);
  expect(error).toMatchObject({ type: 'InvalidSpec', message: 'there is no cluster x' });
  expect(exitCodeOf(error)).toBe(2);
  expect(existsSync(join(home, 'local'))).toBe(false);
  expect(existsSync(join(home, 'temporal.db'))).toBe(false);
});

test.each<[string | undefined, string]>([
  ['/a/one:/b/two', '/a/one'], [':/b/two', '/b/two'], ['rel', join(process.cwd(), 'rel')], ['', 'home'], [undefined, 'home'],
])('KUBECONFIG=%s: as kubectl does, a kubeconfig is merged into %s', (value, file) => {
  expect(kubeconfigFile(value === undefined ? {} : { KUBECONFIG: value })).toBe(file === 'home' ? join(process.env['HOME'] ?? '', '.kube', 'config') : file);
});
