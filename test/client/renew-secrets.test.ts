import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withNewSecrets } from '../../client/renew-secrets';
import { completeSpec, type SpecSources } from '../../client/spec';
import type { ClusterSpec } from '../../domain/cluster';
import type { Member } from '../../domain/entity';
import { open, seal } from '../../home/seal';

let dir: string;
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-renew-'));
  process.env = { ...before, KEELSON_HOME: join(dir, 'a'), HOME: dir };
});
afterEach(() => {
  process.env = before;
  rmSync(dir, { recursive: true, force: true });
});

/** The next one is another. */
const loseKey = (): void => {
  process.env.KEELSON_HOME = join(dir, 'b');
  seal('x', { cluster: 'c', field: 'f' });
};
const sources: SpecSources = { settings: () => ({}), knownKeys: () => [], own: [] };
const made = () => ({
  ...completeSpec({
    name: 'prod', images: ['k'], command: [], configs: [], kubeadm: {}, force: false, policy: {}, env: [{ name: 'TOKEN', value: 'hush' }, { name: 'A', value: 'b' }],
    hosts: [{ address: '10.0.0.1', roles: ['master'], env: [] }], login: { user: 'ops', password: 'old' },
  }, sources),
  registryPassword: seal('registry', { cluster: 'prod', field: 'registryPassword' }),
});

test('with the key nothing has to be given', () => {
  expect(withNewSecrets(made(), { login: {}, env: [], sources })).toBeUndefined();
});

test('with the key lost: everything that is missing is named, at once', () => {
  const spec = made();
  loseKey();
  expect(() => withNewSecrets(spec, { login: {}, env: [], sources })).toThrow(expect.objectContaining({
    name: 'KeyMissing', details: { todo: expect.stringMatching(/a login for the hosts.*--env TOKEN=.*--env registryPassword=/) as string },
  }));
});

test('what is given anew takes the place of what is lost', () => {
  const spec = made();
  loseKey();
  const registryPassword = seal('registry', { cluster: 'prod', field: 'registryPassword' });
  const renewed = withNewSecrets(spec, { login: { user: 'root', password: 'new' }, said: true, env: [{ name: 'TOKEN', value: 'again' }], sources, registryPassword })!.spec;
  const credential = renewed.hosts[0]!.credential;
  expect(renewed.credentials[credential]?.user).toBe('root');
  expect(open(renewed.credentials[credential]?.password ?? '', { cluster: 'prod', field: `credentials/${credential}/password` })).toBe('new');
  expect(open(renewed.env[0]?.value ?? '', { cluster: 'prod', field: 'env/TOKEN' })).toBe('again');
  expect(renewed.env[1]).toEqual({ name: 'A', value: 'b' });
  expect(withNewSecrets(renewed, { login: {}, env: [], sources })).toBeUndefined();
});

describe('a host that leaves, with the key lost', () => {
  /** A spec without secrets, and a member of before it with a login of its own. */
  const leaver = (): { spec: ClusterSpec; members: Record<string, Member> } => {
    const { env: _hush, registryPassword: _lost, ...spec } = made();
    const old = completeSpec({
      ...spec, env: [], hosts: [{ address: '10.0.0.9', roles: ['node'], env: [], port: 2222 }], login: { user: 'ops', password: 'long ago' }, policy: {},
    }, sources);
    const plain = { ...spec, env: [], credentials: { ssh: { user: 'root', agentSocket: '/run/agent' } } };
    return { spec: plain, members: { '10.0.0.1': { host: spec.hosts[0]! }, '10.0.0.9': { host: old.hosts[0]!, access: old.credentials['ssh']! } } };
  };

  test('has to be logged in to, too: a login is asked for', () => {
    const { spec, members } = leaver();
    expect(withNewSecrets(spec, { login: {}, env: [], sources, members })).toBeUndefined();
    loseKey();
    expect(() => withNewSecrets(spec, { login: {}, env: [], sources, members })).toThrow(expect.objectContaining({ details: { todo: expect.stringContaining('a login for the hosts') as string } }));
  });

  test('is reached by the new login', () => {
    const { members } = leaver();
    const spec = made();
    loseKey();
    const given = { login: { user: 'root', password: 'new' }, said: true, env: [{ name: 'TOKEN', value: 'x' }, { name: 'registryPassword', value: 'y' }], sources, members };
    const renewed = withNewSecrets(spec, given)!;
    const { host, access } = renewed.members!['10.0.0.9']!;
    expect([host.port, access?.user]).toEqual([2222, 'root']);
    expect(open(access?.password ?? '', { cluster: 'prod', field: `credentials/${host.credential}/password` })).toBe('new');
    // Of others the spec has it.
    expect(renewed.members!['10.0.0.1']).toEqual({ host: renewed.spec.hosts[0] });
    expect(withNewSecrets(renewed.spec, { ...given, login: {}, said: false, members: renewed.members! })).toBeUndefined();
  });
});

test('a lost variable of hosts is given by its name', () => {
  const spec = made();
  const token = { name: 'TOKEN_OF_HOST', value: seal('mine', { cluster: 'prod', field: 'hosts/10.0.0.1/env/TOKEN_OF_HOST' }) };
  const hosts = spec.hosts.map((host) => ({ ...host, env: [token] }));
  loseKey();
  const given = { login: { password: 'new' }, said: true, sources, env: [{ name: 'TOKEN', value: 'x' }, { name: 'registryPassword', value: 'y' }] };
  expect(() => withNewSecrets({ ...spec, hosts }, given)).toThrow(expect.objectContaining({ details: { todo: expect.stringMatching(/: --env TOKEN_OF_HOST=\.\.\. \(of 10\.0\.0\.1\)$/) as string } }));
  const renewed = withNewSecrets({ ...spec, hosts }, { ...given, env: [...given.env, { name: 'TOKEN_OF_HOST', value: 'again' }] })!.spec;
  expect(open(renewed.hosts[0]!.env[0]!.value, { cluster: 'prod', field: 'hosts/10.0.0.1/env/TOKEN_OF_HOST' })).toBe('again');
});
