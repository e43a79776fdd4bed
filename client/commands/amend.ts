import { ClusterError } from '../../domain/errors';
import { errorsOf, formatProblems } from '../../domain/problem';
import { amendmentProblems, amendSpec } from '../amend-spec';
import { askedLogin, type LoginFlags, readLogin, saysLogin } from '../login-flags';
import { noSuchCluster } from '../no-such-cluster';
import { mistake, refuse } from '../one-report';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { readSources } from '../sources';
import { watchingOurs, watchOperation } from '../watch';

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
  const said = readLogin(flags);
  const { port, host, address, hostKey, image: images } = flags;
  const isNothing = !saysLogin(said.login) && images.length === 0 && [port, host, address, hostKey].every((one) => one === undefined);
  refuse([
    ...(isNothing ? [mistake('nothing is said that could be amended', 'give a login (--ask-passwd, --pk, --user, --port), --host with --host-key or --address, or --image OLD=NEW')] : []),
    ...said.problems, ...amendmentProblems({ ...flags, images }),
  ]);
  const login = await askedLogin(said);
  const sources = await readSources({ embedded: isEmbedded(flags) });
  return withCluster(cluster, flags, async (client) => {
    const [saved, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
    if (!saved || !report?.view) throw noSuchCluster(cluster);
    const spec = amendSpec(saved, { login, images, ...(port === undefined ? {} : { port }), ...(host === undefined ? {} : { host }), ...(address === undefined ? {} : { address }), ...(hostKey === undefined ? {} : { hostKey }) }, sources);
    if (!report.view.running) {
      const { problems } = await client.plan(spec, { amends: true });
      if (errorsOf(problems).length > 0) throw new ClusterError('InvalidSpec', formatProblems(errorsOf(problems)), { todo: 'nothing was changed' });
    }
    const accepted = await client.amend(spec, { ...actorOf(flags), base: report.view.digest ?? '' });
    return watchOperation(client, accepted, watchingOurs(flags, accepted.attached));
  });
}
