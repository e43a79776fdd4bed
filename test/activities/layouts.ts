import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An image to lay out: its layers as bytes and its configuration. */
export interface MadeImage {
  readonly layers: readonly Buffer[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
  readonly docker?: boolean;
}

const types = {
  oci: { manifest: 'application/vnd.oci.image.manifest.v1+json', config: 'application/vnd.oci.image.config.v1+json', layer: 'application/vnd.oci.image.layer.v1.tar' },
  docker: { manifest: 'application/vnd.docker.distribution.manifest.v2+json', config: 'application/vnd.docker.container.image.v1+json', layer: 'application/vnd.docker.image.rootfs.diff.tar' },
};

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Writes an OCI layout with one image, or with a list of several, and gives the digests of the images' manifests. */
export function writeLayout(dir: string, images: readonly MadeImage[], refName?: string): string[] {
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  const blob = (mediaType: string, content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    writeFileSync(join(dir, 'blobs/sha256', digestOf(bytes).slice(7)), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const manifests = images.map(({ layers, config = {}, architecture = 'amd64', docker = false }) => {
    const type = docker ? types.docker : types.oci;
    const file = { architecture, os: 'linux', created: '2026-01-02T03:04:05Z', config, rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } };
    const manifest = { schemaVersion: 2, mediaType: type.manifest, config: blob(type.config, file), layers: layers.map((layer) => blob(type.layer, layer)) };
    return { ...blob(type.manifest, manifest), platform: { architecture, os: 'linux' } };
  });
  const listed = manifests.length === 1 ? manifests : [blob('application/vnd.oci.image.index.v1+json', { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests })];
  const annotated = refName ? listed.map((one) => ({ ...one, annotations: { 'org.opencontainers.image.ref.name': refName } })) : listed;
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: annotated }));
  return manifests.map(({ digest }) => digest);
}
