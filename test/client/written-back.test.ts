import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { clusterfileSpec } from '../../client/clusterfile-spec';
import { completeSpec, type SpecSources } from '../../client/spec';
import { openFile, sealFile, writtenBack } from '../../client/written-back';
import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import { parseClusterfile, renderedClusterfile } from '../../domain/clusterfile';
import { digestOf } from '../../domain/digest';
import { open } from '../../home/seal';

let dir: string;
const before = { ...process.env };
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-back-'));
  process.env = { ...before, KEELSON_HOME: dir, HOME: dir };
});
afterAll(() => {
  process.env = before;
  rmSync(dir, { recursive: true, force: true });
});

const sources: SpecSources = { settings: () => ({}), knownKeys: () => [], own: [] };
const flags = { env: [], cmd: [], configFile: [], values: [], set: [] };
const specOf = (text: string, saved?: ClusterSpec): ClusterSpec =>
  clusterfileSpec(parseClusterfile(text, { file: 'Clusterfile' }).documents, { flags, logins: { flags: {}, environment: {} }, sources: { ...sources, agentSocket: 'none' }, saved });

const text = `# Production. Ask ana before changing the masters.
apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata:
  name: prod   # the name in the wiki
spec:
  image:
  - kubernetes:v1.34.2   # pinned, see ticket 12
  - flannel:v0.28
  ssh:
    user: ops
    passwd: Geheim-4711   # from the vault
  hosts:
  - ips: ['10.0.0.1:22', '10.0.0.2:22', 10.0.0.3]   # rack A
    roles: [master, amd64]
  # rack B
  - ips:
    - 10.0.0.11:22   # the one with the slow disk
    - 10.0.0.12:22
    roles: [node, amd64]
    env:
    - registryPassword=only-here
  env:
  - A=1,2=3   # three things
  - TOKEN_X=hush
---
# Nobody knows this one.
apiVersion: v1
kind: ConfigMap
metadata:   {name:   oddly-spaced}
data:
    note:  "kept   byte for byte"
---
apiVersion: apps.sealos.io/v1beta1
kind: Config
metadata: {name: note}
spec:
  path: etc/note   # where it goes
  strategy: override
  data: |
    {{ "{{" }} braces }}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
# the pods' network must not be that of the VPN
networking: {podSubnet: 10.244.0.0/16}
---
apiVersion: keelson.dev/v1alpha1
kind: Policy
spec:
  parallel: 5   # the uplink is thin
`;
const kept = renderedClusterfile(text, { file: 'Clusterfile' });
const same = (a: ClusterSpec, b: ClusterSpec): void => expect(digestOf({ ...a, force: false })).toBe(digestOf({ ...b, force: false }));

test('what nothing has changed comes back to the byte', () => {
  expect(writtenBack({ text: kept, spec: specOf(text), sources })).toBe(text);
});

test('hosts and images are edited in place: comments, order and unknown documents stay', () => {
  const spec = specOf(text);
  const changed: ClusterSpec = {
    ...spec,
    images: ['kubernetes:v1.34.2', 'web:v1'],
    hosts: [...spec.hosts.filter(({ id }) => !['10.0.0.2', '10.0.0.12'].includes(id)), { ...spec.hosts[0]!, id: '10.0.0.9', address: '10.0.0.9', roles: ['node'], port: 2222 }],
  };
  const back = writtenBack({ text: kept, spec: changed, sources });
  same(specOf(back, changed), changed);
  for (const comment of ['# Production. Ask ana', '# the name in the wiki', '# pinned, see ticket 12', '# from the vault', '# rack A', '# rack B', '# the one with the slow disk', '# three things', '# Nobody knows', '# where it goes', '# the pods\' network', '# the uplink is thin']) expect(back).toContain(comment);
  expect(back).toContain('metadata:   {name:   oddly-spaced}\ndata:\n    note:  "kept   byte for byte"\n');
  expect(back).toContain('passwd: Geheim-4711');
  expect(back).not.toMatch(/10\.0\.0\.2:|10\.0\.0\.12|flannel/);
  expect(back).toContain('10.0.0.9:2222');
});

test('host keys that the file names are kept up to date where it has them; what known_hosts knew is not written', () => {
  const [old, now] = ['a', 'b'].map((letter) => `SHA256:${letter.repeat(43)}`) as [string, string];
  const named = text.replace('  # rack B\n  - ips:\n', `  # rack B\n  - hostKeys: ['${old}']   # read at the console\n    ips:\n`);
  const spec = specOf(named);
  const known = { ...spec, hosts: spec.hosts.map((host) => ({ ...host, knownKeys: ['ssh-ed25519 AAAA'] })) };
  expect(writtenBack({ text: renderedClusterfile(named, { file: 'Clusterfile' }), spec: known, sources })).toBe(named);
  const changed = { ...spec, hosts: spec.hosts.map((host) => (host.id === '10.0.0.12' ? { ...host, hostKeys: [now] } : host)) };
  const back = writtenBack({ text: renderedClusterfile(named, { file: 'Clusterfile' }), spec: changed, sources });
  same(specOf(back, changed), changed);
  expect(back).toContain('# read at the console');
  expect(specOf(writtenBack({ spec: changed, sources }), changed).hosts.map(({ hostKeys }) => hostKeys)).toEqual([undefined, undefined, undefined, [old], [now]]);
});

test('what came by flags is in it: secrets sealed, documents behind the others', () => {
  const spec = specOf(text);
  const said = completeSpec({
    name: 'prod', images: [], command: [], configs: [], kubeadm: {}, force: false, policy: {}, env: [{ name: 'NEW_TOKEN', value: 'by-flag' }],
    hosts: spec.hosts.map(({ address, port, roles }) => ({ address, port, roles, env: [] })), login: { user: 'root', password: 'by-flag-too' },
  }, sources, spec.credentials);
  const relogged = { ...spec, env: [...spec.env, ...said.env], credentials: said.credentials, hosts: spec.hosts.map((host) => ({ ...host, credential: said.hosts[0]!.credential })),
    command: ['a b'], controlPlaneEndpoint: 'api.example.com:6443', configs: [...spec.configs, { name: 'more', path: 'etc/x', strategy: 'append' as const, data: 'y' }],
    kubeadm: { ...spec.kubeadm, kubelet: { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: 50 } }, policy: { ...spec.policy, strictHostKeys: true } };
  const back = writtenBack({ text: kept, spec: relogged, sources });
  same(specOf(back, relogged), relogged);
  expect(back).not.toMatch(/by-flag/);
  expect(back).toMatch(/passwd: sealed:v1:\S+ # from the vault/);
  expect(back).toContain('# rack B');
});

test('sealed: no secret in clear, and it still means the same', () => {
  const spec = specOf(text);
  const back = writtenBack({ text: kept, spec, sources, sealed: true });
  expect(back).not.toMatch(/Geheim-4711|hush|only-here/);
  expect(back).toContain('# rack A');
  const read = specOf(back, spec);
  same(read, { ...spec, hosts: read.hosts });
  for (const host of read.hosts) for (const { name, value } of host.env) expect(open(value, { cluster: 'prod', field: `hosts/${host.id}/env/${name}` })).toBe('only-here');
});

test('without a file it is made from the spec; also where the file cannot say it', () => {
  const spec = specOf(text);
  same(specOf(writtenBack({ spec, sources }), spec), { ...spec });
  const anchored = text.replace('roles: [master, amd64]', 'roles: &r [master, amd64]').replace('roles: [node, amd64]', 'roles: *r');
  const back = writtenBack({ text: renderedClusterfile(anchored, { file: 'f' }), spec, sources });
  same(specOf(back, spec), spec);
});

test('a file is kept sealed as a whole, and only when it is short', () => {
  const sealed = sealFile(kept, 'prod')!;
  expect(sealed).toMatch(/^sealed:v1:/);
  expect(openFile(sealed, 'prod')).toBe(kept);
  expect(() => openFile(sealed, 'other')).toThrow();
  const long = fc.sample(fc.string({ minLength: 5000, maxLength: 5000, unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789') }), 60).join('\n');
  expect(sealFile(long, 'prod')).toBeUndefined();
});

/** A host of 10.0.0.1 to .40, of whatever kind. */
const hostArb = fc.record({ n: fc.integer({ min: 1, max: 40 }), master: fc.boolean(), port: fc.constantFrom(22, 22, 2222), login: fc.constantFrom('a', 'a', 'b'), zone: fc.constantFrom('', 'z1') });
const wantedArb = fc.record({
  hosts: fc.uniqueArray(hostArb, { minLength: 1, maxLength: 9, selector: ({ n }) => n }),
  images: fc.uniqueArray(fc.constantFrom('kubernetes:v1.34.2', 'flannel:v0.28', 'web:v1', 'helm:v3'), { minLength: 1 }),
  env: fc.uniqueArray(fc.tuple(fc.constantFrom('A', 'B', 'TOKEN_X', 'plain'), fc.string()), { selector: ([name]) => name }),
  command: fc.array(fc.string({ minLength: 1 }), { maxLength: 2 }),
  parallel: fc.integer({ min: 1, max: 9 }),
});

test('property: the text means the spec whatever changes, and the unknown document keeps every byte', () => {
  const unknown = text.slice(text.indexOf('# Nobody'), text.indexOf('---\napiVersion: apps.sealos.io/v1beta1\nkind: Config'));
  fc.assert(fc.property(wantedArb, ({ hosts, images, env, command, parallel }) => {
    const base = specOf(text);
    const wanted: ClusterSpec = {
      ...completeSpec({
        name: 'prod', images, command, configs: base.configs, kubeadm: base.kubeadm, force: false, policy: { ...defaultPolicy, parallel },
        env: env.map(([name, value]) => ({ name, value })), login: {},
        hosts: hosts.map(({ n, master, port, login, zone }) => ({
          address: `10.0.0.${n}`, port, roles: [master ? 'master' : 'node', 'amd64'], env: zone ? [{ name: 'ZONE', value: zone }] : [],
          login: login === 'a' ? { user: 'ops', password: 'Geheim-4711' } : { user: 'root', password: 'other' },
        })),
      }, sources, base.credentials),
    };
    const back = writtenBack({ text: kept, spec: wanted, sources });
    const read = specOf(back, wanted);
    expect({ ...read, credentials: {}, hosts: [] }).toEqual({ ...read, images: wanted.images, command: wanted.command, credentials: {}, hosts: [] });
    const logins = (spec: ClusterSpec) => spec.hosts.map((host) => digestOf([host.id, host.port, host.roles, host.env, spec.credentials[host.credential]]));
    expect(logins(read)).toEqual(logins(wanted));
    const edited = back.includes('# Nobody');
    if (edited) expect(back).toContain(unknown);
    // Text that means the same twice is the same twice.
    expect(writtenBack({ text: renderedClusterfile(back, { file: 'f' }), spec: wanted, sources })).toBe(back);
  }), { numRuns: 60 });
});
