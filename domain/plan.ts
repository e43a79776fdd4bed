import { type ClusterSpec, controlPlanes, type Host, isControlPlane, registryHosts } from './cluster';
import { digestOf } from './digest';
import type { HostFacts } from './facts';
import type { ImageFacts } from './images';
import { marks } from './marks';
import type { Problem } from './problem';
import type { StageName } from './stages';

/** One piece of work: a stage on a host. */
export interface PlanJob {
  /** `<stage>/<host>` or `<stage>/<host>/<image>`; the activity's id in the history. */
  readonly id: string;
  readonly stage: StageName;
  /** Host id; absent: the work is done on the Temporal worker, for all hosts. */
  readonly host?: string;
  /** Digest of the image, in RunGuest. */
  readonly image?: string;
  /** Why it is needed, for people. */
  readonly reason: string;
}

/** What differs between wanted and seen, as the jobs that remove the difference. The dry run prints it; the run executes it. */
export interface Plan {
  readonly cluster: string;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  readonly leader: string;
  readonly images: readonly { readonly ref: string; readonly digest: string; readonly kind: string }[];
  readonly jobs: readonly PlanJob[];
  /** Errors refuse the plan, warnings go with it. */
  readonly problems: readonly Problem[];
  /** Over stages, hosts, versions and digests; never uptime, disk, clock or sealed text. */
  readonly hash: string;
}

export interface PlanInput {
  readonly spec: ClusterSpec;
  readonly facts: readonly HostFacts[];
  readonly images: readonly ImageFacts[];
  readonly problems: readonly Problem[];
  /** Run the images' commands again although they ran. */
  readonly force?: boolean;
}

/** The plan. Pure and total: the same input gives the same plan, whatever state the hosts are in. */
export function planCluster({ spec, facts, images, problems, force = false }: PlanInput): Plan {
  const seen = new Map(facts.map((one) => [one.host, one]));
  const leader = leaderOf(spec, seen);
  const rootfs = images.find(({ kind }) => kind === 'rootfs');
  const jobs = problems.some(({ severity }) => severity === 'error') ? [] : jobsFor({ spec, seen, images, leader, force });
  const shown = images.map(({ ref, digest, kind }) => ({ ref, digest, kind }));
  const version = rootfs?.version ?? '';
  const hash = digestOf({ cluster: spec.name, leader, version, images: shown, jobs: jobs.map(({ id, image }) => ({ id, image: image ?? '' })) });
  return { cluster: spec.name, version, leader, images: shown, jobs, problems, hash };
}

/** The control plane we speak through: the first one that has joined, or the first one named. */
function leaderOf(spec: ClusterSpec, seen: ReadonlyMap<string, HostFacts>): string {
  const candidates = controlPlanes(spec);
  const living = candidates.find(({ id }) => seen.get(id)?.done.some((mark) => mark === marks.init || mark.startsWith('join:')));
  return (living ?? candidates[0])?.id ?? '';
}

interface Wanted {
  readonly spec: ClusterSpec;
  readonly seen: ReadonlyMap<string, HostFacts>;
  readonly images: readonly ImageFacts[];
  readonly leader: string;
  readonly force: boolean;
}

/** The jobs in the order of the stages, and within a stage in the order of the spec. */
function jobsFor(wanted: Wanted): PlanJob[] {
  const { spec } = wanted;
  const jobs = [
    ...spec.hosts.flatMap((host) => mountJob(wanted, host)),
    ...registryHosts(spec).flatMap((host) => registryJob(wanted, host)),
    ...spec.hosts.flatMap((host) => bootstrapJob(wanted, host)),
    ...initJob(wanted),
    ...byRole(spec.hosts).flatMap((host) => joinJob(wanted, host)),
    ...guestJobs(wanted),
  ];
  if (jobs.length === 0) return [];
  return [{ id: 'RunConfig', stage: 'RunConfig', reason: `${spec.configs.length} Config documents, kubeadm configuration` }, ...jobs];
}

const byRole = (hosts: readonly Host[]): Host[] => [...hosts.filter(isControlPlane), ...hosts.filter((host) => !isControlPlane(host))];
const has = (wanted: Wanted, host: Host, mark: string): boolean => wanted.seen.get(host.id)?.done.includes(mark) ?? false;
const job = (stage: StageName, host: Host, reason: string): PlanJob[] => [{ id: `${stage}/${host.id}`, stage, host: host.id, reason }];

function mountJob(wanted: Wanted, host: Host): PlanJob[] {
  if (has(wanted, host, marks.mount(wanted.spec, wanted.images, host, wanted.leader))) return [];
  return job('MountRootfs', host, filesFor(wanted.images, host.id === wanted.leader).map(({ ref }) => ref).join(', '));
}

/** The images whose files a host gets: rootfs and patches everywhere, applications on the leader. */
export const filesFor = (images: readonly ImageFacts[], isLeader: boolean): ImageFacts[] =>
  images.filter(({ kind }) => kind !== 'application' || isLeader);

function registryJob(wanted: Wanted, host: Host): PlanJob[] {
  return has(wanted, host, marks.registry(wanted.images)) ? [] : job('MirrorRegistry', host, `container images of ${wanted.images.length} images`);
}

function bootstrapJob(wanted: Wanted, host: Host): PlanJob[] {
  return has(wanted, host, marks.bootstrap) ? [] : job('Bootstrap', host, 'not prepared yet');
}

function initJob(wanted: Wanted): PlanJob[] {
  const leader = wanted.spec.hosts.find(({ id }) => id === wanted.leader);
  const started = controlPlanes(wanted.spec).some((host) => has(wanted, host, marks.init));
  return leader && !started ? job('Init', leader, 'there is no control plane yet') : [];
}

function joinJob(wanted: Wanted, host: Host): PlanJob[] {
  if (has(wanted, host, marks.init) || (host.id === wanted.leader && initJob(wanted).length > 0)) return [];
  const mark = isControlPlane(host) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(wanted.spec));
  if (has(wanted, host, mark)) return [];
  const changed = wanted.seen.get(host.id)?.done.some((one) => one.startsWith('join:'));
  return job('Join', host, changed ? 'the control planes have changed' : `joins as ${isControlPlane(host) ? 'control plane' : 'worker'}`);
}

/** Images that bring the pod network run as soon as the API answers; the others in their order, after the joins. */
function guestJobs(wanted: Wanted): PlanJob[] {
  const { images, spec } = wanted;
  const early = images.filter(({ runAt, kind }) => runAt === 'api-up' && kind === 'application');
  const late = images.filter((image) => !early.includes(image));
  return [...early, ...late].filter(({ commands }) => commands > 0).flatMap((image) => {
    const targets = image.kind === 'application' ? spec.hosts.filter(({ id }) => id === wanted.leader) : spec.hosts;
    return targets
      .filter((host) => wanted.force || !has(wanted, host, marks.guest(image.digest)))
      .map((host): PlanJob => ({
        id: `RunGuest/${host.id}/${image.mountName}`, stage: 'RunGuest', host: host.id, image: image.digest,
        reason: image.commands === 1 ? `${image.ref}: 1 command` : `${image.ref}: ${image.commands} commands`,
      }));
  });
}

/** The plan in words, one line each, as the dry run prints it. */
export function describePlan(plan: Plan): string[] {
  if (plan.jobs.length === 0) return [`${plan.cluster}: nothing to do`];
  return plan.jobs.map(({ stage, host, reason }) => `${stage.padEnd(15)} ${(host ?? 'all hosts').padEnd(16)} ${reason}`);
}
