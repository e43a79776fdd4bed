import type { ClusterSlice } from '../../domain/cluster-slice';
import type { Deps } from '../../activities/deps';
import { envFor } from '../../activities/host-env';
import type { OpenImage } from '../../activities/image-set';
import type { ImageTree } from '../../activities/ports';
import { scriptEnv } from '../../activities/registry-password';
import { anImage, aHost } from '../fixtures';

const tree = (files: Readonly<Record<string, string>>): ImageTree => ({
  digest: 'sha256:0', root: '', registry: [], served: [],
  entries: Object.entries(files).map(([path, text]) => ({ path, kind: 'file', mode: 0o755, size: text.length, bytes: Buffer.from(text) })),
  config: { labels: {}, env: { registryUsername: 'admin', registryPassword: 'passw0rd' }, entrypoint: [], cmd: [] },
} as unknown as ImageTree);
const rendered = { 'etc/registry.yml.tmpl': 'password: {{ .registryPassword }}', 'scripts/init.sh': 'systemctl start containerd' };

const deps = { secrets: { open: (sealed: string, { field }: { field: string }) => `${sealed} opened for ${field}` } } as unknown as Deps;
const cluster = (more: Partial<ClusterSlice> = {}): ClusterSlice => ({ name: 'c', env: [], version: 'v1.34.2', registryPassword: 'sealed:v1:own', ...more } as unknown as ClusterSlice);
const image = (kind: 'rootfs' | 'application', files: Readonly<Record<string, string>>): OpenImage => ({ facts: anImage('x', kind), tree: tree(files) });
const passwordOn = (of: ClusterSlice, one: OpenImage): string | undefined => envFor(deps, of, aHost('10.0.0.1'), one).values['registryPassword'];

describe('the password of the cluster\'s registry', () => {
  test('is the cluster\'s own where the image renders it, and is kept out of logs', () => {
    expect(passwordOn(cluster(), image('rootfs', rendered))).toBe('sealed:v1:own opened for registryPassword');
    expect(envFor(deps, cluster(), aHost('10.0.0.1'), image('rootfs', rendered)).secrets).toContain('sealed:v1:own opened for registryPassword');
  });

  test.each<[string, ClusterSlice, OpenImage, string]>([
    ['what the user sets counts before it', cluster({ env: [{ name: 'registryPassword', value: 'sealed:v1:mine' }] }), image('rootfs', rendered), 'sealed:v1:mine opened for env/registryPassword'],
    ['an image with a fixed one keeps that', cluster(), image('rootfs', { 'etc/registry.yml': 'password: passw0rd' }), 'passw0rd'],
    ['an application has its own variables', cluster(), image('application', rendered), 'passw0rd'],
    ['a cluster made without one keeps the image\'s', { ...cluster(), registryPassword: undefined } as unknown as ClusterSlice, image('rootfs', rendered), 'passw0rd'],
  ])('%s', (_what, of, one, password) => {
    expect(passwordOn(of, one)).toBe(password);
  });

  test('is in the environment of a script only when the line or a script asks for it', () => {
    const env = { registryPassword: 'p', registryDomain: 'd' };
    expect(scriptEnv(env, tree(rendered), 'init.sh $registryDomain')).toEqual({ registryDomain: 'd' });
    expect(scriptEnv(env, tree(rendered), 'auth.sh $registryPassword')).toEqual(env);
    expect(scriptEnv(env, tree({ ...rendered, 'scripts/common.sh': 'login "$registryPassword"' }), 'init.sh')).toEqual(env);
  });
});
