import { awaitReadyNodes, readEtcd, readNodes } from '../domain/commands/kubernetes';
import type { Deps } from './deps';
import type { HostInput } from './mount-rootfs';
import { poll } from './poll';
import { inScope } from './scope';

/** A node without a pod network is not ready, and says so in these words. Without a CNI image that is as wanted. */
const noNetwork = /cni plugin not initialized/i;

/**
 * Looks at the cluster as an observer: every host has its Node, at the right version and Ready; etcd's members are the
 * control planes. Gives the sentence that the status shows.
 */
export const verifyCluster = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<string> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const hosts = [...cluster.controlPlanes, ...cluster.workers];
    let waiting: string[] = [];
    const network = cluster.images.some(({ kind }) => kind === 'application');
    if (network) await session.run(awaitReadyNodes(20));
    await poll({ scope, host: host.id, what: 'that every node is Ready', everyMs: 1_000, timeoutMs: 180_000 }, async () => {
      const nodes = await session.run(readNodes);
      const seen = hosts.map(({ id, address }) => ({ id, node: nodes.find((node) => node.address === address) }));
      waiting = seen.filter(({ node }) => node && !node.ready && noNetwork.test(node.reason)).map(({ id }) => id);
      const wrong = seen.flatMap(({ id, node }) => {
        if (!node) return [`${id} has no Node`];
        if (node.version !== cluster.version) return [`${id} is ${node.version}`];
        return node.ready || waiting.includes(id) ? [] : [`${id}: ${node.reason}`];
      });
      if (network && waiting.length > 0) return `${waiting.join(', ')}: no pod network yet`;
      return wrong.length === 0 || wrong.join('; ');
    });
    await poll({ scope, host: host.id, what: 'that etcd has one healthy member per control plane', everyMs: 1_000, timeoutMs: 120_000 }, async () => {
      const first = (await session.run(readNodes)).find(({ controlPlane }) => controlPlane);
      const { members, healthy } = await session.run(readEtcd(first?.name ?? ''));
      if (members.length !== cluster.controlPlanes.length) return `members are ${members.join(', ')}, control planes are ${cluster.controlPlanes.length}`;
      return healthy || 'a member is not healthy';
    });
    const nodes = `${hosts.length} ${hosts.length === 1 ? 'node' : 'nodes'}`;
    return waiting.length > 0 ? `${nodes} at ${cluster.version}; not Ready until an image brings a pod network: ${waiting.join(', ')}` : `${nodes} Ready at ${cluster.version}`;
  });
