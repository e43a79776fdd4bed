import { ClusterError } from '../../domain/errors';
import { errorsOf, formatProblems } from '../../domain/problem';
import { amendSpec } from '../amend-spec';
import { type LoginFlags, loginFrom } from '../login-flags';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { readSources } from '../sources';
import { watchOperation } from '../watch';

export interface AmendFlags extends CommonFlags, LoginFlags {
  readonly host?: string;
  readonly address?: string;
  readonly hostKey?: string;
  readonly image: readonly string[];
  readonly wait?: boolean;
}

/**
 * `keelson amend [name]`: a correction for the operation that waits, which goes on with it. On a cluster that rests the new
 * logins are tried on every host first: when one does not work, nothing is changed.
 */
export async function amend(name: string | undefined, flags: AmendFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  const login = await loginFrom(flags);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withCluster(cluster, flags, async (client) => {
    const [saved, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
    if (!saved || !report?.view) throw noSuchCluster(cluster);
    const { port, host, address, hostKey, image: images } = flags;
    const spec = amendSpec(saved, { login, images, ...(port === undefined ? {} : { port }), ...(host ? { host } : {}), ...(address ? { address } : {}), ...(hostKey === undefined ? {} : { hostKey }) }, sources);
    if (!report.view.running) {
      const { problems } = await client.plan(spec, { amends: true });
      if (errorsOf(problems).length > 0) throw new ClusterError('InvalidSpec', formatProblems(errorsOf(problems)), { todo: 'nothing was changed' });
    }
    const accepted = await client.amend(spec, { ...actorOf(flags), base: report.view.digest ?? '' });
    return watchOperation(client, accepted, {
      json: flags.json ?? false, wait: flags.wait ?? false, embedded: isEmbedded(flags), attached: accepted.attached, ...(flags.by ? { by: flags.by } : {}), ...(flags.yes ? { yes: true } : {}),
    });
  });
}
