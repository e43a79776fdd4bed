import { type ClusterSpec, controlPlanes, type Host, registryHosts } from '../cluster';
import type { HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import { marks } from '../marks';
import type { Problem } from '../problem';
import { finding, gigabytes } from './finding';

/** Left for logs, etcd and the pods themselves. */
const reserveBytes = 5e9;
/** The files, and the container images that are unpacked from them. */
const copies = 2;

/**
 * Room for what the host will get. Hosts that serve the registry, and the leader (the first control plane where none leads
 * yet), get all images; the others rootfs and patches. Hosts with the files of these very images need no room, and one with earlier files needs less than can
 * be known here, so that is a warning.
 */
export function diskProblems(spec: ClusterSpec, host: Host, facts: HostFacts, images: readonly ImageFacts[], leader: string | undefined): Problem[] {
  const file = dataFileSystem(facts);
  if (!file || hasTheseFiles(spec, host, facts, images)) return [];
  const all = [...leading(spec, leader), ...registryHosts(spec, leader)].some(({ id }) => id === host.id);
  const bytes = images.filter(({ kind }) => all || kind !== 'application').reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  const needed = copies * bytes + reserveBytes;
  if (file.free >= needed) return [];
  return [finding(facts.trees['files'] ? 'warning' : 'error', host.id,
    `${gigabytes(file.free)} are free in ${file.path}, ${gigabytes(needed)} are needed (twice ${gigabytes(bytes)} of images and ${gigabytes(reserveBytes)} to live on)`,
    `make room in ${file.path}, or give /var/lib/sealos a larger disk`)];
}

function leading(spec: ClusterSpec, leader: string | undefined): Host[] {
  const leads = controlPlanes(spec).filter(({ id }) => id === leader);
  return leads.length > 0 ? leads : controlPlanes(spec).slice(0, 1);
}

function dataFileSystem({ freeBytes = {} }: HostFacts): { path: string; free: number } | undefined {
  for (const path of ['/var/lib/sealos', '/var/lib']) {
    const free = freeBytes[path];
    if (free !== undefined) return { path, free };
  }
  return undefined;
}

/** The mark depends on whether the host is the leader, which is not decided yet. */
const hasTheseFiles = (spec: ClusterSpec, host: Host, facts: HostFacts, images: readonly ImageFacts[]): boolean =>
  [host.id, ''].some((leader) => facts.done.includes(marks.mount(spec, images, host, leader)));
