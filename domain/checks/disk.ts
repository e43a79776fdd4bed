import { type ClusterSpec, type Host, isControlPlane, leading, registryHosts } from '../cluster';
import type { HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import { marks } from '../marks';
import { placesOf } from '../places';
import type { Problem } from '../problem';
import { finding, gigabytes } from './finding';

/** Left to live on: for etcd on control planes, the rest for logs and the pods themselves. */
const reserve = { all: 5e9, etcd: 2e9 };

/** What will lie in one folder, and how much of it. */
interface Share {
  readonly folder: string;
  readonly what: string;
  readonly bytes: number;
}

/**
 * Room for what the host will get, in each file system for all that lies there. Hosts that serve the registry, and the
 * leader (the first control plane where none leads yet), get all images; the others rootfs and patches. Hosts with the
 * files of these very images need no room, and one with earlier files needs less than can be known here, so that is a
 * warning.
 */
export function diskProblems(spec: ClusterSpec, host: Host, facts: HostFacts, images: readonly ImageFacts[], leader: string | undefined): Problem[] {
  if (hasTheseFiles(spec, host, facts, images)) return [];
  const severity = facts.trees['files'] ? 'warning' : 'error';
  return fileSystems(sharesOf(spec, host, images, leader), facts).flatMap(({ paths, free, shares }) => {
    const needed = shares.reduce((sum, { bytes }) => sum + bytes, 0);
    if (free >= needed) return [];
    const parts = shares.map(({ what, bytes }) => `${gigabytes(bytes)} of ${what}`).join(', ');
    const moves = shares.some(({ what }) => what === containers) ? ', or have the container runtime keep its images elsewhere: --env criData=FOLDER' : '';
    return [finding(severity, host.id, `${gigabytes(free)} are free in ${paths.join(' and ')}, ${gigabytes(needed)} are needed (${parts})`,
      `make room in ${paths[0]}, or give it a larger disk${moves}`)];
  });
}

const containers = 'container images';

/** The files of images, the container images that are unpacked from them, and what the cluster lives on. */
function sharesOf(spec: ClusterSpec, host: Host, images: readonly ImageFacts[], leader: string | undefined): Share[] {
  const all = [...leading(spec, leader), ...registryHosts(spec, leader)].some(({ id }) => id === host.id);
  const bytes = images.filter(({ kind }) => all || kind !== 'application').reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  const etcd = isControlPlane(host) ? reserve.etcd : 0;
  return [
    { folder: '/var/lib/sealos', what: "images' files", bytes },
    { folder: placesOf(spec, host).criData, what: containers, bytes },
    { folder: '/var/lib/kubelet', what: 'pods and logs', bytes: reserve.all - etcd },
    ...(etcd > 0 ? [{ folder: '/var/lib/etcd', what: 'etcd', bytes: etcd }] : []),
  ].filter((share) => share.bytes > 0);
}

interface FileSystem {
  /** Folders on it that are there already. */
  readonly paths: string[];
  readonly free: number;
  readonly shares: Share[];
}

/** Shares by the file system they fall into; those of which the host has said nothing are left out. */
function fileSystems(shares: readonly Share[], { freeBytes = {}, fileSystems: known = {} }: HostFacts): FileSystem[] {
  const found = new Map<string, FileSystem>();
  for (const share of shares) {
    const path = nearest(share.folder, Object.keys(freeBytes));
    if (path === undefined) continue;
    const id = known[path] ?? path;
    const one = found.get(id) ?? { paths: [], free: freeBytes[path] ?? 0, shares: [] };
    if (!one.paths.includes(path)) one.paths.push(path);
    one.shares.push(share);
    found.set(id, one);
  }
  return [...found.values()];
}

/** Of these folders the innermost one that a folder is or lies in. */
const nearest = (folder: string, among: readonly string[]): string | undefined =>
  among.filter((one) => `${folder}/`.startsWith(one === '/' ? '/' : `${one}/`)).sort((a, b) => b.length - a.length)[0];

/** The mark depends on whether the host is the leader, which is not decided yet. */
const hasTheseFiles = (spec: ClusterSpec, host: Host, facts: HostFacts, images: readonly ImageFacts[]): boolean =>
  [host.id, ''].some((leader) => facts.done.includes(marks.mount(spec, images, host, leader)));
