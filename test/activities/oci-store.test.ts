import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../../activities/adapters/oci/store';
import { archiveOf } from './archives';
import { writeLayout, type MadeImage } from './layouts';

let dir: string;
const path = process.env.PATH;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'store-')); });
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true, force: true });
});

const options = (signal = new AbortController().signal) => ({ signal, beat: () => undefined });
const store = () => createStore({ dir: join(dir, 'store') });
const arch = process.arch === 'x64' ? 'amd64' : process.arch;

const rootfs: MadeImage = {
  architecture: arch,
  layers: [
    archiveOf([
      { name: 'etc/kubeadm.yml', body: 'kind: InitConfiguration\n---\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: 10.1.0.0/16\n  serviceSubnet: 10.2.0.0/16\n' },
      { name: 'scripts/init.sh', body: 'echo', mode: 0o644 },
      { name: 'registry/docker/registry/v2/repositories/pause/_manifests/tags/3.9/current/link', body: 'sha256:0' },
    ]),
    archiveOf([{ name: 'scripts/extra.sh', body: 'x' }]),
  ],
  config: {
    Labels: { 'sealos.io.type': 'rootfs', 'sealos.io.version': 'v1beta1', version: 'v1.34.2', vip: '$defaultVIP' },
    Env: ['PATH=/bin', 'defaultVIP=10.9.9.9', 'equals=a=b'], Entrypoint: ['/bin/sh', '-c', 'one'], Cmd: ['two', 'three'],
  },
};

test('an image keeps the digest of its source, and its facts and tree are read from it', async () => {
  const [digest] = writeLayout(join(dir, 'layout'), [rootfs]);
  const facts = await store().resolve(`oci:${join(dir, 'layout')}`, options());
  expect(facts).toMatchObject({
    digest, kind: 'rootfs', version: 'v1.34.2', vip: '10.9.9.9', commands: 3, podSubnet: '10.1.0.0/16', serviceSubnet: '10.2.0.0/16', architecture: arch,
    mountName: `layout-${digest!.slice(7, 15)}`,
  });
  const tree = await store().tree(facts.digest, options());
  expect(tree.entries.map((entry) => [entry.path, entry.kind, entry.mode])).toEqual([
    ['etc', 'dir', 0o755], ['etc/kubeadm.yml', 'file', 0o755], ['scripts', 'dir', 0o755], ['scripts/extra.sh', 'file', 0o755], ['scripts/init.sh', 'file', 0o755],
  ]);
  expect(tree.served).toEqual(['pause:3.9']);
  expect(tree.registry.every((entry) => entry.path.startsWith('registry'))).toBe(true);
  expect(tree.config).toMatchObject({ env: { defaultVIP: '10.9.9.9', equals: 'a=b' }, entrypoint: ['one'], cmd: ['two', 'three'] });
  expect(tree.config.env).not.toHaveProperty('PATH');
  expect(readFileSync(tree.entries.find((entry) => entry.path === 'scripts/extra.sh')!.from!, 'utf8')).toBe('x');
});

test('Docker schema 2 keeps its digest too', async () => {
  const [digest] = writeLayout(join(dir, 'layout'), [{ ...rootfs, docker: true }]);
  expect((await store().resolve(`oci:${join(dir, 'layout')}`, options())).digest).toBe(digest);
});

test('of a list the image for this architecture is taken', async () => {
  const [, , ours] = writeLayout(join(dir, 'layout'), [{ ...rootfs, architecture: 's390x' }, { ...rootfs, architecture: 'ppc64le' }, rootfs]);
  expect((await store().resolve(`oci:${join(dir, 'layout')}`, options())).digest).toBe(ours);
});

test('loaded under a name, an image is found by all names that mean it, without any source', async () => {
  writeLayout(join(dir, 'layout'), [rootfs], 'v1.34.2');
  const names = ['localhost/keelson/kubernetes:v1.34.2', 'localhost/keelson/kubernetes:latest', 'docker.io/labring/helm:v3', 'docker.io/library/nginx:latest'];
  await store().load(join(dir, 'layout'), names);
  rmSync(join(dir, 'layout'), { recursive: true });
  for (const ref of [...names, 'keelson/kubernetes', 'keelson/kubernetes:v1.34.2', 'labring/helm:v3', 'nginx']) {
    expect(await store().resolve(ref, options())).toMatchObject({ ref, kind: 'rootfs' });
  }
  expect(await store().list()).toEqual(names.slice().sort().map((ref) => expect.objectContaining({ ref, kind: 'rootfs', created: '2026-01-02T03:04:05Z' }) as unknown));
  expect(await store().remove('localhost/keelson/kubernetes:latest')).toBe(true);
  expect(await store().remove('localhost/keelson/kubernetes:latest')).toBe(false);
  expect((await store().list()).map(({ ref }) => ref)).not.toContain('localhost/keelson/kubernetes:latest');
});

test.each(['oci-archive', 'docker-archive'])('loads an %s, told by its content', async (transport) => {
  writeLayout(join(dir, 'layout'), [rootfs]);
  execFileSync('skopeo', ['copy', '-q', `oci:${join(dir, 'layout')}`, `${transport}:${join(dir, 'a.tar')}`]);
  const [stored] = await store().load(join(dir, 'a.tar'), ['localhost/x:v1']);
  expect(await store().resolve('localhost/x:v1', options())).toMatchObject({ digest: stored!.digest, kind: 'rootfs' });
});

test('a layout that was built anew at the same path is seen; when it is gone the store answers', async () => {
  const ref = `oci:${join(dir, 'layout')}`;
  writeLayout(join(dir, 'layout'), [rootfs]);
  await store().resolve(ref, options());
  const [second] = writeLayout(join(dir, 'layout'), [{ ...rootfs, layers: rootfs.layers.slice(0, 1) }]);
  expect((await store().resolve(ref, options())).digest).toBe(second);
  rmSync(join(dir, 'layout'), { recursive: true });
  expect((await store().resolve(ref, options())).digest).toBe(second);
});

test('a damaged layer is found when it is first read, removed, and fetched anew', async () => {
  writeLayout(join(dir, 'layout'), [rootfs]);
  const digest = (await store().load(join(dir, 'layout'), ['localhost/x:v1']))[0]!.digest;
  const manifest = JSON.parse(readFileSync(join(dir, 'store/blobs/sha256', digest.slice(7)), 'utf8')) as { layers: { digest: string }[] };
  const blob = join(dir, 'store/blobs/sha256', manifest.layers[1]!.digest.slice(7));
  const bytes = readFileSync(blob);
  bytes[600] = bytes[600]! ^ 1;
  writeFileSync(blob, bytes);
  await expect(store().resolve('localhost/x:v1', options())).rejects.toMatchObject({ type: 'DigestMismatch' });
  expect(existsSync(blob)).toBe(false);
  expect(readdirSync(join(dir, 'store/trees'))).toEqual([]);
  await store().load(join(dir, 'layout'), ['localhost/x:v1']);
  expect((await store().resolve('localhost/x:v1', options())).digest).toBe(digest);
});

/** A skopeo that notes each call before it does its work. */
function countSkopeo(extra = ''): () => number {
  const bin = join(dir, 'bin');
  const real = execFileSync('sh', ['-c', 'command -v skopeo'], { encoding: 'utf8' }).trim();
  mkdirSync(bin);
  writeFileSync(join(bin, 'skopeo'), `#!/bin/sh\necho call >>'${dir}/calls'\n${extra}\nexec ${real} "$@"\n`);
  chmodSync(join(bin, 'skopeo'), 0o755);
  process.env.PATH = `${bin}:${path}`;
  return () => (existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n').length : 0);
}


test('many who ask for one image at once, from several processes, fetch it once', async () => {
  writeLayout(join(dir, 'layout'), [rootfs]);
  // The name stands for a registry; this skopeo answers for it from the layout.
  const calls = countSkopeo(`set -- $(printf '%s\\n' "$@" | sed 's|^docker://.*|oci:${dir}/layout|')`);
  const one = store();
  const stores = [one, one, one, store(), store()];
  const found = await Promise.all(stores.map((each) => each.resolve('registry.example/a/b:v1', options())));
  expect(new Set(found.map(({ digest }) => digest)).size).toBe(1);
  expect(calls()).toBe(1);
  expect(readdirSync(join(dir, 'store/trees'))).toHaveLength(2);
});

test('what a killed process left of a copy or of a tree goes with the next one', async () => {
  const [digest] = writeLayout(join(dir, 'layout'), [rootfs]);
  countSkopeo(`
if [ ! -e '${dir}/killed' ]; then
  for last; do :; done
  folder=\${last#oci:} folder=\${folder%/image}
  echo half >"$folder/oci-put-blob"
  mkdir '${dir}/killed'
  cp -r "$folder" '${dir}/killed'
  exit 1
fi
set -- $(printf '%s\\n' "$@" | sed 's|^docker://.*|oci:${dir}/layout|')`);
  await expect(store().resolve('registry.example/a/b:v1', options())).rejects.toMatchObject({ type: 'ImageNotFound' });
  cpSync(join(dir, 'killed'), join(dir, 'store/incoming'), { recursive: true });
  mkdirSync(join(dir, 'store/trees', `.unpacking-${digest!.slice(7)}`, 'etc'), { recursive: true });
  expect(await store().resolve('registry.example/a/b:v1', options())).toMatchObject({ digest });
  expect(readdirSync(join(dir, 'store/incoming'))).toEqual([]);
  expect(readdirSync(join(dir, 'store/trees')).sort()).toEqual([digest!.slice(7), `${digest!.slice(7)}.json`]);
});

test('who gives up does not stop the others; when all give up the copy ends', async () => {
  writeLayout(join(dir, 'layout'), [rootfs]);
  countSkopeo(`until [ -e '${dir}/go' ]; do sleep 0.02; done; set -- $(printf '%s\\n' "$@" | sed 's|^docker://.*|oci:${dir}/layout|')`);
  const one = store();
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const given = one.resolve('registry.example/a/b:v1', options(first.signal));
  const kept = one.resolve('registry.example/a/b:v1', options(second.signal));
  const other = one.resolve('registry.example/other:v1', options(third.signal));
  first.abort(new Error('given up'));
  third.abort(new Error('given up too'));
  await expect(given).rejects.toThrow('given up');
  await expect(other).rejects.toThrow('given up too');
  writeFileSync(join(dir, 'go'), '');
  expect(await kept).toMatchObject({ kind: 'rootfs' });
});

test('an image that is nowhere: which one, where it was looked for, what skopeo said, what to do', async () => {
  const missing = `oci:${join(dir, 'nowhere')}`;
  await expect(store().resolve(missing, options())).rejects.toMatchObject({
    type: 'ImageNotFound', message: expect.stringMatching(/nowhere.*no such file/s) as string, details: { todo: expect.stringContaining('path') as string },
  });
  await expect(store().resolve('127.0.0.1:1/a/b:v1', options())).rejects.toMatchObject({
    type: 'ImageNotFound', message: expect.stringMatching(/the store .*store does not have it; docker:\/\/127\.0\.0\.1:1\/a\/b:v1/) as string,
  });
  await expect(store().tree(`sha256:${'a'.repeat(64)}`, options())).rejects.toMatchObject({ type: 'ImageNotFound' });
});

/** A registry that takes every call and never says a word. */
async function silentRegistry(): Promise<{ address: string; calls: Socket[]; close(): void }> {
  const calls: Socket[] = [];
  const server = createServer((socket) => { calls.push(socket.on('error', () => undefined)); }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, calls, close: () => { server.close(); calls.forEach((call) => call.destroy()); } };
}

test('a registry that takes the call and never answers is given up, and skopeo with it', async () => {
  const registry = await silentRegistry();
  try {
    const hasty = createStore({ dir: join(dir, 'store'), standstillMs: 400 });
    await expect(hasty.resolve(`${registry.address}/a/b:v1`, options())).rejects.toMatchObject({
      type: 'CommandTimedOut', message: expect.stringContaining(`docker://${registry.address}/a/b:v1 does not come`) as string, details: { todo: expect.stringContaining('keelson load') as string },
    });
    const [call] = registry.calls;
    if (!call?.closed) await new Promise((resolve) => { call?.once('close', resolve).resume(); });
    expect(readdirSync(join(dir, 'store/incoming'))).toEqual([]);
  } finally {
    registry.close();
  }
});

test('a slow source is waited for as long as something comes', async () => {
  writeLayout(join(dir, 'layout'), [rootfs]);
  countSkopeo(`
for last; do :; done
folder=\${last#oci:}
for n in 1 2 3 4 5 6 7 8; do sleep 0.1; echo more >>"\${folder%/image}/oci-put-blob"; done
set -- $(printf '%s\\n' "$@" | sed 's|^docker://.*|oci:${dir}/layout|')`);
  const hasty = createStore({ dir: join(dir, 'store'), standstillMs: 400 });
  expect(await hasty.resolve('registry.example/a/b:v1', options())).toMatchObject({ kind: 'rootfs' });
});

test.each([
  ['is larger than any image', { mostBytes: 100_000 }, 'InvalidImage'], ['fills the disk', { leastFree: Number.MAX_SAFE_INTEGER }, 'CommandFailed'],
] as const)('a source that sends without end and %s is given up, and skopeo with it', async (_what, limits, type) => {
  countSkopeo(`
for last; do :; done
folder=\${last#oci:}
echo $$ >'${dir}/pid'
while :; do head -c 50000 /dev/zero >>"\${folder%/image}/oci-put-blob" || exit 1; sleep 0.02; done`);
  const hasty = createStore({ dir: join(dir, 'store'), standstillMs: 60_000, ...limits });
  await expect(hasty.resolve('registry.example/a/b:v1', options())).rejects.toMatchObject({ type, message: expect.stringContaining('registry.example/a/b:v1') as string });
  const lives = (): boolean => {
    try {
      return process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 0);
    } catch {
      return false;
    }
  };
  while (lives()) await new Promise((resolve) => { setTimeout(resolve, 20); });
});

test('without skopeo the error says to install it', async () => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  for (const program of ['flock', 'sh', 'cat']) symlinkSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(), join(bin, program));
  process.env.PATH = bin;
  await expect(store().resolve('registry.example/a:v1', options())).rejects.toMatchObject({ type: 'ImageNotFound', message: expect.stringContaining('skopeo is not installed') as string });
});

test('a hostile layer leaves no tree behind', async () => {
  writeLayout(join(dir, 'layout'), [{ ...rootfs, layers: [archiveOf([{ name: '../../up', body: 'x' }])] }]);
  await expect(store().resolve(`oci:${join(dir, 'layout')}`, options())).rejects.toMatchObject({ type: 'InvalidImage' });
  expect(readdirSync(join(dir, 'store/trees'))).toEqual([]);
});
