import { apiPlace, registryPlace } from './api-place';
import { type ClusterSpec, controlPlanes, type Host, isControlPlane, registryHosts } from './cluster';
import { digestOf } from './digest';
import type { ErrorType } from './errors';
import type { HostFacts } from './facts';
import type { ImageFacts } from './images';
import { marks } from './marks';
import { placesOf } from './places';
import type { Problem } from './problem';
import { partsOn, wantedSettings } from './settings';

export interface AdoptInput {
  readonly spec: ClusterSpec;
  /** The spec as the copy on the hosts has it, where its secrets had to be given anew: marks of the one become marks of the other. */
  readonly before?: ClusterSpec;
  /** From a copy of the state the cluster is ours, and hosts bear our claim; otherwise somebody else has made it. */
  readonly ours: boolean;
  readonly facts: readonly HostFacts[];
  readonly images: readonly ImageFacts[];
  /** The identity that hosts without a claim get. */
  readonly uid: string;
}

export interface Adoption {
  /** The cluster's identity: that of the claims, where there are any. */
  readonly uid: string;
  readonly leader: string;
  /** For each host what is to be written on it. */
  readonly hosts: readonly { readonly host: string; readonly claim: boolean; readonly marks: readonly string[] }[];
  /** What was recognised, a line for each host. */
  readonly found: readonly string[];
  /** The hosts as they will look with what is written on them: what the plan is made from. */
  readonly facts: readonly HostFacts[];
  readonly problems: readonly Problem[];
  /** Over all that is written: what a person said yes to is what is done. */
  readonly hash: string;
}

/**
 * What of a cluster is there already, from a look at its hosts: a host that has joined at the images' version needs no
 * work, whoever did it. Pure; decides what claim and marks are written, and nothing else ever is.
 */
export function recogniseCluster(input: AdoptInput): Adoption {
  const { spec, facts, images, ours } = input;
  const seen = new Map(facts.map((one) => [one.host, one]));
  const claims = facts.flatMap(({ claim }) => (claim ? [claim] : []));
  const uid = ours ? input.uid : (claims.find(({ cluster }) => cluster === spec.name)?.uid ?? input.uid);
  const version = images.find(({ kind }) => kind === 'rootfs')?.version ?? '';
  const living = controlPlanes(spec).filter(({ id }) => seen.get(id)?.apiReady === true);
  const leader = living[0]?.id ?? controlPlanes(spec)[0]?.id ?? '';
  const problems = [
    ...spec.hosts.flatMap((host) => hostProblems(host, seen.get(host.id), { uid, version, ours, mount: marks.mount(spec, images, host, leader) })),
    ...(living.length > 0 ? [] : [problem('UnsafePlan', undefined, 'no control plane has an API server that answers: there is no living cluster to adopt', 'bring one of its control planes up first')]),
    ...(version === '' ? [problem('InvalidSpec', undefined, 'none of the images is Kubernetes itself', 'name the image that the cluster was made from first')] : []),
  ];
  const deserved = new Map(spec.hosts.map((host) => [host.id, marksFor({ ...input, leader, version }, host, seen.get(host.id))]));
  const hosts = spec.hosts.flatMap(({ id }) => {
    const one = seen.get(id);
    if (!one?.reachable) return [];
    const missing = (deserved.get(id) ?? []).filter((mark) => !one.done.includes(mark));
    const claim = !one.claim && !ours && one.joined;
    return claim || missing.length > 0 ? [{ host: id, claim, marks: missing }] : [];
  });
  return {
    uid, leader, hosts, problems,
    found: spec.hosts.map((host) => describeHost(host, seen.get(host.id), deserved.get(host.id) ?? [])),
    facts: facts.map((one) => after(one, { cluster: spec.name, uid }, hosts.find(({ host }) => host === one.host))),
    hash: digestOf({ uid, hosts }),
  };
}

/** The host as it will look. What stood there without our mark is ours then. */
function after(facts: HostFacts, claim: NonNullable<HostFacts['claim']>, written: Adoption['hosts'][number] | undefined): HostFacts {
  if (!written) return facts;
  const { foreign: _ours, runtimes: _too, ...rest } = facts;
  return { ...rest, claim, done: [...new Set([...facts.done, ...written.marks])] };
}

const problem = (type: ErrorType, host: string | undefined, message: string, todo: string, severity: Problem['severity'] = 'error'): Problem =>
  ({ severity, type, message, todo, ...(host ? { host } : {}) });

function hostProblems(host: Host, facts: HostFacts | undefined, { uid, version, ours, mount }: { uid: string; version: string; ours: boolean; mount: string }): Problem[] {
  const { id } = host;
  if (!facts?.reachable) {
    const why = facts?.problem?.message ?? 'it was not looked at';
    return ours
      ? [problem('HostUnreachable', id, `it cannot be reached (${why}) and is taken over as it was`, 'look at it when it is back', 'warning')]
      : [problem('HostUnreachable', id, `it cannot be reached, so what it is cannot be recognised: ${why}`, 'bring it up, or take it out of the file')];
  }
  if (facts.claim && facts.claim.uid !== uid) return [problem('HostClaimed', id, `it belongs to cluster ${facts.claim.cluster} (${facts.claim.uid})`, 'name the hosts of one cluster')];
  if (!ours && facts.claim && facts.done.some((mark) => mark.startsWith('mount:')) && !facts.done.includes(mount)) {
    return [problem('UnsafePlan', id, `Keelson has made cluster ${facts.claim.cluster} on it, from other images or settings than the file says`,
      `take it over from its own copy: keelson adopt --masters ${id}; then apply the file`)];
  }
  if (ours && !facts.claim) return [problem('HostClaimed', id, 'it does not bear the claim of this cluster', 'it was reset or replaced: it joins anew with the next apply', 'warning')];
  if (!facts.joined) return ours ? [] : [problem('UnsafePlan', id, 'it has not joined a cluster; the next apply will join it', 'take it out of the file if it shall not join', 'warning')];
  const problems: Problem[] = [];
  if (facts.controlPlane !== isControlPlane(host)) {
    problems.push(problem('UnsafePlan', id, `it is a ${facts.controlPlane ? 'control plane' : 'worker'}, and the file says ${isControlPlane(host) ? 'master' : 'node'}`, 'give it the role that it has'));
  }
  if (version !== '' && facts.kubeletVersion !== version) {
    const differs = `its kubelet is ${facts.kubeletVersion ?? 'of an unknown version'}, the image is ${version}`;
    // Our own copy may be of before an upgrade that was cut off with the Temporal server, or a worker was left out of one.
    problems.push(ours
      ? problem('UnsafePlan', id, `${differs}: an upgrade has not reached all hosts`, 'take the cluster over as it is; then apply the newer of the two images, and the upgrade goes on', 'warning')
      : problem('UnsafePlan', id, differs, 'name the image that the cluster runs now; upgrade it afterwards'));
  }
  return problems;
}

/** The marks of the steps whose effect is there. */
function marksFor({ spec, before, ours, images, leader, version }: AdoptInput & { leader: string; version: string }, host: Host, facts: HostFacts | undefined): string[] {
  if (!facts?.reachable || !facts.joined || facts.kubeletVersion !== version || facts.controlPlane !== isControlPlane(host)) return [];
  const mount = marks.mount(spec, images, host, leader);
  if (ours) return before && facts.claim && facts.done.includes(marks.mount(before, images, host, leader)) ? [mount] : [];
  const isRegistry = registryHosts(spec, leader).some(({ id }) => id === host.id);
  const guests = images.filter(({ commands, kind }) => commands > 0 && (kind !== 'application' || host.id === leader));
  return [
    ...(hasFiles(facts, spec.name) ? [mount] : []),
    ...(isRegistry && serves(facts, placesOf(spec, host).registryPort) ? [marks.registry(images)] : []),
    marks.prepared,
    marks.names(registryPlace(spec, leader), apiPlace(spec, { host, leader, images })),
    host.id === leader ? marks.init : isControlPlane(host) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(spec)),
    ...guests.map(({ digest }) => marks.guest(digest)),
    // Of what a file says nothing the cluster keeps what it has; what it does say comes with the next apply.
    ...partsOn(host).filter((part) => Object.keys(wantedSettings(part, spec.kubeadm)).length === 0).map((part) => marks.settings(part, spec.kubeadm)),
  ];
}

/** The images' files, in the folder that the image contract names after the cluster. */
const hasFiles = ({ foreign = '', claim, done }: HostFacts, name: string): boolean =>
  foreign.split('; ').includes(`sealos data of cluster ${name}`) || (claim !== undefined && done.some((mark) => mark.startsWith('mount:')));
const serves = ({ busyPorts = [] }: HostFacts, registryPort: number): boolean => busyPorts.some(({ port }) => port === registryPort);

function describeHost(host: Host, facts: HostFacts | undefined, deserved: readonly string[]): string {
  if (!facts?.reachable) return `${host.id}: not reached`;
  if (!facts.joined) return `${host.id}: has not joined a cluster`;
  const has = (prefix: string): boolean => [...deserved, ...facts.done].some((mark) => mark.startsWith(prefix));
  return [
    `${host.id}: ${facts.controlPlane ? 'control plane' : 'worker'}`, facts.kubeletVersion ?? 'unknown version',
    ...(facts.controlPlane ? [facts.apiReady ? 'API ready' : 'API does not answer'] : []),
    has('mount:') ? "the images' files" : "no files of the images", ...(has('registry:') ? ['serves the registry'] : []),
    ...(has('guest:') ? ['commands of images have run'] : []),
  ].join(', ');
}
