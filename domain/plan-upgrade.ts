import { controlPlanes, type Host, isControlPlane, registryHosts } from './cluster';
import { inTurn } from './in-turn';
import type { PlanJob } from './plan-job';
import type { Situation } from './situation';
import { addonsFrom, hasBegun, isUpgrade, pointOfNoReturn, upgradesFrom } from './upgrade';

/** The leader first, as kubeadm converts the cluster's configuration there, then the other control planes, then the workers. */
export function upgradeJobs(situation: Situation, hosts: readonly Host[]): PlanJob[] {
  const { spec, seen, version, leader, leaving } = situation;
  const behind = inTurn(hosts, leader).flatMap((host) => {
    const from = upgradesFrom(seen.get(host.id), version);
    return from === undefined ? [] : [{ host, from }];
  });
  // The snapshot is of before the upgrade: one that goes on where it stood needs none, and must not wait for an etcd that is ill.
  const begun = [...controlPlanes(spec), ...leaving.filter(isControlPlane)].some(({ id }) => hasBegun(seen.get(id), version));
  const snapshot = spec.policy.snapshots.beforeUpgrade && !begun && behind.some(({ host }) => isControlPlane(host));
  return [
    ...(snapshot ? [{ id: `Upgrade/${leader}/snapshot`, stage: 'Upgrade' as const, host: leader, reason: 'a snapshot of etcd, on every control plane' }] : []),
    ...addonsJob(situation),
    ...behind.map(({ host, from }): PlanJob => ({
      id: `Upgrade/${host.id}`, stage: 'Upgrade', host: host.id, from, approval: 'upgrade', pointOfNoReturn: pointOfNoReturn(host),
      reason: from === version ? `the upgrade to ${version} was begun` : `${from} to ${version}`,
    })),
  ];
}

/** What kubeadm brings with the last control plane that is upgraded, where that one has left without its upgrade. */
function addonsJob(situation: Situation): PlanJob[] {
  const from = addonsFrom(situation);
  if (from === undefined) return [];
  const { leader, version } = situation;
  return [{ id: `Upgrade/${leader}/addons`, stage: 'Upgrade', host: leader, from, approval: 'upgrade', reason: `kube-proxy and CoreDNS are of ${from}, the control planes of ${version}` }];
}

/** After the last upgrade of the same plan: what is shown is all that is done. */
export const trimJobs = (situation: Situation, hosts: readonly Host[]): PlanJob[] => {
  if (!isUpgrade(situation)) return [];
  return registryHosts(situation.spec, situation.leader).filter((host) => hosts.includes(host))
    .map(({ id }) => ({ id: `MirrorRegistry/${id}/trim`, stage: 'MirrorRegistry', host: id, reason: 'container images of the former version go, when every host is upgraded' }));
};
