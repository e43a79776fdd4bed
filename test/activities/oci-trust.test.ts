import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../../activities/adapters/oci/store';
import { readImageFile } from '../../activities/image-file';
import { createRenderer } from '../../activities/render';
import { archiveOf } from './archives';
import { type MadeImage, writeLayout } from './layouts';

let dir: string;
const { PATH: path, KEELSON_POLICY: policyBefore } = process.env;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'trust-')); });
afterEach(() => {
  process.env.PATH = path;
  if (policyBefore === undefined) delete process.env['KEELSON_POLICY'];
  else process.env['KEELSON_POLICY'] = policyBefore;
  rmSync(dir, { recursive: true, force: true });
});

const options = () => ({ signal: new AbortController().signal, beat: () => undefined });
const store = () => createStore({ dir: join(dir, 'store') });
const image: MadeImage = {
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
  layers: [archiveOf([{ name: 'etc/kubeadm.yml', body: 'kind: InitConfiguration\n' }, { name: 'etc/app.conf.tmpl', body: 'port={{ .port }}\n' }])],
  config: { Labels: { 'sealos.io.type': 'rootfs', 'sealos.io.version': 'v1beta1', version: 'v1.34.2' } },
};

describe('a tree of the store to which somebody has written', () => {
  /** An image that is unpacked, and one of its files. */
  async function unpacked(file: string) {
    writeLayout(join(dir, 'layout'), [image]);
    const { digest } = (await store().load(join(dir, 'layout'), ['localhost/x:v1']))[0]!;
    const tree = await store().tree(digest, options());
    return { digest, file: join(tree.root, file) };
  }

  test.each([
    ['with another content', (file: string) => writeFileSync(file, 'kind: Evil\n')],
    ['with another content of the same size', (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('Init', 'Evil'))],
    ['a file is gone', (file: string) => rmSync(file)],
    ['a folder stands in the place of a file', (file: string) => { rmSync(file); mkdirSync(file); }],
  ])('is unpacked anew from the verified blobs: %s', async (_what, tamper) => {
    const { digest, file } = await unpacked('etc/kubeadm.yml');
    tamper(file);
    await store().tree(digest, options());
    expect(readFileSync(file, 'utf8')).toBe('kind: InitConfiguration\n');
  });

  test('after it was opened: no file of it is read as the image\'s', async () => {
    const { digest, file } = await unpacked('etc/app.conf.tmpl');
    const tree = await store().tree(digest, options());
    writeFileSync(file, readFileSync(file, 'utf8').replace('port', 'evil'));
    expect(() => readImageFile(tree, 'etc/app.conf.tmpl')).toThrow(expect.objectContaining({ type: 'DigestMismatch', message: expect.stringContaining(file) as string }) as Error);
    await expect(createRenderer().render(tree, { ref: 'localhost/x:v1', configs: [], env: { port: '1' } })).rejects.toMatchObject({ type: 'DigestMismatch' });
    expect(readImageFile(tree, 'etc/kubeadm.yml')).toBe('kind: InitConfiguration\n');
  });
});

describe('an image that came into the store before the policy of signatures', () => {
  const name = 'registry.example/a/b:v1';
  const accepts = [{ type: 'insecureAcceptAnything' }];
  const policy = (content: object): void => {
    process.env['KEELSON_POLICY'] = join(dir, 'policy.json');
    writeFileSync(process.env['KEELSON_POLICY'], JSON.stringify(content));
  };
  /** The name's registry, as skopeo sees it: what it has lies in a layout. Gives what was asked so far. */
  function registry(): () => string[] {
    const real = execFileSync('sh', ['-c', 'command -v skopeo'], { encoding: 'utf8' }).trim();
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/skopeo'), `#!/bin/sh\nprintf '%s\\n' "$@" | grep ^docker: >>'${dir}/asked'\nset -- $(printf '%s\\n' "$@" | sed 's|^docker://.*|oci:${dir}/layout|')\nexec ${real} "$@"\n`);
    chmodSync(join(dir, 'bin/skopeo'), 0o755);
    process.env.PATH = `${join(dir, 'bin')}:${path}`;
    return () => (existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n') : []);
  }

  test('is asked about once, by its digest, and let in', async () => {
    const [digest = ''] = writeLayout(join(dir, 'layout'), [image]);
    const asked = registry();
    policy({ default: accepts });
    await store().resolve(name, options());
    await store().resolve(name, options());
    expect(asked()).toEqual([`docker://${name}`]);
    policy({ default: [{ type: 'reject' }], transports: { oci: { '': accepts } } });
    for (const ref of [name, name]) expect((await store().resolve(ref, options())).digest).toBe(digest);
    expect(asked()).toEqual([`docker://${name}`, `docker://registry.example/a/b@${digest}`]);
  });

  test('is refused when the policy forbids it, and is there again when it does not', async () => {
    writeLayout(join(dir, 'layout'), [image]);
    registry();
    await store().resolve(name, options());
    policy({ default: [{ type: 'reject' }] });
    await expect(store().resolve(name, options())).rejects.toMatchObject({ type: 'ImageRejected', message: expect.stringContaining('does not allow') as string });
    policy({ default: accepts });
    expect(await store().resolve(name, options())).toMatchObject({ kind: 'rootfs' });
  });

  test('is refused when nobody can be asked any more, and when another image stands there now; loaded again it is let in', async () => {
    writeLayout(join(dir, 'layout'), [image]);
    await store().load(join(dir, 'layout'), ['localhost/x:v1', name]);
    policy({ default: [{ type: 'reject' }], transports: { oci: { '': accepts }, 'containers-storage': { '': accepts } } });
    await expect(store().resolve('localhost/x:v1', options())).rejects.toMatchObject({
      type: 'ImageRejected', message: expect.stringMatching(/localhost\/x:v1 came into the store .* before the policy/) as string, details: { todo: expect.stringContaining('keelson load') as string },
    });
    await store().load(join(dir, 'layout'), ['localhost/x:v1']);
    expect(await store().resolve('x:v1', options())).toMatchObject({ kind: 'rootfs' });

    registry();
    writeLayout(join(dir, 'layout'), [{ ...image, layers: [] }]);
    await expect(store().resolve(name, options())).rejects.toMatchObject({ type: 'ImageRejected', message: expect.stringMatching(/has sha256:\w{64} now/) as string });
  });
});
