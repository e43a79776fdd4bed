import { isAbsent } from '../../domain/absent';
import type { ClusterSpec } from '../../domain/cluster';
import { amendSpec } from '../amend-spec';
import { ask } from '../ask';
import { exitCodes } from '../exit-codes';
import { readHosts, readNamedHosts } from '../host-flags';
import type { KeelsonClient } from '../keelson-client';
import { askedLogin, type LoginFlags, readLogin } from '../login-flags';
import type { Login } from '../logins';
import { noSuchCluster } from '../no-such-cluster';
import { mistake, refuse } from '../one-report';
import { deleteSpec } from '../scale-spec';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { readSources } from '../sources';
import { submit } from '../submit';
import type { WantedHost } from '../wanted';
import { watching, watchOperation } from '../watch';

type ResetFlags = CommonFlags & LoginFlags & { readonly masters?: string; readonly nodes?: string; readonly force?: boolean; readonly forget?: boolean; readonly wait?: boolean };

/** `keelson reset [name]`: asks for the cluster's name, then takes the cluster away, with the login that flags name, and follows that. */
export async function reset(name: string | undefined, flags: ResetFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  const isPart = flags.masters !== undefined || flags.nodes !== undefined;
  const { hosts, problems } = isPart ? readNamedHosts(flags) : readHosts({});
  const said = namesLogin(flags) ? readLogin(flags) : undefined;
  refuse([
    ...problems, ...(said?.problems ?? []),
    ...(flags.forget && isPart ? [mistake('--forget is for the whole cluster', `single hosts are given up with \`keelson delete --cluster ${cluster} --force\``)] : []),
    ...(flags.forget && said ? [mistake('--forget reaches no host, and takes no login', 'leave the login out')] : []),
    ...(isPart && said ? [mistake('a login is taken for a whole cluster only', `tell the cluster the new login first: keelson amend ${cluster} --ask-passwd`)] : []),
  ]);
  if (flags.forget) return forgetHosts(cluster, flags);
  if (isPart) return withCluster(cluster, flags, (client) => resetPart(client, cluster, hosts, flags));
  const login = said && await askedLogin(said);
  return withCluster(cluster, flags, async (client) => {
    const [report, saved] = await Promise.all([client.status(cluster), client.desired(cluster)]);
    if (!report) throw noSuchCluster(cluster);
    if (report.view && isAbsent(report.view)) return nothingToDo(cluster, flags);
    const hosts = (report.view?.hosts ?? []).map(({ id }) => id).join(', ') || 'its hosts';
    if (!(await agreed(`takes cluster ${cluster} and all its data away from ${hosts}`, cluster, flags))) return exitCodes.refused;
    const accepted = await client.reset(cluster, {
      ...actorOf(flags), confirm: cluster, force: flags.force ?? false, ...(login && saved ? { amended: { spec: await withLogin(saved, login, flags), base: report.view?.digest ?? '' } } : {}),
    });
    return watchOperation(client, accepted, watching(flags));
  });
}

/** Only what is typed: a password in the environment is for what else is done. */
const namesLogin = ({ user, passwd, passwdFile, askPasswd, pk, pkPasswd, port }: LoginFlags): boolean =>
  [user, passwd, passwdFile, askPasswd, pk, pkPasswd, port].some((one) => one !== undefined);

async function withLogin(saved: ClusterSpec, login: Login, { port, ...flags }: ResetFlags): Promise<ClusterSpec> {
  return amendSpec(saved, { login, images: [], ...(port === undefined ? {} : { port }) }, await readSources({ embedded: isEmbedded(flags) }));
}

/**
 * `keelson reset --nodes a,b`: only these hosts leave the cluster and become bare; the others stay one. One whose removal was
 * cut off may be named again. With --force nobody is asked, and those are forgotten that cannot be reached.
 */
export async function resetPart(client: KeelsonClient, cluster: string, hosts: readonly WantedHost[], flags: ResetFlags): Promise<number> {
  const [spec, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
  // What is wrong with the names is said before anybody is asked.
  deleteSpec(cluster, hosts, spec, report?.view?.leaving);
  const addresses = hosts.map(({ address }) => address);
  if (!(await agreed(`takes ${addresses.join(', ')} out of cluster ${cluster}, with all that is on them`, cluster, flags))) return exitCodes.refused;
  return submit(client, cluster, { ...flags, env: [], cmd: [], configFile: [], values: [], set: [], force: false, yes: true },
    ({ spec: now, view }) => deleteSpec(cluster, hosts, now, view?.leaving), { forget: flags.force ? addresses : [] });
}

/** `keelson reset --forget`: hosts, keys and what was installed are forgotten; nothing on any host is changed. */
async function forgetHosts(cluster: string, flags: ResetFlags): Promise<number> {
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    if (report.view && isAbsent(report.view)) return nothingToDo(cluster, flags);
    const hosts = (report.view?.hosts ?? []).map(({ id }) => id).join(', ') || 'its hosts';
    const what = `forgets cluster ${cluster}: ${hosts}, their keys, what is installed. What is on them stays there, and no cluster is made on a host that still bears this one's mark`;
    if (!(await agreed(what, cluster, flags))) return exitCodes.refused;
    await client.forget(cluster, { ...actorOf(flags), confirm: cluster });
    console.log(flags.json ? JSON.stringify({ cluster, phase: 'Absent' }) : `${cluster}: forgotten, with ${hosts}; nothing on them was changed`);
    return exitCodes.done;
  });
}

function nothingToDo(cluster: string, { json }: ResetFlags): number {
  console.log(json ? JSON.stringify({ cluster, phase: 'Absent' }) : `${cluster}: it is absent, nothing to do; \`keelson forget ${cluster}\` ends its record`);
  return exitCodes.done;
}

/** Whether the person means it: has said so by a flag, or types the cluster's name. */
async function agreed(what: string, cluster: string, { yes, force }: ResetFlags): Promise<boolean> {
  if (yes || force) return true;
  console.error(`This ${what}.`);
  if ((await ask(`Type the cluster's name to go on: `, '--yes')).trim() === cluster) return true;
  console.error('nothing was done');
  return false;
}
