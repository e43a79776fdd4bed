import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterfileSpec } from '../../client/clusterfile-spec';
import { documentsOf, gen } from '../../client/commands/gen';
import { parseEnv } from '../../client/env-flags';
import { readHosts } from '../../client/host-flags';
import { readLogin } from '../../client/login-flags';
import { readDocuments } from '../../client/read-documents';
import { runSpec } from '../../client/run-spec';
import type { SpecSources } from '../../client/spec';
import type { SpecFlags } from '../../client/spec-flags';
import type { Credential } from '../../domain/cluster';
import { parseClusterfile, writeClusterfile } from '../../domain/clusterfile';
import { digestOf } from '../../domain/digest';
import { open, seal } from '../../home/seal';

let dir: string;
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-gen-'));
  process.env = { ...before, KEELSON_HOME: dir, HOME: dir };
});
afterEach(() => {
  process.env = before;
  rmSync(dir, { recursive: true, force: true });
  jest.restoreAllMocks();
});

const sources: SpecSources = { settings: () => ({}), knownKeys: () => [], own: [] };
const flagsOf = (said: Partial<SpecFlags>): SpecFlags => ({ cluster: 'prod', env: [], cmd: [], configFile: [], values: [], set: [], ...said });

async function specOfRun(images: string[], flags: SpecFlags) {
  const { login } = readLogin(flags, {});
  const input = { cluster: 'prod', images, hosts: readHosts(flags).hosts, env: parseEnv(flags.env), documents: readDocuments(flags).documents, flags, login };
  return runSpec(input, sources, { spec: undefined, view: undefined });
}

const specOfFile = (text: string, saved?: { credentials: Record<string, Credential> }) => {
  const { documents } = parseClusterfile(text, { file: 'Clusterfile' });
  const spec = clusterfileSpec(documents, { flags: flagsOf({}), logins: { flags: {}, environment: {} }, sources, saved: undefined });
  return saved ? clusterfileSpec(documents, { flags: flagsOf({}), logins: { flags: {}, environment: {} }, sources, saved: { ...spec, ...saved } }) : spec;
};

test('apply of what gen prints asks for the very spec that run asks for', async () => {
  const config = join(dir, 'more.yaml');
  writeFileSync(config, `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {podSubnet: 10.244.0.0/16}
controlPlaneEndpoint: document.example.com:6443
---
apiVersion: keelson.dev/v1alpha1
kind: Policy
spec: {parallel: 7, strictHostKeys: false, nodeNames: {10.0.0.2: two}}
---
apiVersion: apps.sealos.io/v1beta1
kind: Config
metadata: {name: pull}
spec: {path: etc/a.yaml, strategy: append, data: 'text: {{ "{{" }} .kept }}'}
`);
  const flags = flagsOf({
    masters: '10.0.0.1-10.0.0.3', nodes: '10.0.0.9:2222,[fd00::1]:23,10.0.0.8', user: 'ops', passwd: 'Geheim-4711', pkPasswd: 'Phrase-0815', port: 2200,
    env: ['registryPassword=a,b=c', 'plain=x,y=z', 'on=y'], cmd: ['echo one, two'], configFile: [config], strictHostKeys: true, wait: false,
    controlPlaneEndpoint: 'api.example.com:6443',
  });
  const text = writeClusterfile(await documentsOf(['kubernetes:v1.34.2', 'flannel'], flags));
  expect(text).not.toMatch(/Geheim-4711|Phrase-0815|a,b=c/);
  const wanted = await specOfRun(['kubernetes:v1.34.2', 'flannel'], flags);
  expect(wanted).toMatchObject({ policy: { parallel: 7, strictHostKeys: true, noWait: true }, controlPlaneEndpoint: 'api.example.com:6443', hosts: { 1: { nodeName: 'two' } } });
  expect(specOfFile(text)).toEqual({ ...wanted, credentials: expect.anything() as unknown, env: expect.anything() as unknown });
  expect(digestOf(specOfFile(text))).toBe(digestOf(wanted));
});

test('a login of the environment is not written down, and no login is needed', async () => {
  process.env['KEELSON_SSH_PASSWORD'] = 'Geheim-4711';
  expect((await documentsOf(['kubernetes'], flagsOf({ masters: '10.0.0.1' }))).ssh).toEqual({});
});

test('a sealed password opens for the cluster although other logins are there already', async () => {
  const text = writeClusterfile(await documentsOf(['kubernetes'], flagsOf({ masters: '10.0.0.1', passwd: 'Geheim-4711' })));
  const field = 'credentials/ssh/password';
  const spec = specOfFile(text, { credentials: { ssh: { user: 'root', password: seal('another', { cluster: 'prod', field }) } } });
  const id = spec.hosts[0]?.credential ?? '';
  expect(id).not.toBe('ssh');
  expect(open(spec.credentials[id]?.password ?? '', { cluster: 'prod', field: `credentials/${id}/password` })).toBe('Geheim-4711');
});

test('a file that is there stays as it is, and what is wrong with the flags is said', async () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const output = join(dir, 'Clusterfile');
  expect(await gen(['kubernetes'], flagsOf({ masters: '10.0.0.1', output } as Partial<SpecFlags>))).toBe(0);
  const first = readFileSync(output, 'utf8');
  await expect(gen(['flannel'], flagsOf({ masters: '10.0.0.2', output } as Partial<SpecFlags>))).rejects.toMatchObject({ type: 'InvalidSpec' });
  expect(readFileSync(output, 'utf8')).toBe(first);
  await expect(gen(['kubernetes'], flagsOf({ nodes: '10.0.0.1' }))).rejects.toThrow('there is no control plane');
  await expect(gen(['kubernetes'], flagsOf({ masters: '10.0.0.1', nodes: '10.0.0.1' }))).rejects.toThrow('twice');
  said.mockRestore();
});
