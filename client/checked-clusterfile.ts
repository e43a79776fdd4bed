import { type ClusterDocuments, readClusterfile, type Reading, renderedClusterfile, withoutErrors } from '../domain/clusterfile';
import { ClusterError } from '../domain/errors';
import { errorsOf, type Problem } from '../domain/problem';
import { besideProblems, specProblems } from '../domain/spec-rules';
import { keysForALook } from '../home/key';
import { askedLogins, clusterfileWanted, type LoginsAround, readLogins } from './clusterfile-spec';
import { readEnv } from './env-flags';
import { noted, refusal } from './one-report';
import { clusterfileText, documentOptions, warn } from './read-documents';
import { isEmbedded } from './session';
import { readSources } from './sources';
import { type SpecSources, trySpec } from './spec';
import { hashProblems, type SpecFlags } from './spec-flags';

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
 * is wrong, in one report: its form, what the rules of specs say, the keys it names, the flags, `more`. Asks for a password last.
 */
export async function checkedClusterfile(path: string, flags: SpecFlags, more: readonly Problem[] = []): Promise<CheckedClusterfile> {
  const ofFlags: Problem[] = [...more, ...hashProblems(flags)];
  const read = noted(ofFlags, undefined, () => clusterfileText(path));
  const { options, problems: ofFiles } = documentOptions(read?.file ?? '', flags);
  const before = readLogins(flags);
  ofFlags.push(...ofFiles, ...before.said.problems);
  // What the file says is not known without it, nor without the values it needs.
  if (!read || ofFiles.length > 0) throw refusal([...ofFlags, ...readEnv(flags.env).problems]);
  const { file, text } = read;
  const sources = await readSources({ embedded: isEmbedded(flags) });
  const { documents, problems } = checkReading(readClusterfile(text, options), { flags, logins: before.logins, sources });
  // Where the flags' own login is wrong, nobody knows how hosts are logged in to.
  const known = before.said.problems.length > 0 ? problems.filter(({ where }) => !/(^|\.)ssh(\.pk)?$/.test(where ?? '')) : problems;
  warn(withoutErrors([...ofFlags, ...known]));
  if (!documents) throw new ClusterError('InvalidSpec', `${file}: there is no Cluster document`);
  // Nobody types a password for a file that is refused anyway.
  return { documents, text: renderedClusterfile(text, options), logins: await askedLogins(before), sources };
}

/** All that is wrong with a file that was read, as far as it can be told, with its lines. */
function checkReading({ documents, beside, problems, locate }: Reading, input: { flags: SpecFlags; logins: LoginsAround; sources: SpecSources }): { documents?: ClusterDocuments; problems: Problem[] } {
  const { env, problems: ofFlags } = readEnv(input.flags.env);
  const found = [...problems, ...ofFlags];
  if (!documents) return { problems: [...found, ...besideProblems(beside).map(locate)] };
  const { spec, problems: ofLogins } = trySpec(clusterfileWanted(documents, { ...input, env }), { ...input.sources, keys: keysForALook() });
  const ofSpec = [...ofLogins, ...errorsOf(specProblems(spec))].map(locate);
  // That an address cannot be read is told already, and which login another one in its place would have is not known.
  const unread = new Set(documents.hosts.filter(({ isUnread }) => isUnread).map(({ address }) => address));
  return { documents, problems: [...found, ...ofSpec.filter(({ host, where = 'ssh' }) => where !== 'ssh' || !unread.has(host ?? ''))] };
}
