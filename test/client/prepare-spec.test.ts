import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFile, sealFile } from '../../client/written-back';
import { prepareSpec, resealedFile, withRegistryPassword } from '../../client/prepare-spec';
import type { ClusterSpec } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { ensureKeys, forgetKey, loadKeys, rotateKey } from '../../home/key';
import { keyIdOf, open, seal } from '../../home/seal';
import { aCluster, aHost } from '../fixtures';

const before = { ...process.env };
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-prepare-'));
  process.env = { ...before, KEELSON_HOME: home };
  delete process.env['KEELSON_KEY_FILE'];
});
afterEach(() => {
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

const passwordOf = ({ name, registryPassword }: ClusterSpec): string => open(registryPassword ?? '', { cluster: name, field: 'registryPassword' });

describe('the password of the registry', () => {
  test('a new cluster gets one of its own, long and never the same', () => {
    const [one, two] = [prepareSpec(aCluster(1, 1), undefined), prepareSpec(aCluster(1, 1), undefined)];
    expect(passwordOf(one)).toMatch(/^[\w-]{32}$/);
    expect(passwordOf(one)).not.toBe(passwordOf(two));
  });

  test('the same cluster keeps it: the same wish is the same spec', () => {
    const first = prepareSpec(aCluster(1, 1), undefined);
    expect(digestOf(prepareSpec(aCluster(1, 1), first))).toBe(digestOf(first));
  });

  test('a cluster that was made without one does not get one: its registry keeps its own', () => {
    expect(prepareSpec(aCluster(1, 1), aCluster(1, 1)).registryPassword).toBeUndefined();
  });

  test('that of the cluster counts, not one that a program made meanwhile', () => {
    const first = prepareSpec(aCluster(1, 1), undefined);
    expect(passwordOf(withRegistryPassword(prepareSpec(aCluster(1, 1), undefined), first))).toBe(passwordOf(first));
  });
});

describe('after a rotation', () => {
  const secret = (field: string) => seal(`secret of ${field}`, { cluster: 'default', field });
  const spec = (): ClusterSpec => aCluster(0, 0, {
    credentials: { ops: { user: 'ops', password: secret('credentials/ops/password'), passphrase: secret('credentials/ops/passphrase') }, root: { user: 'root' } },
    env: [{ name: 'token', value: secret('env/token') }, { name: 'plain', value: 'x' }],
    hosts: [aHost('10.0.0.1', 'master', { env: [{ name: 'hostKey', value: secret('hosts/10.0.0.1/env/hostKey') }] })],
  });

  test('every secret of a spec is sealed with the new key, and nothing else has changed', async () => {
    const saved = prepareSpec(spec(), undefined);
    const { former, current } = await rotateKey({ now: '2026-01-01T00:00:00Z' });
    const anew = prepareSpec(saved, saved);
    expect(JSON.stringify(anew)).not.toContain(former[0]?.id);
    expect(digestOf(anew)).toBe(digestOf(saved));
    expect(keyIdOf(anew.registryPassword ?? '')).toBe(current.id);
    await forgetKey(former[0]?.id ?? '');
    const opened = [
      [anew.credentials['ops']?.password, 'credentials/ops/password'], [anew.credentials['ops']?.passphrase, 'credentials/ops/passphrase'],
      [anew.env[0]?.value, 'env/token'], [anew.hosts[0]?.env[0]?.value, 'hosts/10.0.0.1/env/hostKey'],
    ] as const;
    for (const [value, field] of opened) expect(open(value ?? '', { cluster: 'default', field })).toBe(`secret of ${field}`);
    expect(anew.env[1]?.value).toBe('x');
  });

  test('a Clusterfile that the cluster keeps is sealed with the new key as well', async () => {
    const before = sealFile('kind: Cluster', 'default') ?? '';
    const { current } = await rotateKey({ now: '2026-01-01T00:00:00Z' });
    const after = resealedFile(before, 'default');
    expect([keyIdOf(after), openFile(after, 'default'), resealedFile(after, 'default')]).toEqual([current.id, 'kind: Cluster', after]);
  });

  test('a secret of a key that this machine never had stays as it is', async () => {
    const foreign = spec();
    rmSync(join(home, 'key'));
    expect(prepareSpec(foreign, aCluster(1, 0))).toEqual(foreign);
    ensureKeys();
    await rotateKey({ now: '2026-01-01T00:00:00Z' });
    expect(prepareSpec(foreign, aCluster(1, 0))).toEqual(foreign);
  });

  test('one that was moved to another field is told', async () => {
    const moved = aCluster(1, 0, { env: [{ name: 'b', value: secret('env/a') }] });
    await rotateKey({ now: '2026-01-01T00:00:00Z' });
    expect(loadKeys().former).toHaveLength(1);
    expect(() => prepareSpec(moved, moved)).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
  });
});
