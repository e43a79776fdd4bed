import { readNamedHosts } from '../host-flags';
import { askedLogin, readLogin } from '../login-flags';
import { refuse } from '../one-report';
import { addSpec } from '../scale-spec';
import { clusterOf, isEmbedded, withCluster } from '../session';
import { readSources } from '../sources';
import { hashProblems, type SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson add --masters a --nodes b`: more hosts for a cluster that is there. */
export async function add(flags: SpecFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  const { hosts, problems } = readNamedHosts(flags);
  const said = readLogin(flags);
  refuse([...hashProblems(flags), ...problems, ...said.problems]);
  const login = await askedLogin(said);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withCluster(cluster, flags, (client) => submit(client, cluster, flags, ({ spec }) => addSpec({ cluster, hosts, flags, login }, sources, spec)));
}
