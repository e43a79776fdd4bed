import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ConfigDocument } from '../../domain/cluster';
import { createRenderer } from '../../activities/render';
import type { ImageTree, TreeEntry } from '../../activities/ports';

let root: string;
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'render-')); });
afterEach(() => rmSync(root, { recursive: true, force: true }));

const treeOf = (files: Record<string, string>, more: TreeEntry[] = []): ImageTree => {
  const entries = Object.entries(files).map(([path, text]): TreeEntry => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return { path, kind: 'file', mode: 0o755, size: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex'), from: join(root, path) };
  });
  return { digest: `sha256:${'0'.repeat(64)}`, root, entries: [...entries, ...more], registry: [], served: [], config: { labels: {}, env: {}, entrypoint: [], cmd: [] } };
};
const override = (path: string, data: string, match?: string): ConfigDocument => ({ name: 'c', path, data, strategy: 'override', ...(match ? { match } : {}) });
const render = async (tree: ImageTree, configs: ConfigDocument[] = [], env: Record<string, string> = {}) => {
  const entries = await createRenderer().render(tree, { ref: 'labring/kubernetes:v1', configs, env });
  return Object.fromEntries(entries.filter(({ kind }) => kind === 'file').map((entry) => {
    const text = entry.bytes?.toString() ?? readFileSync(entry.from!, 'utf8');
    expect({ path: entry.path, sha256: entry.sha256, size: entry.size, mode: entry.mode }).toEqual({
      path: entry.path, sha256: createHash('sha256').update(text).digest('hex'), size: Buffer.byteLength(text), mode: 0o755,
    });
    return [entry.path, text];
  }));
};

test('templates below etc, scripts and manifests become their output; charts and partials stay', async () => {
  const tree = treeOf({
    'etc/registry.yml.tmpl': 'domain: {{ .registryDomain }}\n', 'etc/registry.yml': 'old and longer than the new one, by far',
    'scripts/deep/a.sh.tpl': '{{ .Env.registryDomain }}', 'manifests/_helpers.tpl': '{{ define "x" }}{{ end }}',
    'charts/c/templates/d.tmpl': '{{ include "x" }}', 'opt/x.tmpl': '{{ nonsense',
  });
  expect(await render(tree, [], { registryDomain: 'sealos.hub' })).toEqual({
    'etc/registry.yml': 'domain: sealos.hub\n', 'scripts/deep/a.sh': 'sealos.hub', 'manifests/_helpers.tpl': '{{ define "x" }}{{ end }}',
    'charts/c/templates/d.tmpl': '{{ include "x" }}', 'opt/x.tmpl': '{{ nonsense',
  });
});

test('two hosts get their own output, and the pristine tree stays as it was', async () => {
  const tree = treeOf({ 'etc/a.tmpl': '{{ .k }}' });
  expect((await render(tree, [], { k: '1' }))['etc/a']).toBe('1');
  expect((await render(tree, [], { k: '2' }))['etc/a']).toBe('2');
  expect(readFileSync(join(root, 'etc/a.tmpl'), 'utf8')).toBe('{{ .k }}');
});

test('a fault in a template names file and line', async () => {
  await expect(render(treeOf({ 'etc/a.tmpl': 'fine\n{{ lookup "x" }}' }))).rejects.toMatchObject({ type: 'InvalidImage', message: expect.stringContaining('etc/a.tmpl:2') as string });
});

test('Config documents: the own ones first, then those for every image and those for this one; a missing file is made', async () => {
  const own = 'apiVersion: apps.sealos.io/v1beta1\nkind: Config\nmetadata: {name: own}\nspec: {path: etc/a, data: "own\\n", strategy: override}\n';
  const tree = treeOf({ 'config.yml': own, 'etc/a': 'image', 'etc/b': 'b' });
  const files = await render(tree, [
    { name: 'more', path: 'etc/a', data: 'user', strategy: 'append' },
    override('etc/b', 'for another', 'labring/kubernetes:v2'),
    override('etc/new', 'made', 'labring/kubernetes:v1'),
  ]);
  expect(files).toMatchObject({ 'etc/b': 'b', 'etc/new': 'made' });
  expect(files['etc/a']).toMatch(/^own\n+user$/);
});

test('a Config may change a template before it is rendered', async () => {
  expect((await render(treeOf({ 'etc/a.tmpl': 'x' }), [override('etc/a.tmpl', '{{ .k }}')], { k: 'v' }))['etc/a']).toBe('v');
});

test.each(['/etc/passwd', '../up', 'etc/../../up', '', 'link/inside', 'link'])('refuses a Config for %j', async (path) => {
  const tree = treeOf({}, [{ path: 'link', kind: 'link', mode: 0o777, size: 0, target: '/etc' }]);
  await expect(render(tree, [override(path, 'x')])).rejects.toMatchObject({ type: 'InvalidSpec' });
});
