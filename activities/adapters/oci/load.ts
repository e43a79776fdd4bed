import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import { isObject } from '../../../domain/kubeadm/json';
import { readTar } from '../read-tar';
import { decompress } from './decompress';
import { parseReference } from './reference';
import { writeRef, type StoredRef } from './refs';
import type { WorkOptions } from './shared-work';
import { copyImage, SkopeoFailed } from './skopeo';

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
  const ownNames = namesIn(await readFile(join(path, 'index.json'), 'utf8').catch(() => '{"manifests":[]}'), path);
  const tag = ownNames[0];
  return { source: tag ? `oci:${path}:${tag}` : `oci:${path}`, ownNames: ownNames.filter((one) => /[/:]/.test(one)) };
}

/** The names that the index of a layout gives. Throws InvalidImage for what is no index. */
function namesIn(text: string, path: string): string[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    // Said below.
  }
  const manifests = isObject(index) ? index['manifests'] : undefined;
  if (!Array.isArray(manifests)) throw new ClusterError('InvalidImage', `${path}/index.json is no index of an OCI layout`, { todo: 'Give the folder of an OCI layout.' });
  return (manifests as readonly Json[]).flatMap((one) => {
    const annotations = isObject(one) ? one['annotations'] : undefined;
    const name = isObject(annotations) ? annotations[refName] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

/** Which of the two archives a tar is: the OCI one has a file oci-layout. */
async function archiveTransport(path: string): Promise<'oci-archive' | 'docker-archive'> {
  let isOci = false;
  async function* bytes(): AsyncGenerator<Buffer> {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
  }
  try {
    await readTar(decompress(bytes()), async ({ name }) => {
      if (name.replace(/^\.\//, '') === 'oci-layout') isOci = true;
      return undefined;
    });
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('InvalidImage', `${path} is no archive of an image: ${(cause as Error).message}`, { todo: 'Give an OCI archive or a Docker archive with one image.' }, { cause });
  }
  return isOci ? 'oci-archive' : 'docker-archive';
}
