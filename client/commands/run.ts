import { loginFrom } from '../login-flags';
import { ownAddresses } from '../own-addresses';
import { checkImages } from '../check-images';
import { hostsFrom } from '../host-flags';
import { parseEnv } from '../env-flags';
import { checkName } from '../check-name';
import { runSpec } from '../run-spec';
import { clusterOf, isEmbedded, withClient } from '../session';
import { readSources } from '../sources';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson run IMAGE...`: makes a cluster, or adds images and hosts to one that is there. */
export async function run(images: readonly string[], flags: SpecFlags): Promise<number> {
  const cluster = checkName(clusterOf(undefined, flags));
  // What can be wrong on the command line is said before a server is started for it.
  checkImages(images);
  hostsFrom(flags);
  parseEnv(flags.env);
  const login = await loginFrom(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withClient(flags, (client) =>
    submit(client, cluster, flags, (known) => runSpec({ cluster, images, flags, login, sources, own: ownAddresses(), known })));
}
