import type { HostTarget, JsonObject } from '../domain/cluster';
import {
  besidePki, readApiCertificate, readClusterConfiguration, renewApiCertificate, renewCertificates, restartApiServer, restartStaticPods, uploadClusterConfiguration,
} from '../domain/commands/certificates';
import { etcdHealthy, forgetTools, ownApiReady } from '../domain/commands/etcd-restore';
import { readAdminConf } from '../domain/commands/kubernetes';
import { markDone, readMarks } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { adminConf } from '../domain/host-paths';
import { configurationOf, hostConfiguration, missingNames, withCertSans } from '../domain/kubeadm/running-config';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { installKubeconfig, writeKubeconfig } from './kubeconfig';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { inScope } from './scope';

export interface CertSansInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** Names and addresses that the API server's certificate shall have as well. */
  readonly names: readonly string[];
  /** The host's mark of its control plane's settings, as it is and as it will be: who has the former one has the new one then. */
  readonly settings?: { readonly before: string; readonly after: string };
}

/**
 * Adds names to the API server's certificate of one control plane. Done means that the server that listens there shows a
 * certificate with all of them. One control plane at a time: its API server is away for some seconds.
 */
export const addCertSans = (deps: Deps) => async ({ where, host, names, settings }: CertSansInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const before = await session.run(readClusterConfiguration);
    if (before === '') {
      throw new ClusterError('CommandFailed', `${host.id}: the API does not answer, so nobody knows the cluster's configuration`, {
        host: host.id, todo: 'mend the API first; `keelson cert --renew` helps where its certificates have expired',
      });
    }
    const wanted = withCertSans(before, names);
    if (wanted !== undefined) await session.run(uploadClusterConfiguration(wanted));
    await showNames(session, scope, { host, names, configuration: wanted ?? before });
    if (settings && (await session.run(readMarks)).includes(settings.before)) await session.run(markDone(settings.after));
  });

/** Has the API server of a control plane show a certificate with all these names; makes it anew where it lacks some. */
export async function showNames(session: Session, scope: Scope, { host, names, configuration }: { host: HostTarget; names: readonly string[]; configuration: string }): Promise<void> {
  const { file } = await session.run(readApiCertificate);
  if (missingNames(names, file?.names ?? []).length > 0) await session.run(renewApiCertificate(hostConfiguration(configuration, host, besidePki)));
  if (!(await servesFile(session))) await session.run(restartApiServer);
  await poll({ scope, host: host.id, what: 'an API server that shows the new certificate', everyMs: 1_000, timeoutMs: 180_000 }, async () => {
    const { served } = await session.run(readApiCertificate);
    const missing = missingNames(names, served?.names ?? []);
    if (!served || missing.length > 0) return served ? `it lacks ${missing.join(', ')}` : 'it shows none';
    return (await session.run(ownApiReady)) || 'it is not ready';
  });
}

/** Whether the server shows the very certificate that lies there. */
async function servesFile(session: Session): Promise<boolean> {
  const { file, served } = await session.run(readApiCertificate);
  return file !== undefined && file.fingerprint === served?.fingerprint;
}

export interface RenewInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  /** The spec's ClusterConfiguration, for a cluster whose API does not answer any more. */
  readonly cluster?: JsonObject;
  readonly controlPlaneEndpoint?: string;
}

/** Renews all certificates of one control plane, and has its parts read them. Also when they have expired. */
export const renewAllCertificates = (deps: Deps) => async ({ where, host, version, ...wanted }: RenewInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const configuration = (await session.run(readClusterConfiguration)) || configurationOf(version, wanted);
    await session.run(renewCertificates(hostConfiguration(configuration, host)));
    await session.run(restartStaticPods);
    await ready(session, scope, host.id);
    await session.run(forgetTools);
    await installKubeconfig(session, adminConf);
  });

async function ready(session: Session, scope: Scope, host: string): Promise<void> {
  await poll({ scope, host, what: 'a healthy etcd', everyMs: 1_000, timeoutMs: 180_000 }, async () => (await session.run(etcdHealthy)) || 'not healthy');
  await poll({ scope, host, what: 'a ready API server', everyMs: 1_000, timeoutMs: 180_000 }, async () => (await session.run(ownApiReady)) || 'not ready');
}

/** Brings the renewed kubeconfig to a worker, where the join has put one. It passes through this activity's memory only. */
export const refreshKubeconfig = (deps: Deps) => async ({ where, host, leader }: { where: Where; host: HostTarget; leader: HostTarget }): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const [session, from] = await Promise.all([deps.remote.to(host, scope), deps.remote.to(leader, scope)]);
    await writeKubeconfig(session, await from.run(readAdminConf));
  });
