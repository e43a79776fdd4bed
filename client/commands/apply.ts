import { checkedClusterfile } from '../checked-clusterfile';
import { clusterfileSpec } from '../clusterfile-spec';
import { withClient } from '../session';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson apply -f Clusterfile`: makes a cluster what the file says. */
export async function apply(flags: SpecFlags): Promise<number> {
  // What can be wrong in the file, or with the keys it names, is said before a server is started for it.
  const { documents, text, logins, sources } = await checkedClusterfile(flags.Clusterfile ?? 'Clusterfile', flags);
  return withClient(flags, (client) =>
    submit(client, documents.name, flags, ({ spec: saved }) => clusterfileSpec(documents, { flags, logins, sources, saved }), { text }));
}
