import { readFileSync } from 'node:fs';
import { type DocumentsBeside, parseBeside, type ParseOptions, strangerProblems, type TextFile } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { formatProblems, type Problem } from '../domain/problem';
import type { SpecFlags } from './spec-flags';

/** The text of a Clusterfile; `-` is stdin. Throws InvalidSpec for a file that cannot be read. */
export const clusterfileText = (path: string): TextFile => (path === '-' ? { file: 'stdin', text: readFileSync(0, 'utf8') } : readText(path, 'Clusterfile'));

/** The documents of `--config-file`, for `run` and `gen`: there the flags say what the Cluster document would. Warnings go to stderr. */
export function readDocuments(flags: Pick<SpecFlags, 'configFile' | 'values' | 'set'>): DocumentsBeside {
  const { extra = [], ...options } = documentOptions('', flags);
  const { beside, warnings } = parseBeside(extra, options);
  warn(warnings);
  return beside;
}

/** Of what a Policy beside the flags says of a host that is none, people hear on stderr. */
export function warnOfStrangers({ nodes }: Pick<DocumentsBeside, 'nodes'>, hosts: readonly { readonly address: string }[]): void {
  warn(strangerProblems(nodes, hosts));
}

/** Warnings are for people, and not part of the output. */
export function warn(warnings: readonly Problem[]): void {
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`);
}

/** What is read beside a Clusterfile, as its flags say. */
export const documentOptions = (file: string, flags: Pick<SpecFlags, 'configFile' | 'values' | 'set'>): ParseOptions => ({
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
