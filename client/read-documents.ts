import { readFileSync } from 'node:fs';
import { type ClusterDocuments, parseClusterfile, type ParseOptions, renderedClusterfile, type TextFile } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { formatProblems } from '../domain/problem';
import type { SpecFlags } from './spec-flags';

/** A Clusterfile with the files that its flags name; `-` is stdin. Warnings go to stderr. Throws InvalidSpec with all mistakes. */
export const readClusterfile = (path: string, flags: SpecFlags): ClusterDocuments => readWithText(path, flags).documents;

/** The same, and the text it comes from: templates rendered, the documents of `--config-file` in it. */
export function readWithText(path: string, flags: SpecFlags): { documents: ClusterDocuments; text: string } {
  const file = path === '-' ? { file: 'stdin', text: readFileSync(0, 'utf8') } : readText(path, 'Clusterfile');
  return { documents: parse(file, flags), text: renderedClusterfile(file.text, optionsOf(file.file, flags)) };
}

/** The Config and kubeadm documents of `--config-file`, for `run`: there the flags say what the Cluster document would. */
export function readDocuments(cluster: string, images: readonly string[], flags: SpecFlags): Pick<ClusterDocuments, 'configs' | 'kubeadm'> {
  if (flags.configFile.length === 0) return { configs: [], kubeadm: {} };
  const head = { apiVersion: 'apps.sealos.io/v1beta1', kind: 'Cluster', metadata: { name: cluster }, spec: { image: images } };
  // Only these two: what an empty Cluster document says of hosts must not go over the flags.
  const { configs, kubeadm } = parse({ file: 'the command line', text: JSON.stringify(head) }, flags);
  return { configs, kubeadm };
}

function parse({ file, text }: TextFile, flags: SpecFlags): ClusterDocuments {
  const { documents, warnings } = parseClusterfile(text, optionsOf(file, flags));
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`);
  return documents;
}

const optionsOf = (file: string, flags: SpecFlags): ParseOptions => ({
  file,
  values: flags.values.map((path) => readText(path, '--values')),
  extra: flags.configFile.map((path) => readText(path, '--config-file')),
  set: flags.set,
});

function readText(path: string, what: string): TextFile {
  try {
    return { file: path, text: readFileSync(path, 'utf8') };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ClusterError('InvalidSpec', `${what} ${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`}`, { todo: 'check the path' }, { cause });
  }
}
