import { hostsFrom } from '../host-flags';
import { loginFrom } from '../login-flags';
import { addSpec } from '../scale-spec';
import { clusterOf, isEmbedded, withCluster } from '../session';
import { readSources } from '../sources';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson add --masters a --nodes b`: more hosts for a cluster that is there. */
export async function add(flags: SpecFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  const hosts = hostsFrom(flags);
  const login = await loginFrom(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withCluster(cluster, flags, (client) => submit(client, cluster, flags, ({ spec }) => addSpec({ cluster, hosts, flags, login }, sources, spec)));
}
