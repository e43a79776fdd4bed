import { ClusterError } from '../../../domain/errors';
import { readCommands } from '../../../domain/guest-commands';
import type { ImageConfig } from '../../../domain/images';
import { readBlob } from './blobs';

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

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
}

interface ConfigFile {
  readonly architecture?: string;
  readonly created?: string;
  readonly config?: {
    readonly Labels?: Record<string, string> | null;
    readonly Env?: string[] | null;
    readonly Entrypoint?: string[] | null;
    readonly Cmd?: string[] | null;
  };
}

/**
 * Reads an image of the store by its manifest's digest, OCI or Docker schema 2. Throws InvalidImage for anything else,
 * DigestMismatch for a damaged blob; a manifest that is not there passes as ENOENT.
 */
export async function readImage(storeDir: string, digest: string): Promise<ReadImage> {
  const manifest = parse<{ config?: Descriptor; layers?: Descriptor[] }>(await readBlob(storeDir, digest), digest);
  if (!manifest.config || !Array.isArray(manifest.layers)) {
    throw new ClusterError('InvalidImage', `${digest} is no image manifest of OCI or Docker schema 2`, {
      todo: 'Push or build the image in one of these formats.',
    });
  }
  const file = parse<ConfigFile>(await readBlob(storeDir, manifest.config.digest), manifest.config.digest);
  return {
    layers: manifest.layers,
    blobs: [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)],
    config: {
      labels: file.config?.Labels ?? {},
      env: envOf(file.config?.Env ?? []),
      entrypoint: readCommands(file.config?.Entrypoint ?? []),
      cmd: readCommands(file.config?.Cmd ?? []),
    },
    ...(file.architecture ? { architecture: file.architecture } : {}),
    ...(file.created ? { created: file.created } : {}),
  };
}

function parse<T>(content: Buffer, digest: string): T {
  try {
    return JSON.parse(content.toString('utf8')) as T;
  } catch (cause) {
    throw new ClusterError('InvalidImage', `the blob ${digest} is no JSON`, {}, { cause });
  }
}

/** The image's ENV in its order, PATH left out: hosts have their own. */
function envOf(lines: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(line) ?? [];
    if (name !== undefined && name !== 'PATH') env[name] = value!;
  }
  return env;
}
