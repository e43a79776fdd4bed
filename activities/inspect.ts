import { isControlPlane, type HostTarget } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { forgetFiles, inspectHost as inspectCommand } from '../domain/commands/inspect';
import type { Difference } from '../domain/drift/difference';
import { firstLine, hostsDifferences, kubeletConfigPath, kubeletDifferences, serviceDifferences } from '../domain/drift/host-settings';
import { componentNames, documentOf, manifestPath, staticPodDifferences } from '../domain/drift/static-pods';
import { apiName, hostPaths } from '../domain/host-paths';
import { apiAddress } from './bootstrap';
import type { Deps } from './deps';
import { contentOf } from './entry-content';
import { filesFor } from './files';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { type OpenImage, openImages, rootfsOf } from './image-set';
import { initConfig } from './kubeadm';
import type { Scope, Session } from './ports';
import { registryAccess } from './registry-access';
import { runtimeOf } from './runtime';
import { inScope } from './scope';
import { differingFiles, type FileDifference } from './sync';

/** So many differences of one host are told; who has more has another problem. */
const most = 100;
/** Of a longer file only that it differs is told, and not where. */
const largestText = 256 * 1024;

/**
 * What on a host is not as it was applied: the images' files, the flags of static pods against kubeadm's configuration, the
 * kubelet's configuration, names in /etc/hosts, services. Reads, and hashes what it reads; changes nothing. No content of
 * any file is in the answer.
 */
export const inspectHost = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<Difference[]> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const images = await openImages(deps, cluster, scope);
    const [files, settings] = await Promise.all([fileDifferences(deps, session, { host, cluster, images, scope }), settingDifferences(deps, session, { host, cluster, images })]);
    return [...files, ...settings].slice(0, most);
  });

interface Place {
  readonly host: HostTarget;
  readonly cluster: ClusterSlice;
  readonly images: readonly OpenImage[];
}

async function fileDifferences(deps: Deps, session: Session, { host, cluster, images, scope }: Place & { scope: Scope }): Promise<Difference[]> {
  const entries = await filesFor(deps, cluster, host, images);
  const base = hostPaths(cluster.name).data;
  const found = (await differingFiles(session, { name: 'files', base, entries, scope })).slice(0, most);
  const texts = found.filter(({ why, entry }) => why === 'content' && entry.size <= largestText).map(({ entry }) => `${base}/${entry.path}`);
  const { files } = texts.length > 0 ? await session.run(inspectCommand(texts, [])) : { files: new Map<string, string>() };
  return found.map(({ entry, why }): Difference => {
    const file = `${base}/${entry.path}`;
    const have = files.get(file);
    const line = have === undefined ? undefined : firstLine(have, contentOf(entry).toString('utf8'));
    return { host: host.id, kind: 'file', file, message: words[why], ...(line === undefined ? {} : { line }) };
  });
}

const words: Record<FileDifference['why'], string> = {
  missing: 'it is missing', kind: 'it is something else than in the image', mode: 'its mode is another one', target: 'the link leads elsewhere', content: 'its content was changed',
};

async function settingDifferences(deps: Deps, session: Session, { host, cluster, images }: Place): Promise<Difference[]> {
  const { values: env } = envFor(deps, cluster, host, rootfsOf(images));
  const registry = registryAccess(env);
  const servesRegistry = cluster.registryHosts.some(({ id }) => id === host.id);
  const controlPlane = isControlPlane(host);
  const [{ files, services }, runtime] = await Promise.all([
    session.run(inspectCommand([...(controlPlane ? componentNames.map(manifestPath) : []), kubeletConfigPath, '/etc/hosts'], ['kubelet', 'containerd', ...(servesRegistry ? ['registry'] : [])])),
    runtimeOf(session, env),
  ]);
  const config = initConfig(cluster, images, runtime);
  const pods = controlPlane ? componentNames.flatMap((component): Difference[] => {
    const text = files.get(manifestPath(component));
    if (text !== undefined) return staticPodDifferences({ host: host.id, address: host.address, component, text, config, version: cluster.version });
    return component === 'etcd' && config.includes('external:') ? [] : [{ host: host.id, kind: 'file', file: manifestPath(component), message: 'it is missing' }];
  }) : [];
  const kubelet = files.get(kubeletConfigPath);
  const api = controlPlane ? (cluster.controlPlaneEndpoint ? undefined : host.address) : apiAddress(cluster, host, images);
  const registryHost = cluster.registryHosts[0]?.address;
  return [
    ...pods,
    ...(kubelet === undefined ? [{ host: host.id, kind: 'kubelet' as const, file: kubeletConfigPath, message: 'it is missing' }] : kubeletDifferences(host.id, kubelet, documentOf(config, 'KubeletConfiguration'))),
    ...hostsDifferences(host.id, files.get('/etc/hosts') ?? '', [
      ...(api ? [{ name: apiName, address: api }] : []), ...(registryHost ? [{ name: registry.domain, address: registryHost }] : []),
    ]),
    ...serviceDifferences(host.id, services),
  ];
}

/** Has the next apply look at every file of the host and bring back those that differ. */
export const forgetHostFiles = (deps: Deps) => async ({ where, host }: Omit<HostInput, 'cluster'>): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await session.run(forgetFiles(hostPaths(where.cluster).data));
  });
