import type { Json, JsonObject } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import { readCommands } from '../../../domain/guest-commands';
import { isObject } from '../../../domain/kubeadm/json';
import type { ImageConfig } from '../../../domain/images';
import { hexOf, readBlob } from './blobs';

/** A manifest with its image's configuration, read from the store. */
export interface ReadImage {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
  readonly config: ImageConfig;
  readonly architecture?: string;
  /** ISO time the image was built at. */
  readonly created?: string;
  /** All blobs it is made of, the manifest's own left out. */
  readonly blobs: readonly string[];
}

/**
 * Reads an image of the store by its manifest's digest, OCI or Docker schema 2. Throws InvalidImage for anything else,
 * DigestMismatch for a damaged blob; a manifest that is not there passes as ENOENT.
 */
export async function readImage(storeDir: string, digest: string): Promise<ReadImage> {
  const manifest = parse(await readBlob(storeDir, digest), digest);
  const { config: configOf, layers: layersOf } = manifest;
  if (!isObject(configOf) || !Array.isArray(layersOf)) {
    throw new ClusterError('InvalidImage', `${digest} is no image manifest of OCI or Docker schema 2`, {
      todo: 'Push or build the image in one of these formats.',
    });
  }
  if (layersOf.length > mostLayers) throw new ClusterError('InvalidImage', `${digest} has ${layersOf.length} layers, and no image has more than ${mostLayers}`);
  const config = descriptor(configOf, digest);
  const layers = (layersOf as readonly Json[]).map((layer) => descriptor(layer, digest));
  const file = parse(await readBlob(storeDir, config.digest), config.digest);
  const inner = isObject(file['config']) ? file['config'] : {};
  const [architecture, created] = [file['architecture'], file['created']];
  return {
    layers,
    blobs: [config.digest, ...layers.map((layer) => layer.digest)],
    config: {
      labels: textsOf(inner['Labels']),
      env: envOf(listOf(inner['Env'])),
      entrypoint: readCommands(listOf(inner['Entrypoint'])),
      cmd: readCommands(listOf(inner['Cmd'])),
    },
    ...(typeof architecture === 'string' && architecture ? { architecture } : {}),
    ...(typeof created === 'string' && created ? { created } : {}),
  };
}

const mostLayers = 1_000;

function parse(content: Buffer, digest: string): JsonObject {
  let read: unknown;
  try {
    read = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new ClusterError('InvalidImage', `the blob ${digest} is no JSON`, {}, { cause });
  }
  if (isObject(read)) return read;
  throw new ClusterError('InvalidImage', `the blob ${digest} is no JSON object`);
}

/** A part of a manifest: its digest is one, as a name of a file it could lead anywhere else. */
function descriptor(value: Json, of: string): { digest: string; size: number } {
  const { digest, size } = isObject(value) ? value : {};
  if (typeof digest !== 'string') throw new ClusterError('InvalidImage', `the manifest ${of} names a part without a digest`);
  hexOf(digest);
  return { digest, size: typeof size === 'number' && size > 0 ? size : 0 };
}

const listOf = (value: Json | undefined): string[] => (Array.isArray(value) ? (value as readonly Json[]).filter((one) => typeof one === 'string') : []);
const textsOf = (value: Json | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** The image's ENV in its order, PATH left out: hosts have their own. */
const envOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(lines.flatMap((line) => {
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(line) ?? [];
    return name !== undefined && name !== 'PATH' ? [[name, value!]] : [];
  }));
