import { isControlPlane } from '../domain/cluster';
import { prePull } from '../domain/commands/bootstrap';
import { beginLeave, readCordon } from '../domain/commands/drain';
import { apiReady, readNodes } from '../domain/commands/kubernetes';
import {
  beginUpgrade, endUpgrade, newImages, noteDrained, proxiesBehind, readUpgrade, type UpgradeState, versionedPods,
} from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { asked } from './asked';
import { isCancel } from './cancel';
import type { Deps } from './deps';
import { drainNode } from './drain';
import { nodeOf } from './node-of';
import { poll } from './poll';
import { inScope } from './scope';
import { shielded } from './shielded';
import { upgradeControlPlane } from './upgrade-control-plane';
import { upgradeKubelet } from './upgrade-kubelet';
import { configured, giveBack, healthyMembers, putInService, type UpgradeInput, type Upgrading } from './upgrading';

/**
 * Brings one host to the version of the cluster's rootfs image: pods away, static pods, kubelet, a look at it, back in
 * service. What is done is noted on the host, so that whoever comes next goes on from there, and a host that is done gets no
 * command that changes anything. Until its pods have left a cancel leaves it as it was; from then on the work goes to its
 * end, or back. Throws DrainBlocked; RolledBack when the host runs its old version again; CommandFailed when it is past the
 * point of no return and not yet there.
 */
export const upgradeHost = (deps: Deps) => async (input: UpgradeInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host, leader, cluster: { version } } = input;
    const session = await deps.remote.to(host, scope);
    const through = await deps.remote.to(leader, scope);
    const state = await session.run(readUpgrade);
    if (isDone(state, version, isControlPlane(host))) return;

    const onward = shielded(scope);
    const safe = { session: await deps.remote.to(host, onward), through: await deps.remote.to(leader, onward) };
    const it: Upgrading = { deps, input, scope, session, through, node: await nodeOf(through, scope, host), version };
    const further: Upgrading = { ...it, ...safe, scope: onward };
    await session.run(beginUpgrade(version));
    if (!state.drained) await makeWay(it, further, state);
    if (isControlPlane(host)) await upgradeControlPlane(further);
    await upgradeKubelet(further);
    await putInService(further);
    await further.session.run(endUpgrade(`the upgrade to ${version} is done`));
  });

/** Nothing is left to do: programs and static pods are at the version, and no note says that something was begun. */
const isDone = ({ kubelet, manifests, done }: UpgradeState, version: string, controlPlane: boolean): boolean =>
  kubelet === version && !done.some((mark) => mark.startsWith('upgrading:')) && (!controlPlane || versionedPods.every((name) => manifests[name] === version));

/**
 * All that may take long and changes nothing that counts: the cluster is well, the images are there, the pods have left. Where
 * it fails or a person cancels, the host is in service again; where only this attempt ends, the next one goes on.
 */
async function makeWay(it: Upgrading, further: Upgrading, state: UpgradeState): Promise<void> {
  // An attempt before this one may have cordoned the node. Where nobody has, the host is given back without the API, which may be what is not well.
  let cordoned = true;
  try {
    cordoned = state.cordoned || (await it.through.run(readCordon(it.node))).ours;
    await requireHealth(it);
    await pullImages(it);
    await followedServices(it);
    cordoned = true;
    await leaveNode(it, state);
    await it.session.run(noteDrained);
    it.scope.signal.throwIfAborted();
  } catch (error) {
    const over = error instanceof ClusterError && !['Disconnected', 'HostBusy'].includes(error.type);
    if (over || isCancel(it.scope.signal)) await giveBack(further, { cordoned }).catch((also: unknown) => it.scope.log(`not back in service: ${String(also)}`));
    throw error;
  }
}

/** An upgrade begins in a cluster that is well: it takes one control plane away at a time, and etcd can spare no other. */
async function requireHealth(it: Upgrading): Promise<void> {
  const { input: { host, leader }, scope, session, through, version } = it;
  await poll({ scope, host: leader.id, what: 'a ready API server', everyMs: 500, timeoutMs: 120_000 }, async () => (await through.run(apiReady)) || 'not ready');
  if (isControlPlane(host)) {
    await healthyMembers(it);
    await poll({ scope, host: host.id, what: 'its own API server', everyMs: 500, timeoutMs: 120_000 }, async () => (await session.run(apiReady)) || 'not ready');
    return;
  }
  const now = await configured(it);
  if (now !== version) {
    throw new ClusterError('UnsafePlan', `${host.id}: the control plane is configured for ${now}, and a kubelet is never newer than its API server`, {
      host: host.id, todo: 'upgrade the control planes first: keelson apply does it in this order',
    });
  }
}

/**
 * Before pods leave, every host has to hear of it: `kubeadm upgrade apply` replaces the kube-proxies, and requests to a
 * Service on a host without one go to pods that are gone. A host that is away for good must not hold the others up.
 */
async function followedServices({ input: { host }, scope, through }: Upgrading): Promise<void> {
  try {
    await poll({ scope, host: host.id, what: 'every kube-proxy', everyMs: 1_000, timeoutMs: 120_000 }, async () => (await asked(() => through.run(proxiesBehind))) || true);
  } catch (error) {
    if (!(error instanceof ClusterError && error.type === 'CommandTimedOut')) throw error;
    scope.log(`goes on all the same: ${error.message}`);
  }
}

/** Container images come before the pods leave, so that the host is away for a shorter time. The kubelet pulls what is missing. */
async function pullImages({ input: { host, cluster }, scope, session, version }: Upgrading): Promise<void> {
  scope.beat('pulls container images');
  const listed = await session.run(newImages(cluster.name, version));
  const wanted = isControlPlane(host) ? listed : listed.filter((image) => /kube-proxy|pause/.test(image));
  const failed = await session.run(prePull(wanted));
  if (failed.trim()) scope.log(`not pulled ahead: ${failed.trim().split('\n').join(', ')}`);
}

/** Cordon and drain, where the pods have another place to go. A node that a person has cordoned stays cordoned afterwards. */
async function leaveNode({ input, scope, through, node }: Upgrading, { cordoned }: UpgradeState): Promise<void> {
  const nodes = await through.run(readNodes);
  if (nodes.every(({ name }) => name === node)) {
    scope.log('the only node: its pods stay');
    return;
  }
  if (!cordoned && !(await through.run(readCordon(node))).cordoned) await through.run(beginLeave(node));
  await drainNode({ through, host: input.host.id, node, policy: input.drain, scope });
}

