import { apiPlace, registryPlace } from './api-place';
import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from './cluster';
import { digestOf } from './digest';
import { filesFor } from './images';
import { marks } from './marks';
import { nodeSettingsOf } from './node-settings';
import type { PlanJob } from './plan-job';
import type { Situation } from './situation';
import type { StageName } from './stages';

interface Bringing {
  readonly situation: Situation;
  readonly job: PlanJob;
  readonly host: Host | undefined;
  /** Digest of what is merged into the images' files and given to their scripts and commands. */
  readonly content: string;
  /** Digest of what kubeadm is told of the cluster. */
  readonly kubeadm: string;
}

/**
 * The jobs with the digest of what each brings, so that a plan's hash covers the content and not only the names of its
 * steps. Never in it: how to log in, and the registry's password, which a client makes anew for each look at a cluster that
 * is not there yet. A sealed variable counts by its fingerprint (digest.ts).
 */
export function withBrings(situation: Situation, jobs: readonly PlanJob[]): PlanJob[] {
  const { spec, leaving } = situation;
  const hosts = new Map([...leaving, ...spec.hosts].map((host) => [host.id, host]));
  const content = digestOf({ configs: spec.configs, env: spec.env });
  const kubeadm = digestOf({ documents: spec.kubeadm, endpoint: spec.controlPlaneEndpoint });
  return jobs.map((job) => {
    const brings = brought[job.stage]?.({ situation, job, host: hosts.get(job.host ?? ''), content, kubeadm });
    return brings === undefined ? job : { ...job, brings: digestOf(brings).slice(0, 16) };
  });
}

/** What of a host its files, scripts and commands depend on. */
const own = (host: Host | undefined): unknown => host && { env: host.env, roles: host.roles, ...nodeSettingsOf(host) };

/** How many workers go at once, and how pods leave them. */
const careful = ({ policy }: ClusterSpec): unknown => ({ drain: policy.drain, atOnce: policy.upgrade.maxUnavailable });

const brought: Partial<Record<StageName, (it: Bringing) => unknown>> = {
  RunConfig: ({ content, kubeadm }) => ({ content, kubeadm }),
  MountRootfs: ({ situation: { images, leader }, content, host }) => ({ content, own: own(host), images: filesFor(images, host?.id === leader).map(({ digest }) => digest) }),
  MirrorRegistry: ({ situation: { images } }) => marks.registry(images),
  Upgrade: ({ situation: { spec }, kubeadm, host, job }) => (job.from === undefined ? { keep: spec.policy.snapshots.keep } : { kubeadm, own: own(host), careful: careful(spec) }),
  Settings: ({ situation: { spec }, job, host }) => {
    const atOnce = spec.policy.upgrade.maxUnavailable;
    return job.part === 'node' ? { own: own(host), reason: job.reason, atOnce } : { mark: marks.settings(job.part ?? 'kubelet', spec.kubeadm), atOnce };
  },
  Bootstrap: ({ situation: { spec, leader, images }, content, host }) => ({
    content, own: own(host), names: host && marks.names(registryPlace(spec, leader), apiPlace(spec, { host, leader, images })),
  }),
  Init: ({ kubeadm, host }) => ({ kubeadm, own: own(host) }),
  Join: ({ situation: { spec }, job, kubeadm, host }) => ({
    kubeadm, own: own(host), through: job.through, role: host && isControlPlane(host) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(spec)),
  }),
  Remove: ({ situation: { spec }, job }) => ({ member: job.member, ...(job.forget ? {} : { drain: spec.policy.drain, env: spec.env }) }),
  RunGuest: ({ situation: { spec, images }, job, content, host }) => ({ content, own: own(host), ...(images[0]?.digest === job.image ? { command: spec.command } : {}) }),
};
