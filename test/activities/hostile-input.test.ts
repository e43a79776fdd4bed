import { createHash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readImage } from '../../activities/adapters/oci/image-config';
import { copiedBy, rejection, SkopeoFailed } from '../../activities/adapters/oci/skopeo';
import { createStore } from '../../activities/adapters/oci/store';
import { decompress } from '../../activities/adapters/oci/decompress';
import { unpackLayers } from '../../activities/adapters/oci/unpack';
import { exportLines } from '../../activities/adapters/shell/loader';
import { readTar } from '../../activities/adapters/read-tar';
import { readImageConfigs } from '../../activities/image-configs';
import { openTree } from '../../activities/image-set';
import type { Deps } from '../../activities/deps';
import { readSet } from '../../activities/seen-set';
import { quote } from '../../domain/command';
import { ClusterError } from '../../domain/errors';
import { inLimitedHeap } from '../limited-heap';
import { mutated } from '../mutated';
import { archiveOf } from './archives';
import { writeLayout } from './layouts';
import { quietScope } from './local-session';

let dir: string;
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hostile-'));
  process.env['KEELSON_HOME'] = join(dir, 'home');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(dir, { recursive: true, force: true });
});

const options = () => ({ signal: new AbortController().signal, beat: () => undefined });
const once = async function* (bytes: Buffer): AsyncGenerator<Buffer> { yield bytes; };

/** What a promise ends with: an answer, or an error that must be one of ours. */
async function ours(work: Promise<unknown>): Promise<void> {
  const error = await work.then(() => undefined, (one: unknown) => one);
  if (error !== undefined) expect(error).toBeInstanceOf(ClusterError);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

/** Puts a blob where the store would have it; gives its digest. */
function blob(content: string | Buffer): string {
  const bytes = Buffer.from(content);
  const hex = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(dir, 'blobs/sha256', hex), bytes);
  return `sha256:${hex}`;
}

const odd = fc.oneof(fc.jsonValue(), fc.constantFrom({ digest: '../../../etc/passwd' }, { digest: 'sha256:zz' }, [{ digest: 1 }], { __proto__: { polluted: 1 } }, 'x'.repeat(1000), 1e308, [[[[]]]]));

describe('an image', () => {
  test('whose manifest and configuration are anything at all is refused or read', async () => {
    const config = fc.record({ architecture: odd, created: odd, config: fc.oneof(odd, fc.record({ Labels: odd, Env: odd, Entrypoint: odd, Cmd: odd }, { requiredKeys: [] })) }, { requiredKeys: [] });
    await fc.assert(fc.asyncProperty(config, fc.oneof(odd, fc.constant([])), fc.boolean(), async (file, layers, whole) => {
      const described = whole ? { digest: blob(JSON.stringify(file)), size: 1 } : file;
      const manifest = blob(JSON.stringify({ config: described, layers }));
      await ours(readImage(dir, manifest).then(({ config: { labels, env, entrypoint, cmd }, layers: read }) => {
        for (const text of [...Object.values(labels), ...Object.values(env), ...entrypoint, ...cmd]) expect(typeof text).toBe('string');
        for (const { digest } of read) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      }));
    }));
    for (const text of ['', 'null', '[]', '{', '[1]'.repeat(10), '['.repeat(200_000)]) await ours(readImage(dir, blob(text)));
  });

  test('with a manifest of many megabytes is refused before it is read', async () => {
    await expect(readImage(dir, blob(Buffer.alloc(5 * 1024 * 1024, ' ')))).rejects.toMatchObject({ type: 'InvalidImage' });
  });

  test('whose Config documents are anything at all is refused or read', () => {
    const text = fc.oneof(fc.string(), fc.jsonValue().map((spec) => `kind: Config\nspec: ${JSON.stringify(spec)}\n`), fc.constantFrom('kind: Config\nspec: &a {path: *a}\n', '['.repeat(20_000), 'kind: Config\nmetadata: 1\nspec: [1]\n'));
    fc.assert(fc.property(text, (one) => {
      try {
        readImageConfigs(one, 'config.yml');
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
      }
    }));
  });

  test('whose tag moved after the plan was made is not the one that runs', async () => {
    const planned = `sha256:${'a'.repeat(64)}`;
    const moved = { tree: () => Promise.reject(new ClusterError('ImageNotFound', 'not here')), resolve: () => Promise.resolve({ digest: `sha256:${'b'.repeat(64)}` }) };
    await expect(openTree({ images: moved } as unknown as Deps, { ref: 'r:v1', digest: planned }, quietScope())).rejects.toMatchObject({
      type: 'ImageNotFound', message: expect.stringContaining(planned) as string,
    });
  });

  test('that the policy of signatures forbids is refused, and what to do is said', async () => {
    writeLayout(join(dir, 'layout'), [{ layers: [] }]);
    process.env['KEELSON_POLICY'] = join(dir, 'policy.json');
    writeFileSync(process.env['KEELSON_POLICY'], JSON.stringify({ default: [{ type: 'reject' }] }));
    const store = createStore({ dir: join(dir, 'store') });
    await expect(store.resolve(`oci:${join(dir, 'layout')}`, options())).rejects.toMatchObject({ type: 'ImageRejected', details: { todo: expect.stringContaining('KEELSON_POLICY') as string } });
    await expect(store.load(join(dir, 'layout'), ['x:v1'], options())).rejects.toMatchObject({ type: 'ImageRejected' });
    expect(await store.list()).toEqual([]);
    writeFileSync(process.env['KEELSON_POLICY'], '{');
    await expect(store.resolve(`oci:${join(dir, 'layout')}`, options())).rejects.toMatchObject({ type: 'ImageRejected', message: expect.stringContaining('cannot be read') as string });
    writeFileSync(process.env['KEELSON_POLICY'], JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    expect(await store.resolve(`oci:${join(dir, 'layout')}`, options())).toMatchObject({ kind: 'application' });
  });

  test('of which skopeo left half an index, or another one, is not there', () => {
    const sample = JSON.stringify({ schemaVersion: 2, manifests: [{ digest: `sha256:${'a'.repeat(64)}`, mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 1 }] });
    expect(copiedBy(sample)).toEqual({ digest: `sha256:${'a'.repeat(64)}`, mediaType: 'application/vnd.oci.image.manifest.v1+json' });
    fc.assert(fc.property(fc.oneof(mutated(sample), fc.json(), fc.json().map((one) => `{"manifests":[${one}]}`), fc.constantFrom('null', '{"manifests":{}}', '{"manifests":[{"digest":"../x","mediaType":"y"}]}')), (text) => {
      try {
        const { digest, mediaType } = copiedBy(text);
        expect([digest, mediaType]).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/), expect.any(String)]);
      } catch (error) {
        if (!(error instanceof SkopeoFailed)) throw error;
      }
    }), { numRuns: 200 });
  });

  test('that is only missing is no matter of the policy', () => {
    expect(rejection('time="x" level=fatal msg="initializing source docker://x: reading manifest v1: manifest unknown"', 'docker://x')).toBeUndefined();
  });
});

describe('a store', () => {
  test('with damaged names still answers, and forgets them', async () => {
    const store = createStore({ dir });
    mkdirSync(join(dir, 'refs'));
    for (const [name, text] of Object.entries({ half: '{"ref":', nothing: '', list: '[]', none: 'null', other: '{"ref":1,"digest":2}' })) writeFileSync(join(dir, 'refs', `${name}.json`), text);
    expect(await store.list()).toEqual([]);
  });

  test.each<[string, (path: string) => void]>([
    ['a file of zeros', (path) => writeFileSync(path, Buffer.alloc(4_096))], ['any file', (path) => writeFileSync(path, 'hello')], ['a broken gzip', (path) => writeFileSync(path, gzipSync('x').subarray(0, 12))],
    ['an index that is none', (path) => { mkdirSync(path); writeFileSync(join(path, 'index.json'), '{"manifests":{}}'); }], ['an index cut short', (path) => { mkdirSync(path); writeFileSync(join(path, 'index.json'), '{"man'); }],
    ['an index of anything', (path) => { mkdirSync(path); writeFileSync(join(path, 'index.json'), '{"manifests":[null,1,{"annotations":[]},{"annotations":{"org.opencontainers.image.ref.name":7}}]}'); }],
  ])('is asked to load %s', async (_what, write) => {
    write(join(dir, 'it'));
    await expect(createStore({ dir: join(dir, 'store') }).load(join(dir, 'it'), ['x:v1'], options())).rejects.toBeInstanceOf(ClusterError);
  });
});

describe('an archive', () => {
  const root = (): string => {
    mkdirSync(join(dir, 'root'), { recursive: true });
    return join(dir, 'root');
  };
  const small = { entries: 50, bytes: 1024 * 1024 };

  test.each<[string, () => Buffer]>([
    ['a file that grows', () => archiveOf([{ name: 'a', body: '0'.repeat(4 * 1024 * 1024) }])],
    ['zeros behind its end', () => Buffer.concat([archiveOf([]), Buffer.alloc(4 * 1024 * 1024)])],
    ['very many files', () => archiveOf(Array.from({ length: 200 }, (_, n) => ({ name: `f${n}` })))],
    ['a path of very many folders', () => archiveOf([{ name: 'a/'.repeat(100), type: 'dir' }, { name: 'b' }])],
    ['a long name', () => archiveOf([{ name: 'n'.repeat(300) }])],
    ['a long path', () => archiveOf([{ name: `${'d/'.repeat(2_000)}f` }])],
  ])('with %s is refused, compressed or not', async (_what, bytes) => {
    for (const packed of [bytes(), gzipSync(bytes())]) {
      rmSync(root(), { recursive: true });
      await expect(unpackLayers(root(), [() => decompress(once(packed))], small)).rejects.toMatchObject({ type: 'InvalidImage' });
      expect(readdirSync(dir)).not.toContain('a');
    }
  });

  test('of any bytes is refused or read, and so is a whole one changed anywhere', async () => {
    const good = archiveOf([{ name: 'a/b', body: 'x' }, { name: `${'long/'.repeat(30)}name`, body: 'y' }, { name: 'l', type: 'symlink', linkName: 'a/b' }, { name: 'h', type: 'hardlink', linkName: 'a/b' }]);
    const edits = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    const changed = edits.map((all) => {
      const copy = Buffer.from(good);
      for (const [at, byte] of all) copy[at] = byte;
      // The checksum made right, so that what is behind it is read.
      for (let block = 0; block + 512 <= copy.length; block += 512) {
        if (copy.toString('latin1', block + 257, block + 262) !== 'ustar') continue;
        copy.write('        ', block + 148);
        copy.write(`${copy.subarray(block, block + 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, block + 148);
      }
      return copy;
    });
    await fc.assert(fc.asyncProperty(fc.oneof(changed, fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes))), async (bytes) => {
      rmSync(root(), { recursive: true });
      await ours(unpackLayers(root(), [() => once(bytes)], small));
      expect(readdirSync(dir).filter((name) => name !== 'root' && name !== 'home')).toEqual([]);
    }));
  });

  test('keeps no more of extended headers than what counts', async () => {
    const record = (key: string, value: string): string => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return `${length}${rest}`;
    };
    const global = (n: number): Buffer => {
      const tar = archiveOf([{ name: 'pax', body: record(`k${n}`, 'v'.repeat(900)) }]).subarray(0, 1_536);
      tar.write('g', 156);
      tar.write('        ', 148);
      tar.write(`${tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
      return tar;
    };
    const source = async function* (): AsyncGenerator<Buffer> {
      for (let n = 0; n < 60_000; n += 1) yield global(n);
      yield archiveOf([{ name: 'a' }]);
    };
    const seen: string[] = [];
    const before = process.memoryUsage().heapUsed;
    await readTar(source(), async ({ name }) => { seen.push(name); return undefined; });
    expect(seen).toEqual(['a']);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  });
});

// What hosts answer to commands: answers.test.ts.
describe('a host', () => {
  test('that lists files outside of the folder cannot have them removed', () => {
    const marker = JSON.stringify({ digest: 'd', holds: { '../../etc/passwd': 'x', '/etc/shadow': 'x', 'a/../../b': 'x', ok: 'x', __proto__: 'x' } });
    expect(Object.keys(readSet(`${marker}\0\0`, 0).before)).toEqual(['ok']);
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json().map((text) => `${text}\0a\x01b\0\0`)), (answer) => {
      expect(readSet(answer, 10).target).toBeInstanceOf(Map);
    }));
  });
});

test('lists of files that grow without end are refused, in the memory of an embedded Temporal worker', async () => {
  expect(await inLimitedHeap(join(__dirname, 'endless-lists.ts'))).toEqual(['CommandFailed', 'CommandFailed', 'CommandFailed', 'CommandFailed', 'CommandFailed', 'read']);
}, 60_000);

describe('random text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }).map((value) => Buffer.from(value.replaceAll('\0', '')).toString()),
    fc.string().map((value) => value.replaceAll('\0', '')), fc.constantFrom(`'"'"'`, '$(touch pwned)', '`touch pwned`', '\\', '\\\n', '!!', `'; touch pwned #`, '\r\n', '', '-e', '-n', '%s', '*', '~', "\\'", `$'\\x41'`),
  );

  test('arrives as it is through every way to quote it', () => {
    fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), text, (words, value) => {
      const script = `cd ${quote(dir)}\n${exportLines({ KEELSON_VALUE: value })}printf '%s\\0' ${words.map(quote).join(' ')} "$KEELSON_VALUE" ${quote(quote(value))}\neval "printf '%s\\\\0' ${`$(printf %s ${quote(quote(value))})`}"`;
      const { stdout, status } = spawnSync('bash', ['--noprofile', '--norc'], { input: script });
      expect(status).toBe(0);
      const [last, ...rest] = stdout.toString('utf8').split('\0').slice(0, -1).reverse();
      expect(rest.reverse()).toEqual([...words, value, quote(value)]);
      expect(last).toBe(value);
      expect(readdirSync(dir)).toEqual([]);
    }), { numRuns: 80 });
  });

  test('that no shell can hold is refused', () => {
    expect(() => exportLines({ A: 'a\0b' })).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
    fc.assert(fc.property(fc.string().filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)), (name) => {
      expect(() => exportLines({ [name]: 'x' })).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
    }));
    expect(execFileSync('bash', ['-c', `${exportLines({ __proto__x: 'a' })}printf %s "$__proto__x"`], { encoding: 'utf8' })).toBe('a');
  });
});
