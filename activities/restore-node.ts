import { isControlPlane } from '../domain/cluster';
import { askAsKubelet, createNode, readKnownNode, readPodRanges, restartKubelet, stopKubeletAlone } from '../domain/commands/node-object';
import { forgetPods } from '../domain/commands/etcd-members';
import { readNode, type SeenNode } from '../domain/commands/kubernetes';
import { patchNode, taintNode } from '../domain/commands/node-settings';
import { readRunning } from '../domain/commands/running-settings';
import { readMarks } from '../domain/commands/state';
import { kubeletCause, readUpgrade } from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { sameAddress } from '../domain/ip-range';
import { marks } from '../domain/marks';
import { keptRanges, missingOf, type NewNode, newNode, nodeManifest } from '../domain/node-object';
import { asked } from './asked';
import type { Deps } from './deps';
import { lookThrough } from './etcd';
import { openImages } from './image-set';
import type { JoinInput } from './join';
import { registrationFor } from './kubeadm';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { inScope } from './scope';
import { shielded } from './shielded';
import { tooManyRestarts } from './steady-kubelet';

/**
 * Brings back the Node of a host that has joined: made anew with its role, labels, taints and range of pods, and its kubelet started
 * anew, which fills in the rest with the certificate that it has. No join and no drain: what runs on the host, the static pods and
 * a member of etcd among it, runs on. Pods that the API still knows of the former Node are forgotten first, as Kubernetes itself
 * does it within a minute: one that ran on would keep to itself what its start tells the others (Flannel: the way to the host).
 *
 * Run again it goes on where it was; where nothing is missing it changes nothing. From the stop of the kubelet on a cancel waits
 * for its end. Throws NeedsDecision when the API refuses the kubelet, and CommandFailed when it does not come up.
 */
export const restoreNode = (deps: Deps) => async (input: JoinInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host } = input;
    const [session, through] = await Promise.all([deps.remote.to(host, scope), deps.remote.to(input.leader, scope)]);
    const { wanted, seen } = await compare(deps, input, { scope, session, through });
    const onward = shielded(scope);
    if (!isReported(seen, host.address)) {
      if (!seen) await letIn(session, scope, input, wanted.name);
      scope.signal.throwIfAborted();
      const [own, speaker] = await Promise.all([deps.remote.to(host, onward), deps.remote.to(input.leader, onward)]);
      await make(own, speaker, onward, wanted);
      await own.run(restartKubelet);
      await reported(own, speaker, onward, { ...wanted, host: host.id, address: host.address });
    }
    const speaker = await deps.remote.to(input.leader, onward);
    await mark(speaker, wanted);
    if (isControlPlane(host)) await ownEtcd(await deps.remote.to(host, onward), onward, input);
  });

interface Speaking {
  readonly scope: Scope;
  readonly session: Session;
  readonly through: Session;
}

/** What the Node is to be, and what the API has of it. */
async function compare(deps: Deps, { host, cluster }: JoinInput, { scope, session, through }: Speaking): Promise<{ wanted: NewNode; seen: SeenNode | undefined }> {
  const role = isControlPlane(host) ? 'control-plane' : 'worker';
  const [known, done, images] = await Promise.all([session.run(readKnownNode), session.run(readMarks), openImages(deps, cluster, scope)]);
  const by = done.includes(marks.init) ? 'init' : 'join';
  const [running, taken, seen] = [await through.run(readRunning), await through.run(readPodRanges), await through.run(readNode(known.name))];
  const networks = (running.fixed?.['ClusterConfiguration.networking.podSubnet'] ?? '').split(',');
  return { seen, wanted: newNode({ known: { ...known, ranges: keptRanges(known.ranges, networks, taken) }, role, ...registrationFor(cluster, images, { host, role, by }), settings: host }) };
}

/** Its kubelet has reported: until then a Node has no address. */
const isReported = (seen: SeenNode | undefined, address: string): boolean => seen !== undefined && sameAddress(seen.address, address);

/** The API takes the kubelet for the host that it was. While a control plane starts anew the API may be away. */
async function letIn(session: Session, scope: Scope, { host, leader, where }: JoinInput, node: string): Promise<void> {
  await poll({ scope, host: host.id, what: 'an answer of the API to its kubelet', everyMs: 1_000, timeoutMs: 120_000 }, async () => {
    const answer = await session.run(askAsKubelet(node, leader.address));
    if (answer.is === 'known') return true;
    if (answer.is === 'silent') return answer.words || 'no answer';
    const flag = isControlPlane(host) ? '--masters' : '--nodes';
    throw new ClusterError('NeedsDecision', `${host.id}: its Node is gone, and the API refuses its kubelet: ${answer.words}`, {
      host: host.id, todo: `it has to join anew: keelson delete --cluster ${where.cluster} ${flag} ${host.id}, then add it again`,
    });
  });
}

/** The Node, while its kubelet stands still: one that runs would report to a Node of which it knows half. */
async function make(own: Session, speaker: Session, scope: Scope, wanted: NewNode): Promise<void> {
  await own.run(stopKubeletAlone);
  try {
    await speaker.run(forgetPods(wanted.name));
    await speaker.run(createNode(wanted.name, nodeManifest(wanted)));
  } catch (error) {
    // Where only the link broke the next attempt goes on. Otherwise nobody may come: a leader that cannot be reached parks the operation.
    if (!(error instanceof ClusterError) || error.type !== 'Disconnected') await own.run({ ...restartKubelet, cleanup: true }).catch((left: unknown) => scope.log(`its kubelet could not be started again: ${String(left)}`));
    throw error;
  }
}

async function reported(own: Session, speaker: Session, scope: Scope, { name, host, address }: NewNode & { host: string; address: string }): Promise<void> {
  await poll({ scope, host, what: 'its Node', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(() => speaker.run(readNode(name)));
    if (typeof seen === 'string') return seen;
    if (isReported(seen, address)) return true;
    const { restarts, kubelet } = await own.run(readUpgrade);
    if (restarts < tooManyRestarts) return 'its kubelet has not reported';
    throw new ClusterError('CommandFailed', `${host}: the kubelet of ${kubelet} ends again and again: ${(await own.run(kubeletCause)) || 'it says nothing'}`, { host });
  });
}

/** What a Node lacks that its kubelet has registered by itself: on one that was made here nothing. */
async function mark(speaker: Session, wanted: NewNode): Promise<void> {
  const seen = await speaker.run(readNode(wanted.name));
  const { patch, taints } = missingOf(wanted, seen ?? {});
  if (patch !== undefined) await speaker.run(patchNode(wanted.name, patch));
  if (taints.length > 0) await speaker.run(taintNode(wanted.name, taints));
}

/** Whoever speaks through this control plane asks its etcd by its pod, which the API knows again a moment after the Node. */
async function ownEtcd(session: Session, scope: Scope, { host }: JoinInput): Promise<void> {
  await poll({ scope, host: host.id, what: 'the pod of its etcd', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(() => lookThrough(session, host));
    return typeof seen === 'string' ? seen : true;
  });
}
