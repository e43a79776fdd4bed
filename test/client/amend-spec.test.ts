import { amendSpec } from '../../client/amend-spec';
import type { SpecSources } from '../../client/spec';
import { withoutReplacedKeys } from '../../domain/amend';
import { aCluster } from '../fixtures';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
const fingerprint = `SHA256:${'a'.repeat(43)}`;
const host = '10.0.0.2';
const saved = aCluster(1, 2);
const sources = (known: readonly string[] = []): SpecSources => ({ settings: () => ({}), knownKeys: (address) => (address === host ? known : []), own: [] });
const keysOf = (spec: typeof saved, id = host) => spec.hosts.find((one) => one.id === id)?.knownKeys;
const amended = (hostKey: string) => amendSpec(saved, { login: {}, images: [], host, hostKey }, sources());

describe('a new host key', () => {
  test.each([
    ['as the message shows it', `ssh-ed25519 ${fingerprint}`, `ssh-ed25519 ${fingerprint}`],
    ['a fingerprint alone', fingerprint, fingerprint],
    ['a line of ssh-keygen -l', `256 ${fingerprint} root@host (ED25519)`, fingerprint],
    ['a line of ssh-keyscan', `${host} ${key}`, key],
    ['a public key with its comment', `${key} root@host`, key],
  ])('%s', (_what, said, kept) => {
    expect(keysOf(amended(said))).toEqual([kept]);
    expect(keysOf(amended(said), '10.0.0.1')).toBeUndefined();
  });

  test.each(['', 'yes', 'SHA256:short', 'ssh-ed25519', 'MD5:00:11'])('%j is none', (said) => {
    expect(() => amended(said)).toThrow(expect.objectContaining({ type: 'InvalidSpec', message: expect.stringContaining('no host key') as string }) as Error);
  });

  test('needs its host', () => {
    expect(() => amendSpec(saved, { login: {}, images: [], hostKey: key }, sources())).toThrow(expect.objectContaining({ type: 'InvalidSpec', details: { todo: expect.stringContaining('--host') as string } }) as Error);
  });

  test('of a host that is named known_hosts is asked again', () => {
    expect(keysOf(amendSpec(saved, { login: {}, images: [], host }, sources([key])))).toEqual([key]);
    expect(keysOf(amendSpec(saved, { login: {}, images: [] }, sources([key])))).toBeUndefined();
    expect(keysOf(amendSpec(amended(fingerprint), { login: {}, images: [], host }, sources()))).toEqual([fingerprint]);
  });

  test('takes none of the revoked ones away, and these replace no recorded key', () => {
    const gone = [`@revoked ${key}`];
    expect(keysOf(amendSpec(saved, { login: {}, images: [], host, hostKey: fingerprint }, sources(gone)))).toEqual([fingerprint, ...gone]);
    const marked = amendSpec(saved, { login: {}, images: [], host }, sources(gone));
    expect(keysOf(marked)).toEqual(gone);
    expect(withoutReplacedKeys({ [host]: 'two' }, saved, marked)).toEqual({ [host]: 'two' });
  });

  test('of a host whose keys the Clusterfile names is written there, whatever known_hosts says', () => {
    const named = { ...saved, hosts: saved.hosts.map((one) => ({ ...one, hostKeys: [key] })) };
    const [first, second] = amendSpec(named, { login: {}, images: [], host, hostKey: fingerprint }, sources([key])).hosts;
    expect([first?.hostKeys, second?.hostKeys]).toEqual([[key], [fingerprint]]);
    expect(withoutReplacedKeys({ [host]: key, '10.0.0.1': key }, named, { ...named, hosts: [first!, second!] })).toEqual({ '10.0.0.1': key });
  });

  test('takes the place of the recorded one; those of other hosts stay', () => {
    const recorded = { '10.0.0.1': 'one', [host]: 'two' };
    expect(withoutReplacedKeys(recorded, saved, amended(key))).toEqual({ '10.0.0.1': 'one' });
    expect(withoutReplacedKeys(recorded, amended(key), amended(key))).toEqual(recorded);
    expect(withoutReplacedKeys(recorded, amended(key), saved)).toEqual(recorded);
  });
});
