import { type ClusterSpec, controlPlanes, type Host, type HostTarget, isControlPlane, type Policy, registryHosts, targetOf, workers } from '../domain/cluster';
import type { ClusterSlice, WholeSlice } from '../domain/cluster-slice';
import type { ClusterRecord, Member } from '../domain/entity';
import type { ImageFacts } from '../domain/images';
import { leavingOf } from '../domain/membership';
import type { Plan } from '../domain/plan';
import { isNodeAgain, type PlanJob } from '../domain/plan-job';
import { whereOf } from '../domain/where';
import type { On } from './on';

/** What the stages of one operation work with: the spec, what was pinned, and the verbs. Nothing here changes. */
export interface Work {
  readonly spec: ClusterSpec;
  readonly images: readonly ImageFacts[];
  readonly uid: string;
  readonly n: number;
  readonly operation: string;
  /** Keys the hosts showed, by host id. */
  readonly hostKeys: Readonly<Record<string, string>>;
  readonly on: On;
  /** The policy as it is now: it may be changed while the operation runs. */
  policy(): Policy;
  /** The commands of images run again although they ran. */
  readonly force: boolean;
  /** What the operation has come to: hosts that leave are in it, and no more in the spec. */
  readonly record: ClusterRecord;
  /** Hosts that a person has left out. */
  leftOut(): readonly string[];
  /** Something for people that stays in the status, e.g. what is left on a host. */
  note(line: string): void;
}

/** A host that the spec has no more, as an activity takes it. */
export const memberTarget = (spec: ClusterSpec, { host, access }: Member, hostKeys: Readonly<Record<string, string>>): HostTarget => ({
  ...targetOf(spec, host, hostKeys[host.id]), ...(access ? { access } : {}),
});

/** A host as an activity takes it, also one that leaves. Throws when the plan names a host that nobody knows: a bug. */
export function targetFor({ spec, hostKeys, record }: Work, id: string | undefined): HostTarget {
  const host = spec.hosts.find((one) => one.id === id);
  if (host) return targetOf(spec, host, hostKeys[host.id]);
  const member = leavingOf(spec, record).find((one) => one.host.id === id);
  if (!member) throw new Error(`the plan names ${id ?? 'no host'}, the spec does not`);
  return memberTarget(spec, member, hostKeys);
}

/** Ids of all control planes of the plan, also of those that leave. */
export const mastersOf = ({ spec, record }: Work): ReadonlySet<string> =>
  new Set([...spec.hosts, ...leavingOf(spec, record).map(({ host }) => host)].filter(isControlPlane).map(({ id }) => id));

/** Whether a host of the plan is a control plane, also one that leaves. */
export const isOnControlPlane = (work: Work, id: string | undefined): boolean => id !== undefined && mastersOf(work).has(id);

/** What every stage that works on a host hands over: for whom, which host, and the cluster in small. */
export const hostInput = (work: Work, plan: Plan, job: PlanJob) => ({
  where: whereOf(work, job.stage), host: targetFor(work, job.host), cluster: clusterSlice(work, plan),
});

/** The slice of the spec that activities need. */
export const clusterSlice = ({ spec, images }: Work, plan: Plan): ClusterSlice => ({
  name: spec.name,
  leader: plan.leader,
  version: plan.version,
  images,
  ...(plan.jobs.some(({ stage }) => stage === 'Upgrade') ? { upgrading: true } : {}),
  env: spec.env,
  command: spec.command,
  configs: spec.configs,
  kubeadm: spec.kubeadm,
  controlPlanes: controlPlanes(spec).map(idAndAddress),
  hosts: spec.hosts.length,
  registryHosts: registryHosts(spec, plan.leader).map(idAndAddress),
  ...(spec.registryPassword ? { registryPassword: spec.registryPassword } : {}),
  ...(spec.controlPlaneEndpoint ? { controlPlaneEndpoint: spec.controlPlaneEndpoint } : {}),
});

/** The slice with the workers as well, for whoever counts Nodes: one activity takes that, not one for each host. */
export const wholeSlice = (work: Work, plan: Plan): WholeSlice => ({ ...clusterSlice(work, plan), workers: workers(work.spec).map(idAndAddress) });

const idAndAddress = ({ id, address }: Host): { id: string; address: string } => ({ id, address });

/** The control planes that are there: reached, and part of the cluster before this plan began. */
export const presentControlPlanes = (work: Work, plan: Plan): HostTarget[] =>
  controlPlanes(work.spec).filter(({ id }) => !plan.absent.includes(id) && !plan.jobs.some((job) => job.stage === 'Join' && job.host === id && !isNodeAgain(job))).map(({ id }) => targetFor(work, id));

/** A job in words, for the Temporal UI. At most 200 bytes are allowed there. */
export function summaryOf(work: Work, job: PlanJob): string {
  const role = job.host ? ` on ${isOnControlPlane(work, job.host) ? 'control plane' : 'worker'} ${job.host}` : '';
  return `${job.stage}${role}: ${job.reason}`.slice(0, 190);
}
