import { clusterfileSpec, readClusterfile } from '../clusterfile-spec';
import { loginFrom } from '../login-flags';
import { ownAddresses } from '../own-addresses';
import { isEmbedded, withClient } from '../session';
import { readSources } from '../sources';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson apply -f Clusterfile`: makes a cluster what the file says. */
export async function apply(flags: SpecFlags): Promise<number> {
  const documents = await readClusterfile(flags.Clusterfile ?? 'Clusterfile', flags);
  const login = await loginFrom(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withClient(flags, (client) =>
    submit(client, documents.name, flags, (known) => Promise.resolve(clusterfileSpec({ documents, flags, login, sources, own: ownAddresses(), known }))));
}
