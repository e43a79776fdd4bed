import { createHash } from 'node:crypto';
import { balancerConfig, balancerConfigPath, balancerManifest, balancerManifestPath } from '../domain/api-balancer';
import type { HostTarget } from '../domain/cluster';
import { diagnosis } from '../domain/commands/init';
import { apiThroughBalancer, balancerListens, closeBridge, joinScript, openBridge } from '../domain/commands/join';
import { createToken, readCa, uploadCertificates } from '../domain/commands/join-credentials';
import { readAdminConf, readNode, readNodes, restartKubeProxy } from '../domain/commands/kubernetes';
import { writePrivateFile } from '../domain/commands/registry';
import { markDone, readMarks } from '../domain/commands/state';
import { sameAddress } from '../domain/ip-range';
import { discoveryKubeconfig } from '../domain/kubeadm';
import { ClusterError } from '../domain/errors';
import { adminConf, apiName, apiPort, hostPaths } from '../domain/host-paths';
import { setHosts } from '../domain/hosts-file';
import { marks } from '../domain/marks';
import { asked } from './asked';
import type { Deps } from './deps';
import { explained } from './explained';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { openImages, type OpenImage, rootfsOf } from './image-set';
import { writeInitConfig } from './init-config';
import { joinConfig } from './kubeadm';
import { healthyEtcd } from './etcd';
import { installKubeconfig, writeKubeconfig } from './kubeconfig';
import { noteNodeSettings } from './node-settings';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { runtimeOf } from './runtime';
import { inScope } from './scope';
import { shielded } from './shielded';
import { forgetSpent } from './spent';
import { runStep } from './step-job';

export interface JoinInput extends HostInput {
  readonly leader: HostTarget;
}

/** Joins a worker. Its own API balancer is there before the kubelet talks to the API, so that no control plane is special. */
export const joinWorker = (deps: Deps) => async (input: JoinInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host, cluster } = input;
    const session = await deps.remote.to(host, scope);
    const leader = await deps.remote.to(input.leader, scope);
    const images = await openImages(deps, cluster, scope);
    const image = cluster.controlPlaneEndpoint ? undefined : rootfsOf(images).facts.apiBalancer;
    const done = await session.run(readMarks);

    const joined = done.some((mark) => mark.startsWith('join:'));
    await Promise.all([
      image ? writeBalancer(session, image, cluster.controlPlanes.map(({ address }) => address)) : undefined,
      image && !joined ? session.run(openBridge(input.leader.address)) : undefined,
    ]);
    let name = '';
    if (!joined) {
      name = await join(deps, { input, scope, session, leader, images, role: 'worker', preserve: image ? [balancerConfigPath, balancerManifestPath] : [] });
      await writeKubeconfig(session, await leader.run(readAdminConf));
    }
    if (image) await awaitBalancer(session, scope, host.id);
    const node = await confirmNode(leader, scope, { name, address: host.address, version: cluster.version, host: host.id });
    if (!joined) await markSettings(session, input, { leader, node });
    await session.run(markDone(marks.joinWorker(cluster.controlPlanes)));
  });

/** Joins a control plane. One at a time, and only while etcd is healthy: the runner sees to the first, this to the second. */
export const joinControlPlane = (deps: Deps) => async (input: JoinInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host, cluster } = input;
    const session = await deps.remote.to(host, scope);
    const leader = await deps.remote.to(input.leader, scope);
    const images = await openImages(deps, cluster, scope);
    const joined = (await session.run(readMarks)).includes(marks.joinControlPlane);
    let name = '';
    if (!joined) {
      // A join that was given up after it had joined has left the host's own API here, which does not run until it has joined again.
      if (!cluster.controlPlaneEndpoint) await session.run(setHosts(cluster.name, 'api', [{ address: input.leader.address, names: [apiName] }]));
      await healthyEtcd(leader, scope, input.leader);
      name = await join(deps, { input, scope, session, leader, images, role: 'control-plane', preserve: [] });
    }
    const node = await confirmNode(leader, scope, { name, address: host.address, version: cluster.version, host: host.id });
    if (!cluster.controlPlaneEndpoint) {
      await session.run(setHosts(cluster.name, 'api', [{ address: host.address, names: [apiName] }]));
      await leader.run(restartKubeProxy(node));
    }
    await writeInitConfig(deps, session, { cluster, host, images });
    await installKubeconfig(session, adminConf);
    await healthyEtcd(leader, scope, input.leader);
    if (!joined) await markSettings(session, input, { leader, node });
    await session.run(markDone(marks.joinControlPlane));
  });

/** What joins is made from the cluster's configuration: the gates see to it that this is the newest. Its kubelet has registered the Node with its labels and taints. */
async function markSettings(session: Session, { host, cluster }: JoinInput, { leader, node }: { leader: Session; node: string }): Promise<void> {
  await noteNodeSettings(leader, host, node);
  for (const mark of marks.settingsOf(host, cluster.kubeadm)) await session.run(markDone(mark));
}

interface Joining {
  readonly input: JoinInput;
  readonly scope: Scope;
  readonly session: Session;
  readonly leader: Session;
  readonly images: readonly OpenImage[];
  readonly role: 'control-plane' | 'worker';
  readonly preserve: readonly string[];
}

/** `kubeadm join` as a detached job. The token and the certificate key are made here, spent here, and deleted here. Gives the Node's name. */
async function join(deps: Deps, { input, scope, session, leader, images, role, preserve }: Joining): Promise<string> {
  const { host, cluster } = input;
  const { values: env } = envFor(deps, cluster, host, rootfsOf(images));
  const runtime = await runtimeOf(session, env);
  const { kubeadmInit, rootfs } = hostPaths(cluster.name);
  // A cancel ends the join, and no way into the cluster may stay behind it.
  const onward = await deps.remote.to(input.leader, shielded(scope));
  let spent = '';
  const makeScript = async () => {
    // The kubelet keeps this server for good, so it is the cluster's name and never one control plane's address.
    const endpoint = cluster.controlPlaneEndpoint ?? `${apiName}:${apiPort}`;
    const minted = leader.run(createToken(host.id)).then((token) => {
      spent = token.split('.')[0] ?? '';
      return token;
    });
    const [token, caData, certificateKey] = await Promise.all([
      minted, leader.run(readCa), role === 'control-plane' ? leader.run(uploadCertificates(kubeadmInit)) : undefined,
    ]);
    const discovery = discoveryKubeconfig({ server: `https://${endpoint}`, caData });
    const config = joinConfig(cluster, images, runtime, { host, role, token, ...(certificateKey ? { certificateKey } : {}) });
    return joinScript({ config, discovery, criSocket: runtime.criSocket, rootfs, preserve });
  };
  try {
    await explained(session, scope, diagnosis, () => runStep(session, {
      step: 'kubeadm-join', title: 'kubeadm join', script: makeScript, timeoutMs: 15 * 60_000, scope,
    }));
  } finally {
    // A token that this attempt has not made is one of an attempt that was cut off: it is found by what it was made for.
    await forgetSpent(onward, scope, { host, ...(spent && scope.attempt === 1 ? { token: spent } : {}) });
  }
  return host.nodeName || runtime.hostname;
}

async function writeBalancer(session: Session, image: string, controlPlanes: readonly string[]): Promise<void> {
  const config = balancerConfig(controlPlanes);
  const digest = createHash('sha256').update(config).digest('hex');
  await session.run(writePrivateFile('write the API balancer configuration', balancerConfigPath, config, '644'));
  await session.run(writePrivateFile('write the API balancer pod', balancerManifestPath, balancerManifest(image, digest)));
}

/** The balancer took over from the bridge, and the API answers through it. */
async function awaitBalancer(session: Session, scope: Scope, host: string): Promise<void> {
  await poll({ scope, host, what: 'the API balancer', everyMs: 300, timeoutMs: 180_000 }, async () => (await session.run(balancerListens)) || 'haproxy does not listen yet');
  await session.run(closeBridge);
  await poll({ scope, host, what: 'the API through the balancer', everyMs: 300, timeoutMs: 60_000 }, async () => (await session.run(apiThroughBalancer)) || 'no answer');
}

/**
 * The Node object is there, at the right version, and its kubelet has reported. Gives its name. Who has just joined is asked for by
 * name: all Nodes, twice a second for each host that joins, would be the API's main work in a large cluster.
 */
async function confirmNode(leader: Session, scope: Scope, want: { name: string; address: string; version: string; host: string }): Promise<string> {
  let { name } = want;
  await poll({ scope, host: want.host, what: 'its Node', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(async () => (name === '' ? await leader.run(readNodes) : [await leader.run(readNode(name))]));
    if (typeof seen === 'string') return seen;
    const node = seen.find((one) => one !== undefined && sameAddress(one.address, want.address));
    if (!node) return 'there is no Node with its address';
    if (node.version !== want.version) throw new ClusterError('CommandFailed', `${want.host}: its kubelet is ${node.version}, the cluster is ${want.version}`, { host: want.host });
    name = node.name;
    return node.reason !== 'the kubelet has not reported yet' || node.ready || 'the kubelet has not reported yet';
  });
  return name;
}
