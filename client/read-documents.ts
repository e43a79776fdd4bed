import { readFileSync } from 'node:fs';
import { type ClusterDocuments, type DocumentsBeside, parseBeside, parseClusterfile, type ParseOptions, renderedClusterfile, strangerProblems, type TextFile } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { formatProblems, type Problem } from '../domain/problem';
import type { SpecFlags } from './spec-flags';

/** A Clusterfile with the files that its flags name; `-` is stdin. Warnings go to stderr. Throws InvalidSpec with all mistakes. */
export const readClusterfile = (path: string, flags: SpecFlags): ClusterDocuments => readWithText(path, flags).documents;

/** The same, and the text it comes from: templates rendered, the documents of `--config-file` in it. */
export function readWithText(path: string, flags: SpecFlags): { documents: ClusterDocuments; text: string } {
  const file = path === '-' ? { file: 'stdin', text: readFileSync(0, 'utf8') } : readText(path, 'Clusterfile');
  return { documents: parse(file, flags), text: renderedClusterfile(file.text, optionsOf(file.file, flags)) };
}

/** The documents of `--config-file`, for `run` and `gen`: there the flags say what the Cluster document would. Warnings go to stderr. */
export function readDocuments(flags: Pick<SpecFlags, 'configFile' | 'values' | 'set'>): DocumentsBeside {
  const { extra = [], ...options } = optionsOf('', flags);
  const { beside, warnings } = parseBeside(extra, options);
  warn(warnings);
  return beside;
}

/** Of what a Policy beside the flags says of a host that is none, people hear on stderr. */
export function warnOfStrangers({ nodes }: Pick<DocumentsBeside, 'nodes'>, hosts: readonly { readonly address: string }[]): void {
  warn(strangerProblems(nodes, hosts));
}

function parse({ file, text }: TextFile, flags: SpecFlags): ClusterDocuments {
  const { documents, warnings } = parseClusterfile(text, optionsOf(file, flags));
  warn(warnings);
  return documents;
}

function warn(warnings: readonly Problem[]): void {
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`);
}

const optionsOf = (file: string, flags: Pick<SpecFlags, 'configFile' | 'values' | 'set'>): ParseOptions => ({
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
