import { clusterfileSpec, loginsAround } from '../clusterfile-spec';
import { readWithText } from '../read-documents';
import { isEmbedded, withClient } from '../session';
import { readSources } from '../sources';
import type { SpecFlags } from '../spec-flags';
import { checked, submit } from '../submit';

/** `keelson apply -f Clusterfile`: makes a cluster what the file says. */
export async function apply(flags: SpecFlags): Promise<number> {
  const { documents, text } = readWithText(flags.Clusterfile ?? 'Clusterfile', flags);
  const logins = await loginsAround(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  // What can be wrong in the file, or with the keys it names, is said before a server is started for it.
  checked(clusterfileSpec(documents, { flags, logins, sources, saved: undefined }));
  return withClient(flags, (client) =>
    submit(client, documents.name, flags, ({ spec: saved }) => clusterfileSpec(documents, { flags, logins, sources, saved }), { text }));
}
