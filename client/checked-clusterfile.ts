import { type ClusterDocuments, readClusterfile, type Reading, renderedClusterfile, withoutErrors } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { errorsOf, type Problem } from '../domain/problem';
import { besideProblems, specProblems } from '../domain/spec-rules';
import { clusterfileWanted, type LoginsAround, loginsAround } from './clusterfile-spec';
import { readEnv } from './env-flags';
import { clusterfileText, documentOptions, warn } from './read-documents';
import { isEmbedded } from './session';
import { readSources } from './sources';
import { type SpecSources, trySpec } from './spec';
import type { SpecFlags } from './spec-flags';

/** A Clusterfile in which nothing is wrong by itself, and what makes a spec of it. */
export interface CheckedClusterfile {
  readonly documents: ClusterDocuments;
  /** Templates rendered, the documents of `--config-file` in it. */
  readonly text: string;
  readonly logins: LoginsAround;
  readonly sources: SpecSources;
}

/**
 * Reads a Clusterfile with the files that its flags name; `-` is stdin. Warnings go to stderr. Throws InvalidSpec with all that
 * is wrong, in one report: its form, what the rules of specs say, the keys it names, the variables of `--env`.
 */
export async function checkedClusterfile(path: string, flags: SpecFlags): Promise<CheckedClusterfile> {
  const file = clusterfileText(path);
  const options = documentOptions(file.file, flags);
  const reading = readClusterfile(file.text, options);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  // Nobody types a password for a file that is refused anyway.
  const asks = flags.askPasswd === true && errorsOf(reading.problems).length === 0;
  const { askPasswd: _later, ...quiet } = flags;
  const { logins, problem } = await loginsAround(asks ? flags : { ...quiet, ...(flags.askPasswd ? { passwd: '' } : {}) }).then(
    (said): { logins: LoginsAround; problem?: Problem } => ({ logins: said }),
    (error: unknown) => {
      if (!(error instanceof ClusterError) || error.type !== 'InvalidSpec') throw error;
      return { logins: { flags: {}, environment: {} }, problem: problemOf(error) };
    },
  );
  const { documents, problems } = checkReading(reading, { flags, logins, sources });
  // Where the flags' own login is wrong, nobody knows how hosts are logged in to.
  const all = problem ? [problem, ...problems.filter(({ where }) => !/(^|\.)ssh(\.pk)?$/.test(where ?? ''))] : problems;
  warn(withoutErrors(all));
  if (!documents) throw new ClusterError('InvalidSpec', `${file.file}: there is no Cluster document`);
  return { documents, text: renderedClusterfile(file.text, options), logins, sources };
}

/** All that is wrong with a file that was read, as far as it can be told, with its lines. */
export function checkReading({ documents, beside, problems, locate }: Reading, input: { flags: SpecFlags; logins: LoginsAround; sources: SpecSources }): { documents?: ClusterDocuments; problems: Problem[] } {
  const { env, problems: ofFlags } = readEnv(input.flags.env);
  const found = [...problems, ...ofFlags];
  if (!documents) return { problems: [...found, ...besideProblems(beside).map(locate)] };
  const { spec, problems: ofLogins } = trySpec(clusterfileWanted(documents, { ...input, env }), input.sources);
  // Hosts are named, and none of them can be read: this machine, which would stand in for no host at all, is not meant.
  if (documents.hosts.length === 0 && errorsOf(problems).length > 0) {
    const ofFile = ofLogins.map(({ host: _host, ...problem }): Problem => ({ ...problem, where: 'spec.ssh' }));
    return { documents, problems: [...found, ...[...ofFile, ...besideProblems(beside)].map(locate)] };
  }
  return { documents, problems: [...found, ...[...ofLogins, ...errorsOf(specProblems(spec))].map(locate)] };
}

const problemOf = ({ type, message, details: { todo } }: ClusterError): Problem => ({ severity: 'error', type, message, ...(todo ? { todo } : {}) });
