import { parseEnv } from '../env-flags';
import { hostsFrom } from '../host-flags';
import { loginFrom } from '../login-flags';
import { readDocuments, warnOfStrangers } from '../read-documents';
import { runSpec } from '../run-spec';
import { clusterOf, isEmbedded, withClient } from '../session';
import { readSources } from '../sources';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson run IMAGE...`: makes a cluster, or adds images and hosts to one that is there. */
export async function run(images: readonly string[], flags: SpecFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  // What can be wrong on the command line is said before a server is started for it.
  const hosts = hostsFrom(flags);
  const env = parseEnv(flags.env);
  const documents = readDocuments(flags);
  const login = await loginFrom(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withClient(flags, (client) =>
    submit(client, cluster, flags, (known) => {
      const spec = runSpec({ cluster, images, hosts, env, documents, flags, login }, sources, known);
      warnOfStrangers(documents, spec.hosts);
      return spec;
    }));
}
