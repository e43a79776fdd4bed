import type { ClusterSpec, Json, JsonObject, KubeadmDocuments } from '../cluster';
import { durationPattern, parseDuration } from '../clusterfile/duration';
import { apiName, apiPort } from '../host-paths';
import { normalAddress } from '../ip-range';
import type { Problem } from '../problem';
import { builtInDefaults } from './defaults';
import { isObject, valueAt } from './json';
import { type DocumentName, kinds } from './kinds';

/** Fixed settings by their place, e.g. `ClusterConfiguration.networking.podSubnet`; a null takes a default away. */
export type FixedSettings = Readonly<Record<string, string | null>>;

interface Field {
  readonly document: DocumentName;
  readonly path: readonly string[];
  /** What kubeadm makes of it where nobody names it; absent: then nothing is compared. */
  readonly own?: string;
  /** Where the running configuration does not have it: '' means that there is none; absent: nobody knows, nothing is compared. */
  readonly missing?: '';
  /** Why it cannot be changed where the cluster runs. */
  readonly why: string;
}

const networks = 'Nodes, pods and Services have addresses from it';
const newCertificates = 'it stands in certificates that are there already';
const cluster = (path: string, why: string, more: Pick<Field, 'own' | 'missing'> = {}): Field => ({ document: 'cluster', path: path.split('.'), why, ...more });

/**
 * What a cluster keeps from its first day to its last. Everything else of the documents can be changed while it runs.
 *
 * Not among them: `clusterDNS` of the kubelet (a cache on each node takes it over) and its `cgroupDriver`, which always is
 * that of the host's container runtime. kube-proxy's mode is: the one mode leaves the rules of the other in the kernel of
 * every host, where they go on sending requests to pods that are gone.
 */
const fields: readonly Field[] = [
  cluster('networking.podSubnet', networks, { own: '', missing: '' }),
  cluster('networking.serviceSubnet', networks, { own: '10.96.0.0/12' }),
  cluster('networking.dnsDomain', 'Services and certificates have names in it', { own: 'cluster.local' }),
  cluster('clusterName', 'kubeconfigs and clouds know the cluster by it', { own: 'kubernetes' }),
  cluster('controlPlaneEndpoint', 'every kubelet and kubeconfig reaches the API through it'),
  cluster('certificatesDir', 'the certificates lie there', { own: '/etc/kubernetes/pki' }),
  cluster('caCertificateValidityPeriod', 'the CAs were made for that long'),
  cluster('encryptionAlgorithm', "the CAs' keys are of that kind", { own: 'RSA-2048' }),
  cluster('etcd.local.dataDir', "etcd's data lies there", { own: '/var/lib/etcd' }),
  cluster('etcd.local.serverCertSANs', newCertificates, { own: '', missing: '' }),
  cluster('etcd.local.peerCertSANs', newCertificates, { own: '', missing: '' }),
  cluster('etcd.external.endpoints', "the cluster's data lies there", { own: '', missing: '' }),
  { document: 'kubelet', path: ['clusterDomain'], why: "it is the domain of the cluster's DNS" },
  { document: 'kubelet', path: ['staticPodPath'], own: '/etc/kubernetes/manifests', why: 'the control plane runs from there' },
  { document: 'kubeProxy', path: ['mode'], own: 'iptables', why: 'the rules of the other mode would stay on every host and send requests to pods that are gone' },
];

const placeOf = ({ document, path }: Field): string => [kinds[document], ...path].join('.');

/** The fixed settings that documents name. */
export function namedFixed(documents: KubeadmDocuments): FixedSettings {
  const found = fields.flatMap((field): [string, string | null][] => {
    const value = valueAt(documents[field.document], field.path);
    return value === undefined ? [] : [[placeOf(field), value === null ? null : normal(value)]];
  });
  return Object.fromEntries(found);
}

/** A ClusterConfiguration with what a running cluster keeps for good as that one has it. */
export const keepFixed = (configuration: JsonObject, running: JsonObject): JsonObject =>
  fields.filter(({ document }) => document === 'cluster').reduce((kept, { path, missing }) => {
    const value = valueAt(running, path);
    return value === undefined && missing === undefined ? kept : withValue(kept, path, value);
  }, configuration);

/** A document without what a cluster keeps for good: what is left can be changed while it runs. */
export const withoutFixed = (document: DocumentName, value: JsonObject): JsonObject =>
  fields.filter((one) => one.document === document).reduce((rest, { path }) => withValue(rest, path, undefined), value);

/** The object with another value at a place; undefined takes it away, and with it what became empty. */
function withValue(object: JsonObject, [key = '', ...rest]: readonly string[], value: Json | undefined): JsonObject {
  const { [key]: before, ...others } = object;
  const inner = rest.length === 0 ? value : withValue(isObject(before) ? before : {}, rest, value);
  return inner === undefined || (rest.length > 0 && isObject(inner) && Object.keys(inner).length === 0) ? others : { ...others, [key]: inner };
}

/** One form for what means the same: order and spaces in lists, how a duration or an address is written. */
function normal(value: Json): string {
  if (Array.isArray(value)) return [...(value as readonly Json[])].map(normal).sort().join(',');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.split(',').map((part) => normalWord(part.trim())).join(',');
}

function normalWord(word: string): string {
  if (durationPattern.test(word)) return `${parseDuration(word) / 3_600_000}h`;
  const [, address, bits] = /^([\da-f.:]+)(\/\d+)$/i.exec(word) ?? [];
  return address ? `${normalAddress(address)}${bits ?? ''}` : word;
}

export interface FixedLook {
  readonly spec: Pick<ClusterSpec, 'kubeadm' | 'controlPlaneEndpoint'>;
  /** What the image's own etc/kubeadm.yml names. */
  readonly image?: FixedSettings | undefined;
  /** What the cluster runs; absent when there is none, or when nobody knows. */
  readonly running?: FixedSettings | undefined;
}

/**
 * What the spec wants otherwise than the cluster runs it, of what cannot be changed in a cluster that runs. A value that it
 * names is refused, unless it is the one that runs, whether that came from a default or not. One that it leaves out stays
 * as it runs, and where the default is another one a warning says so.
 */
export function fixedProblems({ spec, image = {}, running }: FixedLook): Problem[] {
  if (!running) return [];
  const named: FixedSettings = { ...namedFixed(spec.kubeadm), ...(spec.controlPlaneEndpoint === undefined ? {} : { [endpoint]: spec.controlPlaneEndpoint }) };
  const defaults: FixedSettings = { [endpoint]: `${apiName}:${apiPort}`, ...namedFixed(builtInDefaults), ...image };
  return fields.flatMap((field): Problem[] => {
    const place = placeOf(field);
    const said = [named[place], defaults[place]].find((value) => value !== undefined);
    const wanted = said ?? (isElsewhere(field, named) ? undefined : field.own);
    const there = running[place] ?? field.missing;
    if (wanted === undefined || there === undefined || same(field, wanted, there)) return [];
    return [place in named ? refusal(field, there, wanted) : stays(field, there, wanted)];
  });
}

const endpoint = 'ClusterConfiguration.controlPlaneEndpoint';

/** etcd that runs outside has no folder of its own here. */
const isElsewhere = ({ path }: Field, named: FixedSettings): boolean => path.join('.') === 'etcd.local.dataDir' && Boolean(named['ClusterConfiguration.etcd.external.endpoints']);

function same({ path }: Field, one: string, other: string): boolean {
  switch (path.at(-1)) {
    case 'controlPlaneEndpoint': return withPort(one) === withPort(other);
    case 'mode': return (one || 'iptables') === (other || 'iptables');
    default: return one === other;
  }
}
const withPort = (endpoint: string): string => (/:\d+$/.test(endpoint) ? endpoint : `${endpoint}:${apiPort}`).toLowerCase();

const shown = (value: string): string => value || 'empty';

function refusal(field: Field, there: string, wanted: string): Problem {
  const name = field.path.at(-1) ?? '';
  return {
    severity: 'error', type: 'UnsafePlan', where: placeOf(field),
    message: `${placeOf(field)} is ${shown(there)} in the cluster that runs and cannot become ${shown(wanted)}: ${field.why}`,
    todo: `${there === '' ? `leave ${name} out` : `write ${name}: ${there}`}, or make a new cluster`,
  };
}

const stays = (field: Field, there: string, wanted: string): Problem => ({
  severity: 'warning', type: 'UnsafePlan', where: placeOf(field),
  message: `${placeOf(field)} stays ${shown(there)}, as the cluster runs it: it is left out, and its default, ${shown(wanted)}, counts for new clusters only`,
  ...(there === '' ? {} : { todo: `write ${field.path.at(-1) ?? ''}: ${there}` }),
});
