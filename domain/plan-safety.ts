import { controlPlanes, type Host, isControlPlane } from './cluster';
import { sameAddress } from './ip-range';
import { fixedProblems } from './kubeadm/fixed';
import { lostProblems } from './lost';
import { fateOf, hasJoined, hasJoinedAsControlPlane } from './membership';
import { changeable } from './node-changes';
import { errorsOf, type Problem } from './problem';
import { hasMajority, membersWithout } from './quorum';
import type { Situation } from './situation';
import { leaversFirst, upgradeProblems } from './upgrade';

/**
 * What is refused because it could lose data, quorum or the way back in; each says the safe order. Total: whatever was
 * seen, the answer is a list.
 */
export function unsafeProblems(situation: Situation): Problem[] {
  // Of a cluster that is lost nothing can be kept safe.
  const lost = lostProblems(situation);
  if (errorsOf(lost).length > 0) return lost;
  const ref = situation.images.find(({ kind }) => kind === 'rootfs')?.ref ?? 'the rootfs image';
  return [...lost, ...lostLeavers(situation), ...turnedRoles(situation), ...quorum(situation), ...upgradeProblems({ ...situation, ref }), ...changedForGood(situation), ...keptNames(situation)];
}

const unsafe = (message: string, todo: string, host?: string): Problem => ({ severity: 'error', type: 'UnsafePlan', message, todo, ...(host === undefined ? {} : { host }) });

/** What runs counts: the record of an earlier look where nobody answers now. */
const changedForGood = ({ spec, images, cluster, last }: Situation): Problem[] =>
  fixedProblems({ spec, image: images.find(({ kind }) => kind === 'rootfs')?.fixed, running: cluster?.fixed ?? (last?.created ? last.fixed : undefined) });

/** A Node gets its name when it joins, and keeps it. */
const keptNames = ({ spec, cluster }: Situation): Problem[] => (cluster?.nodes ?? []).flatMap(({ name, address, lacks = [] }): Problem[] => {
  const host = spec.hosts.find((one) => sameAddress(one.address, address));
  return host === undefined ? [] : lacks.filter((lack) => changeable([lack]).length === 0).map((lack): Problem => ({
    severity: 'warning', type: 'InvalidSpec', host: host.id, message: `its Node ${name} runs without the ${lack}, which hosts get when they join`, todo: 'delete the host and add it again',
  }));
});

/** A host that leaves and cannot be reached is given up only by a person's word. */
function lostLeavers({ leaving, seen, cluster, last, forget, spec }: Situation): Problem[] {
  return leaving.filter((host) => fateOf(host, { facts: seen.get(host.id), cluster, last, forget }) === 'refuse').map((host) => {
    const why = seen.get(host.id)?.problem?.message ?? 'nobody could look at it';
    const flag = isControlPlane(host) ? '--masters' : '--nodes';
    return unsafe(`it is to leave the cluster and cannot be reached: ${why}`,
      `bring it back, or give it up for good: keelson delete --cluster ${spec.name} ${flag} ${host.id} --force`, host.id);
  });
}

/** A joined host keeps its role: kubeadm has no way from one to the other. */
function turnedRoles({ spec, seen, cluster }: Situation): Problem[] {
  return spec.hosts.flatMap((host) => {
    const facts = seen.get(host.id);
    const member = cluster?.nodes.find(({ address }) => sameAddress(address, host.address));
    const master = hasJoinedAsControlPlane(facts);
    // The host's own mark counts: a Node that its kubelet has registered by itself says nothing of the role.
    const worker = facts?.done.some((mark) => mark.startsWith('join:worker-')) || (!master && member !== undefined && !member.controlPlane && hasJoined(facts));
    if (isControlPlane(host) ? !worker : !master) return [];
    const [is, wants] = isControlPlane(host) ? ['worker', 'control plane'] : ['control plane', 'worker'];
    return [unsafe(`it is a ${is} and is to become a ${wants}: a joined host keeps its role`, `delete it from the cluster, apply, then add it as ${wants}`, host.id)];
  });
}

/**
 * Goes through the changes of etcd's membership in the order in which they are made: dead members leave, then control
 * planes join one by one, then those that leave; before an upgrade these leave first. Refuses where a step would leave fewer
 * than a majority.
 */
function quorum(situation: Situation): Problem[] {
  const { spec, seen, cluster, leaving, last, forget, absent } = situation;
  const joining = controlPlanes(spec).filter((host) => !hasJoined(seen.get(host.id)) && !absent.includes(host.id));
  const going = leaving.filter((host) => isControlPlane(host) && ['remove', 'forget'].includes(fateOf(host, { facts: seen.get(host.id), cluster, last, forget })));
  if (!cluster) {
    if (!last?.created) return [];
    const there = [...controlPlanes(spec), ...leaving.filter(isControlPlane)].some(({ id }) => hasJoined(seen.get(id)) && seen.get(id)?.reachable);
    if (joining.length > 0 && !there) {
      return [unsafe(`${names(joining)} cannot join: no control plane of the cluster can be reached`, `bring one back; if none is left for good: keelson reset ${spec.name}`)];
    }
    if (going.length === 0) return [];
    return [unsafe('control planes are to be removed and no control plane answers', 'mend the control plane first: keelson status, keelson etcd restore')];
  }
  let members = cluster.etcd.map(({ address, healthy }) => ({ address, healthy }));
  const dead = members.filter(({ healthy, address }) => !healthy && !isHeld(situation, address));
  const healthy = (): number => members.filter((one) => one.healthy).length;
  if (members.length > 0 && !hasMajority(members)) {
    if (joining.length + going.length + dead.length === 0) return [];
    return [unsafe(`etcd has lost its quorum: ${healthy()} of ${members.length} members are healthy`, 'bring members back, or restore a snapshot: keelson etcd restore')];
  }
  members = members.filter((one) => !dead.includes(one));

  const join = (): Problem[] => {
    const ill = members.filter((one) => !one.healthy).map(({ address }) => address);
    const added = joining.filter(({ address }) => !members.some((one) => sameAddress(one.address, address)));
    if (added.length > 0 && ill.length > 0) {
      return [unsafe(`${names(added)} cannot join while the etcd member at ${ill.join(', ')} is not healthy: one more failure would stop the cluster`,
        `bring it back first, or give it up in the same change: keelson delete --cluster ${spec.name} --masters ${ill.join(',')} --force`)];
    }
    members = [...members, ...added.map(({ address }) => ({ address, healthy: true }))];
    return [];
  };
  const leave = (): Problem[] => {
    for (const host of going) {
      members = membersWithout(members, host.address);
      if (members.length > 0 && !hasMajority(members)) {
        return [unsafe(`without ${host.id} etcd would have ${healthy()} healthy members of ${members.length}, fewer than a majority`,
          `first remove what is dead (${members.filter((one) => !one.healthy).map(({ address }) => address).join(', ')}), then ${host.id}`, host.id)];
      }
      if (healthy() === 0) return [unsafe('it is the last control plane', `to take the whole cluster away: keelson reset ${spec.name}; to replace it, add another control plane in the same change`, host.id)];
    }
    return [];
  };
  for (const step of leaversFirst(situation).length > 0 ? [leave, join] : [join, leave]) {
    const problems = step();
    if (problems.length > 0) return problems;
  }
  return [];
}

/** Whether the member at this address belongs to somebody who stays, or who leaves by the ordinary way. */
function isHeld({ spec, seen, leaving, cluster, last, forget, absent }: Situation, address: string): boolean {
  const host = spec.hosts.find((one) => sameAddress(one.address, address));
  if (host) return absent.includes(host.id) || hasJoined(seen.get(host.id));
  const leaver = leaving.find((one) => sameAddress(one.address, address));
  return leaver !== undefined && fateOf(leaver, { facts: seen.get(leaver.id), cluster, last, forget }) !== 'forget';
}

const names = (hosts: readonly Host[]): string => hosts.map(({ id }) => id).join(', ');
