import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withNewSecrets } from '../../client/renew-secrets';
import { completeSpec, type SpecSources } from '../../client/spec';
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
  process.env.KEELSON_HOME = join(dir, 'b');
  seal('x', { cluster: 'c', field: 'f' });
  expect(() => withNewSecrets(spec, { login: {}, env: [], sources })).toThrow(expect.objectContaining({
    name: 'KeyMissing', details: { todo: expect.stringMatching(/a login for the hosts.*--env TOKEN=.*--env registryPassword=/) as string },
  }));
});

test('what is given anew takes the place of what is lost', () => {
  const spec = made();
  process.env.KEELSON_HOME = join(dir, 'b');
  const registryPassword = seal('registry', { cluster: 'prod', field: 'registryPassword' });
  const renewed = withNewSecrets(spec, { login: { user: 'root', password: 'new' }, said: true, env: [{ name: 'TOKEN', value: 'again' }], sources, registryPassword })!;
  const credential = renewed.hosts[0]!.credential;
  expect(renewed.credentials[credential]?.user).toBe('root');
  expect(open(renewed.credentials[credential]?.password ?? '', { cluster: 'prod', field: `credentials/${credential}/password` })).toBe('new');
  expect(open(renewed.env[0]?.value ?? '', { cluster: 'prod', field: 'env/TOKEN' })).toBe('again');
  expect(renewed.env[1]).toEqual({ name: 'A', value: 'b' });
  expect(withNewSecrets(renewed, { login: {}, env: [], sources })).toBeUndefined();
});
