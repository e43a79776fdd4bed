import { readFileSync } from 'node:fs';
import { type DocumentsBeside, type Locate, type ParseOptions, readDocumentsBeside, strangerProblems, type TextFile } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { formatProblems, type Problem } from '../domain/problem';
import { noted } from './one-report';
import type { SpecFlags } from './spec-flags';

/** The text of a Clusterfile; `-` is stdin. Throws InvalidSpec for a file that cannot be read. */
export const clusterfileText = (path: string): TextFile => (path === '-' ? { file: 'stdin', text: readFileSync(0, 'utf8') } : readText(path, 'Clusterfile'));

interface ReadDocuments {
  readonly documents: DocumentsBeside;
  /** Warnings as well. */
  readonly problems: readonly Problem[];
  /** For what the rules of specs find in them afterwards: with file and line. */
  readonly locate: Locate;
}

/**
 * The documents of `--config-file`, for `run` and `gen`: there the flags say what the Cluster document would. Throws nothing:
 * what is wrong with them is among the problems.
 */
export function readDocuments(flags: DocumentFlags): ReadDocuments {
  const { options: { extra = [], ...options }, problems } = documentOptions('', flags);
  const { beside, problems: found, locate } = readDocumentsBeside(extra, options);
  return { documents: beside, problems: [...problems, ...found], locate };
}

/** Of what a Policy beside the flags says of a host that is none, people hear on stderr. */
export function warnOfStrangers({ nodes }: Pick<DocumentsBeside, 'nodes'>, hosts: readonly { readonly address: string }[]): void {
  warn(strangerProblems(nodes, hosts));
}

/** Warnings are for people, and not part of the output. */
export function warn(warnings: readonly Problem[]): void {
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`);
}

type DocumentFlags = Pick<SpecFlags, 'configFile' | 'values' | 'set'>;

/** What is read beside a Clusterfile, as its flags say, and which of these files cannot be read. */
export function documentOptions(file: string, flags: DocumentFlags): { options: ParseOptions; problems: Problem[] } {
  const problems: Problem[] = [];
  const texts = (paths: readonly string[], what: string): TextFile[] => paths.flatMap((path) => noted(problems, [], () => [readText(path, what)]));
  return { options: { file, values: texts(flags.values, '--values'), extra: texts(flags.configFile, '--config-file'), set: flags.set }, problems };
}

function readText(path: string, what: string): TextFile {
  try {
    return { file: path, text: readFileSync(path, 'utf8') };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ClusterError('InvalidSpec', `${what} ${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`}`, { todo: 'check the path' }, { cause });
  }
}
