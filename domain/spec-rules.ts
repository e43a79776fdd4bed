import type { ClusterSpec, ConfigDocument, EnvEntry, Host } from './cluster';
import { controlPlanes, isControlPlane, longestDrainMs } from './cluster';
import { durationOf } from './clusterfile/duration';
import { isSystemName } from './env';
import { apiPort } from './host-paths';
import type { ImageFacts } from './images';
import { isAddress, isInside, isLoopback, normalAddress, overlaps, rangeOf } from './ip-range';
import { isObject, objectAt } from './kubeadm/json';
import { effectiveNetworks } from './kubeadm/networks';
import { labelFault, parseTaint } from './node-settings';
import type { Problem } from './problem';

/** A cluster's name: part of paths and of workflow ids. */
export const clusterName = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

/** What a rootfs image adds to the checks of networks, once it is known. */
export type NetworkFacts = Pick<ImageFacts, 'vip' | 'podSubnet' | 'serviceSubnet' | 'apiBalancer' | 'fixed'>;

/**
 * Everything about a spec that is wrong by itself, before a host or an image is looked at (with the rootfs image's facts:
 * its networks too). Never throws; the order is that of the spec.
 */
export function specProblems(spec: ClusterSpec, image: NetworkFacts = {}): Problem[] {
  return [
    ...nameProblems(spec), ...imageProblems(spec), ...memberProblems(spec), ...spec.hosts.flatMap((host) => hostProblems(host, spec)),
    ...duplicateProblems(spec.hosts), ...networkProblems(spec, image), ...etcdProblems(spec, image), ...endpointProblems(spec),
    ...envProblems(spec.env, { where: 'spec.env' }), ...spec.configs.flatMap((config) => configProblems(config, spec)), ...policyProblems(spec),
  ];
}

/** The same, as far as it can be told of what is added to a cluster that may be there already: what is missing may be there. */
export function additionProblems(spec: ClusterSpec): Problem[] {
  return [
    ...nameProblems(spec), ...(spec.images.length > 0 ? imageProblems(spec) : []), ...hostListProblems(spec.hosts),
    ...envProblems(spec.env, { where: 'spec.env' }), ...besideProblems(spec), ...policyProblems(spec),
  ];
}

/** The same, as far as it can be told from what stands beside a Cluster document that cannot be read itself. */
export function besideProblems(beside: Pick<ClusterSpec, 'kubeadm' | 'configs' | 'controlPlaneEndpoint'>): Problem[] {
  return [...networkProblems({ ...beside, hosts: [] }, {}), ...etcdProblems(beside, {}), ...endpointProblems(beside), ...beside.configs.flatMap(pathProblems)];
}

type Said = Omit<Problem, 'severity' | 'type'>;
const error = (said: Said): Problem => ({ severity: 'error', type: 'InvalidSpec', ...said });
const warning = (said: Said): Problem => ({ severity: 'warning', type: 'InvalidSpec', ...said });

const nameProblems = ({ name }: ClusterSpec): Problem[] => (clusterName.test(name) ? [] : [error({
  where: 'metadata.name', message: `${JSON.stringify(name)} is no name for a cluster`,
  todo: 'Use at most 40 small letters, digits and dashes, a letter or digit first and last.',
})]);

function imageProblems({ images }: ClusterSpec): Problem[] {
  if (images.length === 0) return [error({ where: 'spec.image', message: 'there is no image', todo: 'Name a Kubernetes image first of all.' })];
  return images.flatMap((ref, at) => {
    const where = `spec.image[${at}]`;
    if (!/^[^\s\p{Cc}]+$/u.test(ref)) return [error({ where, message: `${JSON.stringify(ref)} is no image reference` })];
    return images.indexOf(ref) < at ? [warning({ where, message: `${ref} is there twice; it is used once` })] : [];
  });
}

function memberProblems(spec: ClusterSpec): Problem[] {
  const count = controlPlanes(spec).length;
  if (count === 0) return [error({ where: 'spec.hosts', message: 'there is no control plane', todo: 'Give at least one host the role master (--masters).' })];
  if (count % 2 === 1) return [];
  return [warning({
    where: 'spec.hosts', message: `${count} control planes survive no more failures than ${count - 1}: etcd needs more than half of them`,
    todo: `Use ${count - 1} or ${count + 1} control planes.`,
  })];
}

/** What is wrong with the address of a host, known without anything else of the spec. */
export function addressProblems(address: string): Problem[] {
  const about = { host: address };
  if (!isAddress(address)) return [error({ ...about, message: `${JSON.stringify(address)} is no IP address`, todo: 'Hosts are named by address.' })];
  if (isLoopback(address)) return [error({ ...about, message: `${address} is no address that other hosts can reach`, todo: 'Use the address of its network interface.' })];
  return address.includes(':') ? [warning({ ...about, message: 'clusters over IPv6 are not tested' })] : [];
}

function hostProblems(host: Host, spec: ClusterSpec): Problem[] {
  const about = { host: host.id };
  const problems: Problem[] = [...envProblems(host.env, { ...about, where: 'env' })];
  problems.push(...addressProblems(host.address));
  if (!isPort(host.port)) problems.push(error({ ...about, message: `${host.port} is no port` }));
  if (!spec.credentials[host.credential]) problems.push(error({ ...about, message: `there are no credentials ${JSON.stringify(host.credential)}` }));
  const [master, node] = [host.roles.includes('master'), host.roles.includes('node')];
  if (master === node) problems.push(error({ ...about, where: 'roles', message: master ? 'the host is master and node' : 'the host is neither master nor node', todo: 'Give it one of the two roles.' }));
  if (host.nodeName !== undefined && !/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(host.nodeName)) problems.push(error({ ...about, where: 'nodeName', message: `${JSON.stringify(host.nodeName)} is no name for a Node` }));
  for (const [word, value] of Object.entries(host.nodeLabels ?? {})) {
    const fault = labelFault(word, value);
    if (fault) problems.push(error({ ...about, where: 'nodeLabels', message: `${JSON.stringify(`${word}=${value}`)} ${fault}`, todo: 'Name it as example.com/name: value; others are given with kubectl label.' }));
  }
  for (const text of host.nodeTaints ?? []) {
    if (!parseTaint(text)) problems.push(error({ ...about, where: 'nodeTaints', message: `${JSON.stringify(text)} is no taint`, todo: 'Write it as key=value:NoSchedule (or PreferNoSchedule, NoExecute).' }));
  }
  return problems;
}

/** What is wrong with a list of hosts by itself: their addresses, and those that are there twice. */
export const hostListProblems = (hosts: readonly Listed[]): Problem[] => [...hosts.flatMap(({ address }) => addressProblems(address)), ...duplicateProblems(hosts)];

type Listed = Pick<Host, 'id' | 'address' | 'roles' | 'nodeName'>;

function duplicateProblems(hosts: readonly Listed[]): Problem[] {
  const problems: Problem[] = [];
  const addresses = new Map<string, Listed>();
  const names = new Map<string, Listed>();
  for (const host of hosts) {
    const address = normalAddress(host.address);
    const twin = addresses.get(address);
    if (twin) {
      const both = isControlPlane(twin) !== isControlPlane(host) ? ', once as master and once as node' : '';
      problems.push(error({ host: host.id, message: `${host.address} is there twice${both}`, todo: 'Name each host once.' }));
    }
    addresses.set(address, host);
    const namesake = host.nodeName === undefined ? undefined : names.get(host.nodeName);
    if (namesake) problems.push(error({ host: host.id, where: 'nodeName', message: `its node name ${host.nodeName ?? ''} is also that of ${namesake.id}` }));
    if (host.nodeName !== undefined) names.set(host.nodeName, host);
  }
  return problems;
}

/** The smallest mask that kube-apiserver takes for the addresses of services. */
const widestServices = { ipv4: 12, ipv6: 108 };

function networkProblems(spec: Pick<ClusterSpec, 'kubeadm' | 'hosts'>, image: NetworkFacts): Problem[] {
  const networks = effectiveNetworks({ kubeadm: spec.kubeadm, image: { ...(image.podSubnet ? { podSubnet: image.podSubnet } : {}), ...(image.serviceSubnet ? { serviceSubnet: image.serviceSubnet } : {}) } });
  const field = 'ClusterConfiguration.networking';
  const named = (['podSubnet', 'serviceSubnet'] as const).flatMap((key) => networks[key].split(',').map((cidr) => ({ key, cidr: cidr.trim(), where: `${field}.${key}` })));
  const sound = named.filter(({ cidr }) => rangeOf(cidr));
  const problems = named.filter((one) => !sound.includes(one)).map(({ cidr, where }) => error({ where, message: `${JSON.stringify(cidr)} is no range of addresses`, todo: 'Write it as 10.1.0.0/16.' }));
  for (const { cidr, where, key } of sound) {
    const todo = `Choose another networking.${key} in a ClusterConfiguration (in the Clusterfile, or with --config-file).`;
    for (const { id, address } of spec.hosts) if (isInside(address, cidr)) problems.push(error({ host: id, message: `its address lies in the ${key} ${cidr}`, todo }));
    // An image with a balancer of its own makes no use of a virtual IP, whatever its label says.
    if (image.vip && !image.apiBalancer && isInside(image.vip, cidr)) problems.push(error({ where, message: `the image's virtual IP ${image.vip} lies in the ${key} ${cidr}`, todo }));
    const bits = rangeOf(cidr)?.[1] ?? 0;
    if (key === 'serviceSubnet' && bits < (cidr.includes(':') ? widestServices.ipv6 : widestServices.ipv4)) problems.push(error({ where, message: `${cidr} is too wide for services`, todo: 'Kubernetes takes /12 at most (IPv6: /108).' }));
  }
  sound.forEach((one, at) => sound.slice(at + 1).forEach((other) => {
    if (overlaps(one.cidr, other.cidr)) problems.push(error({ where: field, message: `${one.key} ${one.cidr} and ${other.key} ${other.cidr} overlap`, todo: 'Choose ranges apart.' }));
  }));
  return problems;
}

/** etcd runs on the control planes: its members are counted, watched and saved there. A cluster that keeps its data elsewhere would never be ready. */
function etcdProblems({ kubeadm }: Pick<ClusterSpec, 'kubeadm'>, { fixed = {} }: Pick<NetworkFacts, 'fixed'>): Problem[] {
  const where = 'ClusterConfiguration.etcd.external';
  const message = 'an etcd outside of the cluster is not supported: etcd runs on the control planes';
  const { local, external } = objectAt(kubeadm.cluster, 'etcd');
  if (isObject(external)) return [error({ where, message, todo: 'Leave etcd.external out.' })];
  // What the image says of it is dropped where the spec has a local one.
  if (isObject(local) || !fixed[`${where}.endpoints`]) return [];
  return [error({ where, message: `the Kubernetes image asks for it, and ${message}`, todo: 'Give `etcd: {local: {}}` in a ClusterConfiguration (in the Clusterfile, or with --config-file), or use another image.' })];
}

function endpointProblems(spec: Pick<ClusterSpec, 'kubeadm' | 'controlPlaneEndpoint'>): Problem[] {
  const problems: Problem[] = [];
  if (spec.controlPlaneEndpoint !== undefined && !isEndpoint(spec.controlPlaneEndpoint)) {
    problems.push(error({ where: 'controlPlaneEndpoint', message: `${JSON.stringify(spec.controlPlaneEndpoint)} is no host:port`, todo: 'Write it as api.example.com:6443.' }));
  }
  for (const document of ['init', 'join'] as const) {
    const part = document === 'join' ? objectAt(spec.kubeadm.join, 'controlPlane') : spec.kubeadm.init;
    const port = objectAt(part, 'localAPIEndpoint')['bindPort'];
    if (port !== undefined && port !== apiPort) problems.push(error({ where: `${document === 'join' ? 'JoinConfiguration.controlPlane' : 'InitConfiguration'}.localAPIEndpoint.bindPort`, message: `the API server listens at ${apiPort}, not at ${String(port)}`, todo: 'Leave bindPort out.' }));
  }
  return problems;
}

/** `host:port`: a name, an IPv4 address, or an IPv6 address in brackets. */
function isEndpoint(text: string): boolean {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  if (!isPort(Number(port))) return false;
  if (host.startsWith('[')) return host.includes(':') && isAddress(host.slice(1, -1));
  return /^[\d.]+$/.test(host) ? isAddress(host) : /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i.test(host);
}

/** Whether it is a number of a port. */
export const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;

function envProblems(entries: readonly EnvEntry[], at: { where: string; host?: string }): Problem[] {
  return entries.flatMap(({ name }) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return [error({ ...at, where: `${at.where}.${name}`, message: `${JSON.stringify(name)} is no name of a variable`, todo: 'Use letters, digits and _, no digit first.' })];
    return isSystemName(name) ? [warning({ ...at, message: `${name} is set by Keelson itself; this value is ignored` })] : [];
  });
}

function configProblems(config: ConfigDocument, spec: ClusterSpec): Problem[] {
  if (config.match === undefined || spec.images.includes(config.match)) return pathProblems(config);
  return [...pathProblems(config), warning({
    where: `Config ${config.name}`, message: `it matches no image: ${config.match} is not in spec.image`, todo: 'match is compared word for word.',
  })];
}

function pathProblems({ name, path }: ConfigDocument): Problem[] {
  const isInRoot = path !== '' && !path.startsWith('/') && !/\p{Cc}/u.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return isInRoot ? [] : [error({
    where: `Config ${name}`, message: `its path ${JSON.stringify(path)} is no file below the root of an image`, todo: 'Write it as etc/registry.yml, without .. in it.',
  })];
}

function policyProblems({ policy }: ClusterSpec): Problem[] {
  const wrong = Object.entries({ parallel: policy.parallel >= 1, maxClockSkewMs: policy.maxClockSkewMs >= 0, parkRetry: isObject(policy.parkRetry) && policy.parkRetry.times >= 0 && policy.parkRetry.firstMs >= 0 && policy.parkRetry.factor >= 1 });
  const small = wrong.filter(([, sound]) => !sound).map(([key]) => error({ where: `Policy ${key}`, message: 'the number is too small' }));
  if (policy.drain.timeoutMs <= longestDrainMs) return small;
  return [...small, error({ where: 'Policy drain.timeout', message: `it is longer than ${durationOf(longestDrainMs)}`, todo: 'A drain that is blocked asks a person when it is over; give a shorter one.' })];
}
