import { checkProblems } from '../check';
import { type ClusterSpec, controlPlanes } from '../cluster';
import type { ClusterRecord } from '../entity';
import type { ClusterFacts, HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import { leavingOf } from '../membership';
import { machineProblems } from '../other-machine';
import type { Plan } from '../plan';
import { errorsOf } from '../problem';
import { unwhole, wholeInput } from '../whole';
import type { Difference } from './difference';

/**
 * What facts and plan tell: versions, whatever an apply would do, what would make it refuse a host, and what the cluster itself
 * knows otherwise, or that it says nothing. Of a host that is away nothing is known.
 */
export function factDifferences({ spec, facts, cluster, images, uid, plan, record }: {
  readonly spec: ClusterSpec; readonly facts: readonly HostFacts[]; readonly cluster?: ClusterFacts | undefined; readonly images: readonly ImageFacts[]; readonly uid: string; readonly plan: Plan; readonly record: ClusterRecord;
}): Difference[] {
  const there = facts.filter(({ reachable }) => reachable);
  const seen = new Set(there.map(({ host }) => host));
  const ours = there.filter(({ joined, claim }) => joined && claim?.uid === uid);
  const problems = errorsOf([
    ...machineProblems(record, there),
    ...checkProblems({ spec: { ...spec, hosts: spec.hosts.filter(({ id }) => seen.has(id)) }, facts: there, images, uid, ...(record.leader ? { leader: record.leader } : {}) }),
  ]);
  return [
    ...ours.filter(({ kubeletVersion }) => kubeletVersion !== undefined && kubeletVersion !== plan.version)
      .map(({ host, kubeletVersion }): Difference => ({ host, kind: 'version', message: `its kubelet is ${kubeletVersion ?? ''}, the cluster is ${plan.version}` })),
    ...problems.flatMap(({ host, message }): Difference[] => (host === undefined ? [] : [{ host, kind: 'check', message }])),
    // The last check mends nothing: what it would wait for is told below.
    ...plan.jobs.flatMap(({ host, stage, reason }): Difference[] =>
      (host !== undefined && seen.has(host) && stage !== 'PostProcess' ? [{ host, kind: 'plan', message: `an apply would do ${stage}: ${reason}` }] : [])),
    ...leavingOf(spec, record).map(({ host }): Difference => ({ host: host.id, kind: 'cluster', message: 'it has not left the cluster yet; the next apply goes on with that' })),
    ...silentServers(spec, ours),
    ...(cluster ? unwholeOf(spec, { facts, cluster, images, version: plan.version }) : unanswered(spec, { ours, leader: plan.leader })),
  ];
}

/** Control planes of which the own API server is not ready; whoever answers for the cluster does not say so. */
const silentServers = (spec: ClusterSpec, ours: readonly HostFacts[]): Difference[] => {
  const masters = new Set(controlPlanes(spec).map(({ id }) => id));
  return ours.filter(({ host, apiReady }) => masters.has(host) && apiReady === false).map(({ host }) => ({ host, kind: 'cluster', message: 'its API server is not ready' }));
};

/** That nothing is known of Nodes and etcd, although a control plane can be reached; one that is away is told as such. */
const unanswered = (spec: ClusterSpec, { ours, leader }: { ours: readonly HostFacts[]; leader: string }): Difference[] =>
  controlPlanes(spec).some(({ id }) => ours.some(({ host }) => host === id)) ? [{ host: leader, kind: 'cluster', message: 'no control plane answers for the cluster' }] : [];

/** What Kubernetes and etcd know otherwise than they should; a host that is away is told as such. */
function unwholeOf(spec: ClusterSpec, { facts, cluster, images, version }: { facts: readonly HostFacts[]; cluster: ClusterFacts; images: readonly ImageFacts[]; version: string }): Difference[] {
  const absent = facts.filter(({ reachable }) => !reachable).map(({ host }) => host);
  return unwhole(wholeInput(spec, { version, absent }, images), cluster).map((message) => ({ host: cluster.through, kind: 'cluster', message }));
}
