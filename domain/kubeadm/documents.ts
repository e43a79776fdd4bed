import type { ClusterSlice } from '../cluster-slice';
import type { Json, JsonObject, KubeadmDocuments } from '../cluster';
import { imageEndpoint } from '../env';
import { ClusterError } from '../errors';
import { apiName, apiPort } from '../host-paths';
import { isInside } from '../ip-range';
import { asJson, labelArgument, type NodeSettings, taintsOf } from '../node-settings';
import { addArgument, argumentValues } from './arguments';
import { certSans } from './cert-sans';
import { builtInDefaults, longValidity } from './defaults';
import { pruneFeatureGates } from './feature-gates';
import { isObject, listAt, objectAt, textAt, without } from './json';
import { kubeadmApi, minorOf } from './kinds';
import { mergeDocuments, normalize } from './merge';
import { readDocuments } from './read';
import { writeDocuments } from './write';

/** What both files need to know of the cluster. */
export type KubeadmCluster = Pick<ClusterSlice, 'kubeadm' | 'controlPlanes' | 'hosts' | 'controlPlaneEndpoint'>;

export interface KubeadmImage {
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  /** etc/kubeadm.yml of the rootfs image; empty where it has none. */
  readonly defaults: string;
  /** The virtual IP, in images whose workers reach the API through one. */
  readonly vip?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The image carries an image-cri-shim, through which the kubelet pulls. */
  readonly hasShim?: boolean;
}

/** What only the host itself knows. */
export interface KubeadmHost {
  /** With the scheme. */
  readonly criSocket: string;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  readonly nodeName: string;
  readonly address: string;
  /** What the Policy says of its Node. */
  readonly node?: NodeSettings;
}

/** How a joining host comes to trust the cluster: by a file (the faster way), or by token and CA hash. */
export type Discovery =
  | { readonly file: string; readonly token: string }
  | { readonly apiServer: string; readonly caHashes: readonly string[]; readonly token: string };

interface Input {
  readonly cluster: KubeadmCluster;
  readonly image: KubeadmImage;
  readonly host: KubeadmHost;
}

/**
 * The file for `kubeadm init`: built-in defaults, the image's etc/kubeadm.yml, the Clusterfile's documents, each over the
 * one before, then completed for the leader. Throws ClusterError: InvalidImage for an etc/kubeadm.yml that cannot be read,
 * InvalidSpec when the virtual IP lies in one of the cluster's networks.
 */
export function initDocuments(input: Input): string {
  const assembled = assemble(input);
  const documents = {
    init: completeInit(assembled.init ?? {}, input),
    cluster: completeCluster(assembled.cluster ?? {}, input),
    kubelet: completeKubelet(assembled.kubelet ?? {}, input),
    kubeProxy: completeKubeProxy(assembled.kubeProxy ?? {}, input),
  };
  return writeDocuments(documents, ['init', 'cluster', 'kubelet', 'kubeProxy'], input.image.version);
}

/**
 * The file for `kubeadm join`. It holds the token: for memory and for files that only root reads. Of the documents only
 * JoinConfiguration is in it; a joining kubelet takes its configuration from the cluster, kubeadm ignores any other.
 */
export function joinDocuments(input: Input & {
  readonly role: 'control-plane' | 'worker';
  readonly discovery: Discovery;
  readonly certificateKey?: string;
}): string {
  const { join = {} } = assemble(input);
  const controlPlane: JsonObject = {
    ...objectAt(join, 'controlPlane'),
    localAPIEndpoint: { advertiseAddress: input.host.address, bindPort: apiPort },
    ...(input.certificateKey ? { certificateKey: input.certificateKey } : {}),
  };
  const document: JsonObject = {
    ...without(join, ['controlPlane', 'discovery']),
    discovery: discoveryOf(input.discovery, textAt(objectAt(join, 'discovery'), 'timeout') ?? '5m0s'),
    // One name for all hosts would be one Node: a name in the Clusterfile's JoinConfiguration cannot count.
    nodeRegistration: registration({ ...objectAt(join, 'nodeRegistration'), name: input.host.node?.nodeName ?? input.host.nodeName }, input, input.role),
    ...(input.role === 'control-plane' ? { controlPlane } : {}),
  };
  return writeDocuments({ join: document }, ['join'], input.image.version);
}

/**
 * What kubeadm would tell a kubelet of its Node today, by `init` or by `join`: the nodeRegistration of that document, and the kubelet's
 * own document.
 */
export function registrationOf(input: Input & { readonly role: 'control-plane' | 'worker'; readonly by: 'init' | 'join' }): { readonly node: JsonObject; readonly kubelet: JsonObject } {
  const { init = {}, join = {}, kubelet = {} } = assemble(input);
  return { node: input.by === 'init' ? objectAt(completeInit(init, input), 'nodeRegistration') : registration(objectAt(join, 'nodeRegistration'), input, input.role), kubelet };
}

function assemble({ cluster, image }: Input): KubeadmDocuments {
  const sources = [builtInDefaults, readDocuments(image.defaults), cluster.kubeadm].map(normalize);
  return pruneFeatureGates(sources.reduce(mergeDocuments), image.version);
}

function completeInit(init: JsonObject, input: Input): JsonObject {
  const given = objectAt(init, 'nodeRegistration');
  const alone = input.cluster.hosts === 1;
  const name = input.host.node?.nodeName ?? textAt(given, 'name') ?? input.host.nodeName;
  return {
    // Tokens and keys are made when a host joins, and end then; what a spec holds would be known for ever.
    ...without(init, ['bootstrapTokens', 'certificateKey']),
    // kubeadm makes one in any case, for a day; it is deleted when init has ended (commands/init.ts), and an init may be cut off.
    bootstrapTokens: [{ ttl: '15m0s' }],
    localAPIEndpoint: { ...objectAt(init, 'localAPIEndpoint'), advertiseAddress: input.host.address },
    // A single host has to run everything.
    nodeRegistration: registration({ ...given, name, ...(alone && !Array.isArray(given['taints']) ? { taints: [] } : {}) }, input, 'control-plane'),
  };
}

/** The runtime's socket is the one that was found on this host, unless the user (not the image) names another. */
function registration(given: JsonObject, { host, cluster }: Input, role: 'control-plane' | 'worker'): JsonObject {
  const criSocket = [cluster.kubeadm.init, cluster.kubeadm.join].map((one) => textAt(objectAt(one, 'nodeRegistration'), 'criSocket')).find(Boolean);
  const args = withLabels(listAt(given, 'kubeletExtraArgs'), host.node?.nodeLabels ?? {});
  return {
    ...given, ...taintsBeside(given, host.node?.nodeTaints ?? [], role),
    criSocket: criSocket ?? host.criSocket, kubeletExtraArgs: host.address === '' ? args : addArgument(args, 'node-ip', host.address),
  };
}

const withLabels = (args: readonly Json[], labels: Readonly<Record<string, string>>): Json[] => (Object.keys(labels).length === 0 ? [...args]
  : [...args.filter((one) => !(isObject(one) && one['name'] === 'node-labels')), { name: 'node-labels', value: labelArgument(argumentValues(args, 'node-labels'), labels) }]);

/** A list of taints takes the place of kubeadm's own, which a control plane keeps beside those of the Policy. */
function taintsBeside(given: JsonObject, taints: readonly string[], role: 'control-plane' | 'worker'): JsonObject {
  if (taints.length === 0) return {};
  const own = role === 'control-plane' ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [];
  return { taints: [...(Array.isArray(given['taints']) ? listAt(given, 'taints') : own), ...asJson(taintsOf(taints))] };
}

function completeCluster(cluster: JsonObject, { cluster: { controlPlanes, controlPlaneEndpoint }, image }: Input): JsonObject {
  const networking = objectAt(cluster, 'networking');
  refuseVipInside(image.vip, networking);
  const apiServer = objectAt(cluster, 'apiServer');
  const names = certSans({
    controlPlanes: controlPlanes.map(({ address }) => address),
    user: listAt(apiServer, 'certSANs').map(String),
    ...(image.vip ? { vip: image.vip } : {}),
    ...(controlPlaneEndpoint ? { controlPlaneEndpoint } : {}),
  });
  return {
    ...(kubeadmApi(image.version) === 'v1beta4' ? { certificateValidityPeriod: longValidity, caCertificateValidityPeriod: longValidity } : {}),
    ...cluster,
    kubernetesVersion: image.version,
    controlPlaneEndpoint: controlPlaneEndpoint ?? `${apiName}:${apiPort}`,
    apiServer: { ...apiServer, certSANs: names },
  };
}

function refuseVipInside(vip: string | undefined, networking: JsonObject): void {
  for (const key of ['podSubnet', 'serviceSubnet']) {
    const ranges = (textAt(networking, key) ?? '').split(',');
    if (!vip || !ranges.some((range) => isInside(vip, range))) continue;
    throw new ClusterError('InvalidSpec', `the image's virtual IP ${vip} lies in ${key} ${ranges.join(',')}`, {
      todo: `Choose another ${key} in ClusterConfiguration.networking.`,
    });
  }
}

function completeKubelet(kubelet: JsonObject, { host, image }: Input): JsonObject {
  const endpoint = minorOf(image.version) >= 27 ? imageEndpoint(image.env ?? {}, image.hasShim) : undefined;
  return {
    ...kubelet,
    // The runtime's driver decides: a kubelet with another one kills its pods.
    cgroupDriver: host.cgroupDriver,
    ...(endpoint ? { imageServiceEndpoint: endpoint.includes('://') ? endpoint : `unix://${endpoint}` } : {}),
  };
}

/** In ipvs mode kube-proxy must leave the virtual IP alone: its rules are not kube-proxy's. */
function completeKubeProxy(kubeProxy: JsonObject, { image }: Input): JsonObject {
  if (kubeProxy['mode'] !== 'ipvs' || !image.vip) return kubeProxy;
  const ipvs = objectAt(kubeProxy, 'ipvs');
  const excluded = listAt(ipvs, 'excludeCIDRs');
  const vip = `${image.vip}/${image.vip.includes(':') ? 128 : 32}`;
  return { ...kubeProxy, ipvs: { ...ipvs, excludeCIDRs: excluded.includes(vip) ? [...excluded] : [...excluded, vip] } };
}

function discoveryOf(discovery: Discovery, timeout: string): JsonObject {
  const way: JsonObject = 'file' in discovery
    ? { file: { kubeConfigPath: discovery.file } }
    : { bootstrapToken: { token: discovery.token, apiServerEndpoint: discovery.apiServer, caCertHashes: [...discovery.caHashes] } };
  return { ...way, tlsBootstrapToken: discovery.token, timeout };
}
