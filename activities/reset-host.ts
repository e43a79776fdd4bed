import { type HostTarget, isControlPlane } from '../domain/cluster';
import { anyCode, type Command } from '../domain/command';
import { type FilesOf, forgetHost, removeFiles } from '../domain/commands/reset/files';
import { cleanFirewall } from '../domain/commands/reset/firewall';
import { lookForLeftovers } from '../domain/commands/reset/look';
import { readRoutes, removeInterfaces, removeRoutes, staleRoutes } from '../domain/commands/reset/network';
import { readClaim } from '../domain/commands/reset/owner';
import { readPodNetworks } from '../domain/commands/reset/pod-networks';
import { kubeadmReset, stopKubelet, stopPods } from '../domain/commands/reset/stop';
import { cleanScript } from '../domain/commands/scripts';
import { ClusterError } from '../domain/errors';
import { hostPaths } from '../domain/host-paths';
import { removeHosts } from '../domain/hosts-file';
import { defaultNetworks } from '../domain/kubeadm/defaults';
import type { Remote, Scope, Session } from './ports';

export interface ResetRequest {
  readonly host: HostTarget;
  readonly scope: Scope;
  /** The image's clean scripts in their order: words for people, and the label's line. */
  readonly scripts: readonly { readonly step: string; readonly line: string }[];
  /** All variables of the image on this host, for its scripts; secrets opened. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Addresses of the cluster's other hosts. */
  readonly peers: readonly string[];
  /** The API's virtual IP, as the image says. */
  readonly virtualIp: string;
  /** The range of pods, or several with commas; default: what is found on the host, else the built-in one. */
  readonly podSubnet?: string;
  /** The cluster lives on without this host, so a control plane takes its leave of etcd. */
  readonly leavesEtcd?: boolean;
  /** Cleans a host without any mark, too. Never one of another cluster. */
  readonly force?: boolean;
}

/**
 * Brings a host back to bare and says what is left: nothing, if it is empty. Each step is repeatable and none stops the
 * next one. Only what the cluster has brought is touched. While something is left the host keeps its claim, so that the
 * reset can be repeated. A host without our mark is left alone; throws HostClaimed for one with another cluster's.
 */
export const createReset = ({ remote }: { readonly remote: Remote }) => async (request: ResetRequest): Promise<string[]> => {
  const { host, scope } = request;
  const session = await remote.to(host, { ...scope, leaves: true });
  const claim = uidOf(host, await session.run(readClaim));
  if (claim !== undefined && claim !== scope.uid) throw claimed(host, claim);
  if (claim === undefined && !request.force) {
    scope.log('nothing of this cluster is here');
    return [];
  }
  const failed = await clean(session, request);
  const left = [...failed, ...await stillThere(session, request)];
  if (left.length === 0) left.push(...await session.run(forgetHost));
  for (const one of left) scope.log(`left: ${one}`);
  return left;
};

/** In the order that lets nothing come back: who starts things first, what they have made last. Gives what failed. */
async function clean(session: Session, request: ResetRequest): Promise<string[]> {
  const { host, scope, virtualIp } = request;
  const attempt = attempts(session, scope);
  const networks = request.podSubnet?.split(',') ?? await session.run(readPodNetworks(scope.cluster));
  const podSubnets = networks.length > 0 ? networks : [defaultNetworks.podSubnet];

  // It takes the admin kubeconfig away, which no look shows either.
  const stopped = await attempt(stopKubelet(scope.uid));
  await attempt(kubeadmReset(request.leavesEtcd ?? false));
  await attempt(stopPods);
  const rules = await attempt(cleanFirewall(hostPaths(scope.cluster).rootfs, virtualIp));
  await attempt(removeInterfaces);
  const routes = staleRoutes(await session.run(readRoutes), { peers: request.peers, podSubnets, virtualIp });
  if (routes.length > 0) await attempt(removeRoutes(routes));
  const scripts = await runScripts(session, request);
  await attempt(removeFiles(filesOf(host, request)));
  // No look at what is left shows these: names that a host still knows by a cluster that is gone.
  const names = await attempt(removeHosts(scope.cluster));
  const stale = staleRoutes(await session.run(readRoutes), { peers: request.peers, podSubnets, virtualIp });
  return [...(stopped === undefined ? ['what the kubelet, or what starts it, has kept: the admin kubeconfig, too'] : []), ...scripts, ...(rules ?? []), ...(names === undefined ? ['lines in /etc/hosts'] : []), ...stale.map((route) => `route ${route}`)];
}

const filesOf = (host: HostTarget, { scope, env }: ResetRequest): FilesOf => ({
  cluster: scope.cluster, uid: scope.uid, controlPlane: isControlPlane(host), registryData: env['registryData'] ?? '/var/lib/registry',
});

const stillThere = (session: Session, request: ResetRequest): Promise<string[]> => session.run(lookForLeftovers(filesOf(request.host, request)));

/**
 * Runs commands of which none may stop the next. One that never ended is tried once more in its place, as what comes after it takes
 * away what it needs; that it came to no end is said by undefined. A link that broke, a cancel and a newer attempt do stop the
 * next: the outcome is open then, or somebody else's. What a command leaves behind the last look finds.
 */
const attempts = (session: Session, scope: Scope) => async <T>(command: Command<T>): Promise<T | undefined> => {
  for (let again = false; ; again = true) {
    scope.beat(command.title);
    try {
      return await session.run(command);
    } catch (error) {
      if (!(error instanceof ClusterError) || (error.type !== 'CommandFailed' && error.type !== 'CommandTimedOut')) throw error;
      const once = error.type === 'CommandTimedOut' && !again;
      scope.log(`${error.message}; ${once ? 'once more' : 'going on'}`);
      if (!once) return undefined;
    }
  }
};

/** Longest time for one script, milliseconds. */
const scriptTimeoutMs = 10 * 60_000;

/** The image's own clean scripts. They know what their init scripts did, so a failure counts as something left. */
async function runScripts(session: Session, { scope, scripts, env, secrets }: ResetRequest): Promise<string[]> {
  const failed: string[] = [];
  for (const { step, line } of scripts) {
    scope.beat(step);
    const { code, stdout, stderr } = await session.follow({
      title: `image script ${step}: ${line}`,
      script: cleanScript(scope.cluster, line),
      env, secrets, changes: true, timeoutMs: scriptTimeoutMs, okCodes: anyCode,
    }, () => undefined);
    const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
    if (code !== 0) failed.push(`what the image's script ${step} failed to clean (exit code ${code}: ${last})`);
  }
  return failed;
}

/** Whose the host is: undefined for nobody's. Throws HostClaimed for a mark that cannot be read: it may be anybody's. */
function uidOf(host: HostTarget, claim: string): string | undefined {
  if (claim === '') return undefined;
  try {
    const { uid } = JSON.parse(claim) as { uid?: unknown };
    if (typeof uid === 'string') return uid;
  } catch {
    // Below.
  }
  throw claimed(host, 'its mark /var/lib/keelson/claim.json cannot be read');
}

const claimed = (host: HostTarget, by: string): ClusterError =>
  new ClusterError('HostClaimed', `${host.id} is not this cluster's, so it is not reset: ${by}`, {
    host: host.id, todo: 'reset it with the cluster that it belongs to, or take it out of this one',
  });
