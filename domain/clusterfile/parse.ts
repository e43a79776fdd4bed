import type { JsonObject } from '../cluster';
import { ClusterError } from '../errors';
import type { Problem } from '../problem';
import { renderTemplate } from '../template/render';
import { readBeside, strangerProblems, withNodes } from './beside';
import type { ClusterDocuments, DocumentsBeside } from './documents';
import { type Known, knownDocuments } from './known-documents';
import { type Locate, locator } from './locate';
import { refuseMissing } from './missing-values';
import { readCluster } from './read-cluster';
import { Report, type TextFile, withoutErrors } from './report';
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

/** A Clusterfile as far as it can be read. */
export interface Reading {
  /** Absent without a Cluster document, and where its form is wrong. */
  readonly documents?: ClusterDocuments;
  readonly beside: DocumentsBeside;
  readonly problems: readonly Problem[];
  /** For what the rules of specs find afterwards: with file and line. */
  readonly locate: Locate;
}

/**
 * Reads a Clusterfile: rendered as a template where it contains `{{` (`.Values` from `--values` and `--set`), then its
 * documents Cluster, Config, Policy and Kubernetes' own. Of two documents of one kind and name the last one counts.
 * Everything that is wrong with their form is a problem, with file and line and what to do; lines are those of the rendered
 * text. Secrets are never in messages.
 */
export function readClusterfile(text: string, options: ParseOptions): Reading {
  const report = new Report();
  const values = templateValues(options, report);
  const files = [{ file: options.file, text }, ...(options.extra ?? [])].flatMap((one) => render(one, values, report));
  const known = knownDocuments(files.flatMap((one) => readRendered(one, report)), report);
  const reading = assemble(known, options.file, report);
  return { ...reading, problems: report.problems, locate: locator(known) };
}

/** A Clusterfile whose form is right. Throws ClusterError InvalidSpec whose message lists everything that is wrong with it. */
export function parseClusterfile(text: string, options: ParseOptions): { documents: ClusterDocuments; warnings: Problem[] } {
  const { documents, problems } = readClusterfile(text, options);
  const warnings = withoutErrors(problems);
  // Without a Cluster document there was an error.
  if (!documents) throw new ClusterError('InvalidSpec', `${options.file}: there is no Cluster document`);
  return { documents, warnings };
}

/**
 * The documents of files that stand beside flags: these say what a Cluster document would, so one is passed over with a
 * warning. Everything that is wrong with their form is a problem, as in readClusterfile().
 */
export function readDocumentsBeside(files: readonly TextFile[], options: Pick<ParseOptions, 'values' | 'set'>): Pick<Reading, 'beside' | 'problems' | 'locate'> {
  const report = new Report();
  const values = templateValues(options, report);
  const known = knownDocuments(files.flatMap((one) => render(one, values, report)).flatMap((one) => readSources(one, report)), report);
  for (const { source } of known.filter(({ kind }) => kind === 'Cluster')) {
    report.warning(source.at(), 'a Cluster document is ignored here: the flags say what the cluster is', 'Give the file to apply -f instead.');
  }
  const beside = readBeside(known, report);
  return { beside, problems: report.problems, locate: locator(known.filter(({ kind }) => kind !== 'Cluster')) };
}

/**
 * The file as it is read: templates rendered, the documents of `--config-file` behind its own. What parseClusterfile()
 * reads without any values as the same documents; braces that stand in it are text.
 */
export function renderedClusterfile(text: string, options: ParseOptions): string {
  const report = new Report();
  const values = templateValues(options, report);
  const parts = [{ file: options.file, text }, ...(options.extra ?? [])].flatMap((one) => render(one, values, report));
  report.finish();
  return parts.reduce((all, { text: part }) => {
    if (all === '') return part;
    return `${all.endsWith('\n') ? all : `${all}\n`}${/^---(\s|$)/m.test(part.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '') ? part : `---\n${part}`}`;
  }, '');
}

const templateValues = ({ values = [], set = [] }: Pick<ParseOptions, 'values' | 'set'>, report: Report): JsonObject => ({ Values: readValues(values, set, report) });

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

function assemble(known: readonly Known[], file: string, report: Report): Pick<Reading, 'documents' | 'beside'> {
  const clusters = known.filter(({ kind }) => kind === 'Cluster');
  // A text that is no YAML may well hold one.
  if (clusters.length === 0 && !report.hasErrors) report.error(file, 'there is no Cluster document', 'Write one with apiVersion apps.sealos.io/v1beta1 and kind Cluster.');
  for (const { source } of clusters.slice(1)) report.error(source.at(), 'a second cluster', 'One file describes one cluster.');
  const [cluster] = clusters.map(({ source }) => readCluster(source, report));
  const beside = readBeside(known, report);
  if (!cluster) return { beside };
  const { nodes, ...rest } = beside;
  for (const problem of strangerProblems(nodes, cluster.hosts, file)) report.add(problem);
  return { beside, documents: { ...cluster, ...rest, hosts: withNodes(cluster.hosts, nodes) } };
}
