import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../../../domain/errors';
import { readTar } from '../tar';
import { decompress } from './decompress';
import { parseReference } from './reference';
import { writeRef, type StoredRef } from './refs';
import type { WorkOptions } from './shared-work';
import { copyImage, SkopeoFailed } from './skopeo';

interface LayoutIndex {
  readonly manifests: readonly { readonly annotations?: Readonly<Record<string, string>> }[];
}

const refName = 'org.opencontainers.image.ref.name';

/**
 * Brings an image from an OCI layout (folder or archive) or a Docker archive into the store under the names given; under
 * those the file itself gives when there are none. Throws ImageNotFound and InvalidImage.
 */
export async function loadImage(storeDir: string, path: string, names: readonly string[], options: WorkOptions): Promise<StoredRef[]> {
  const { source, ownNames } = await sourceOf(path);
  const wanted = names.length > 0 ? names : ownNames;
  if (wanted.length === 0) {
    throw new ClusterError('InvalidSpec', `${path} does not say what its image is called`, { todo: 'Give the image a name: keelson load PATH NAME.' });
  }
  const copied = await copy(storeDir, source, path, options);
  const stored = wanted.map((ref) => ({ ref, ...copied }));
  for (const one of stored) await writeRef(storeDir, one);
  return stored;
}

async function copy(storeDir: string, source: string, path: string, options: WorkOptions) {
  try {
    return await copyImage(storeDir, source, options);
  } catch (error) {
    if (!(error instanceof SkopeoFailed)) throw error;
    throw new ClusterError('ImageNotFound', `${path} cannot be loaded: ${error.message}`, {
      tail: [error.message], todo: 'Give an OCI layout, an OCI archive or a Docker archive with one image.',
    }, { cause: error });
  }
}

/** How skopeo names the path, and the names that a layout gives its image. */
async function sourceOf(path: string): Promise<{ source: string; ownNames: string[] }> {
  const { transport, name } = parseReference(path);
  if (transport) return { source: `${transport}:${name}`, ownNames: [] };
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new ClusterError('ImageNotFound', `there is no file or folder ${path}`, { todo: 'Check the path.' });
  if (!found.isDirectory()) return { source: `${await archiveTransport(path)}:${path}`, ownNames: [] };
  const index = JSON.parse(await readFile(join(path, 'index.json'), 'utf8').catch(() => '{"manifests":[]}')) as LayoutIndex;
  const ownNames = index.manifests.map(({ annotations }) => annotations?.[refName]).filter((one) => one !== undefined);
  const tag = ownNames[0];
  return { source: tag ? `oci:${path}:${tag}` : `oci:${path}`, ownNames: ownNames.filter((one) => /[/:]/.test(one)) };
}

/** Which of the two archives a tar is: the OCI one has a file oci-layout. */
async function archiveTransport(path: string): Promise<'oci-archive' | 'docker-archive'> {
  let isOci = false;
  async function* bytes(): AsyncGenerator<Buffer> {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
  }
  await readTar(decompress(bytes()), async ({ name }) => {
    if (name.replace(/^\.\//, '') === 'oci-layout') isOci = true;
    return undefined;
  });
  return isOci ? 'oci-archive' : 'docker-archive';
}
