import { machineProblems } from '../change-rules';
import { checkProblems } from '../check';
import type { ClusterSpec } from '../cluster';
import type { ClusterRecord } from '../entity';
import type { HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import type { Plan } from '../plan';
import { errorsOf } from '../problem';
import type { Difference } from './difference';

/**
 * What facts and plan tell: versions, whatever an apply would do, and what would make it refuse a host. Of a host that is
 * away nothing is known.
 */
export function factDifferences({ spec, facts, images, uid, plan, record }: {
  readonly spec: ClusterSpec; readonly facts: readonly HostFacts[]; readonly images: readonly ImageFacts[]; readonly uid: string; readonly plan: Plan; readonly record: ClusterRecord;
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
    ...plan.jobs.flatMap(({ host, stage, reason }): Difference[] =>
      (host !== undefined && seen.has(host) ? [{ host, kind: 'plan', message: `an apply would do ${stage}: ${reason}` }] : [])),
  ];
}
