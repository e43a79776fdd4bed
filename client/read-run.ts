import type { Problem } from '../domain/problem';
import { readEnv } from './env-flags';
import { readHosts } from './host-flags';
import { askedLogin, readLogin } from './login-flags';
import { noted, refuse } from './one-report';
import { readDocuments, warn } from './read-documents';
import { type RunInput, runProblems } from './run-spec';
import { clusterOf, isEmbedded, mayHaveClusters } from './session';
import { readSources } from './sources';
import type { SpecSources } from './spec';
import { hashProblems, type SpecFlags } from './spec-flags';

/**
 * Reads the command line of `run`, with the files it names. Warnings go to stderr. Throws InvalidSpec with all that is wrong
 * with it as far as it can be told without the cluster, in one report; only then asks for a password.
 */
export async function readRun(images: readonly string[], flags: SpecFlags): Promise<{ input: RunInput; sources: SpecSources }> {
  const problems: Problem[] = hashProblems(flags);
  const said = readHosts(flags);
  const { env, problems: ofEnv } = readEnv(flags.env);
  const { documents, problems: ofDocuments, locate } = readDocuments(flags);
  const login = readLogin(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  const input: RunInput = { cluster: clusterOf(undefined, flags), images, hosts: said.hosts, env, documents, flags, login: login.login };
  problems.push(...said.problems, ...ofEnv, ...ofDocuments, ...login.problems);
  const about = { isNew: !mayHaveClusters(flags), unread: said.unread, locate };
  problems.push(...noted(problems, [], () => runProblems(input, sources, about)));
  warn(refuse(problems));
  return { input: { ...input, login: await askedLogin(login) }, sources };
}
