import type { ConfigDocument, JsonObject } from '../cluster';
import { ClusterError } from '../errors';
import { normalAddress } from '../ip-range';
import { type DocumentName, nameOfKind } from '../kubeadm/kinds';
import type { Problem } from '../problem';
import { renderTemplate } from '../template/render';
import type { ClusterDocuments } from './documents';
import { refuseMissing } from './missing-values';
import { readCluster, readConfig } from './read-cluster';
import { endpointOf, readKubeadm } from './read-kubeadm';
import { type FromPolicy, readPolicy } from './read-policy';
import { Report, type TextFile } from './report';
import { readValues } from './values';
import { readSources, type Source } from './yaml-source';

export interface ParseOptions {
  /** Name of the file in errors. */
  readonly file: string;
  /** Files of `--values`, in their order. */
  readonly values?: readonly TextFile[];
  /** Items of `--set`, each `a.b=c`. */
  readonly set?: readonly string[];
  /** Files of `--config-file`: further documents, read after those of the file. */
  readonly extra?: readonly TextFile[];
}

/**
 * Reads a Clusterfile: rendered as a template where it contains `{{` (`.Values` from `--values` and `--set`), then its
 * documents Cluster, Config, Policy and Kubernetes' own. Of two documents of one kind and name the last one counts.
 * Throws ClusterError InvalidSpec whose message lists everything that is wrong, with file and line and what to do; lines
 * are those of the rendered text. Secrets are never in messages.
 */
export function parseClusterfile(text: string, options: ParseOptions): { documents: ClusterDocuments; warnings: Problem[] } {
  const report = new Report();
  const values = { Values: readValues(options.values ?? [], options.set ?? [], report) };
  const files = [{ file: options.file, text }, ...(options.extra ?? [])].flatMap((one) => render(one, values, report));
  const sources = lastOfEach(files.flatMap((one) => readRendered(one, report)), report);
  const documents = assemble(sources, options.file, report);
  const warnings = report.finish();
  // finish() has thrown where there is no Cluster document.
  if (!documents) throw new ClusterError('InvalidSpec', `${options.file}: there is no Cluster document`);
  return { documents, warnings };
}

/**
 * The file as it is read: templates rendered, the documents of `--config-file` behind its own. What parseClusterfile()
 * reads without any values as the same documents; braces that stand in it are text.
 */
export function renderedClusterfile(text: string, options: ParseOptions): string {
  const report = new Report();
  const values = { Values: readValues(options.values ?? [], options.set ?? [], report) };
  const parts = [{ file: options.file, text }, ...(options.extra ?? [])].flatMap((one) => render(one, values, report));
  report.finish();
  return parts.reduce((all, { text: part }) => {
    if (all === '') return part;
    return `${all.endsWith('\n') ? all : `${all}\n`}${/^---(\s|$)/m.test(part.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '') ? part : `---\n${part}`}`;
  }, '');
}

interface Rendered extends TextFile {
  /** Actions that had no value. */
  readonly missing: readonly string[];
}

function render(source: TextFile, values: JsonObject, report: Report): Rendered[] {
  try {
    const missing: string[] = [];
    const text = renderTemplate(source.text, values, { file: source.file, errorType: 'InvalidSpec', onMissing: (action) => missing.push(action) });
    return [{ file: source.file, text, missing }];
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const [, where = source.file, message = error.message] = /^(\S+:\d+): ([\s\S]*)$/.exec(error.message) ?? [];
    report.error(where, message, 'Text with {{ }} is a template; {{ "{{" }} prints braces.');
    return [];
  }
}

function readRendered(file: Rendered, report: Report): Source[] {
  const sources = readSources(file, report);
  for (const source of sources) refuseMissing(source, file.missing, report);
  return sources;
}

type Kind = 'Cluster' | 'Config' | 'Policy' | DocumentName;
interface Known {
  readonly kind: Kind;
  readonly source: Source;
}

function kindOf({ value }: Source): Kind | undefined {
  const group = typeof value['apiVersion'] === 'string' ? value['apiVersion'].split('/')[0] : '';
  if ((value['kind'] === 'Cluster' || value['kind'] === 'Config') && group === 'apps.sealos.io') return value['kind'];
  if (value['kind'] === 'Policy' && group === 'keelson.dev') return 'Policy';
  return nameOfKind(value['kind']);
}

/** The documents that are known, one of each kind and name: the last one, with a warning. */
function lastOfEach(sources: readonly Source[], report: Report): Known[] {
  const found = new Map<string, Known>();
  for (const source of sources) {
    const kind = kindOf(source);
    const { kind: word, apiVersion, metadata } = source.value;
    if (!kind) {
      report.warning(source.at(), `an unknown document is ignored (kind ${label(word)}, apiVersion ${label(apiVersion)})`);
      continue;
    }
    const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata && (kind === 'Cluster' || kind === 'Config') ? label(metadata.name) : '';
    const key = `${kind} ${name}`;
    const before = found.get(key);
    if (before) report.warning(source.at(), `${label(word)}${name === '' ? '' : ` ${name}`} is there twice; this one counts, the one at ${before.source.at()} is ignored`);
    found.delete(key);
    found.set(key, { kind, source });
  }
  return [...found.values()];
}

const label = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? 'missing' : JSON.stringify(value));

function assemble(known: readonly Known[], file: string, report: Report): ClusterDocuments | undefined {
  const clusters = known.filter(({ kind }) => kind === 'Cluster');
  // A text that is no YAML may well hold one.
  if (clusters.length === 0 && !report.hasErrors) report.error(file, 'there is no Cluster document', 'Write one with apiVersion apps.sealos.io/v1beta1 and kind Cluster.');
  for (const { source } of clusters.slice(1)) report.error(source.at(), 'a second cluster', 'One file describes one cluster.');
  const [cluster] = clusters.map(({ source }) => readCluster(source, report));

  const configs: ConfigDocument[] = [];
  const kubeadm: { -readonly [Name in DocumentName]?: JsonObject } = {};
  let policy: FromPolicy = { policy: {}, nodeNames: new Map() };
  for (const { kind, source } of known) {
    if (kind === 'Cluster') continue;
    if (kind === 'Config') configs.push(...[readConfig(source, report)].filter((one) => one !== undefined));
    else if (kind === 'Policy') policy = readPolicy(source, report) ?? policy;
    else kubeadm[kind] = readKubeadm(kind, source, report) ?? {};
  }
  if (!cluster) return undefined;
  const endpoint = policy.controlPlaneEndpoint ?? endpointOf(kubeadm);
  const hosts = withNodeNames(cluster.hosts, policy.nodeNames, file, report);
  return { ...cluster, hosts, configs, kubeadm, policy: policy.policy, ...(endpoint === undefined ? {} : { controlPlaneEndpoint: endpoint }) };
}

function withNodeNames(hosts: ClusterDocuments['hosts'], names: FromPolicy['nodeNames'], file: string, report: Report): ClusterDocuments['hosts'] {
  const addresses = new Set(hosts.map(({ address }) => normalAddress(address)));
  for (const address of names.keys()) if (!addresses.has(address)) report.warning(file, `Policy nodeNames: ${address} is no host of the cluster`);
  return hosts.map((host) => {
    const nodeName = names.get(normalAddress(host.address));
    return nodeName === undefined ? host : { ...host, nodeName };
  });
}
