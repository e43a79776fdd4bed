import { type HostTarget, isControlPlane } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { listImages } from '../domain/commands/bootstrap';
import type { Deps } from './deps';
import { contentOf, largestText } from './entry-content';
import { filesFor } from './files';
import type { OpenImage } from './image-set';
import type { Session } from './ports';

/**
 * The container images this host needs first: the control plane's or kube-proxy, the sandbox, the API balancer, and those
 * of the images that bring the pod network. Pulled ahead they cost nothing; later each is a wait. `first` is what the next
 * step cannot start without, `then` what is wanted while it runs.
 */
export async function imagesToPull(
  deps: Deps, session: Session,
  { cluster, host, images, env }: { cluster: ClusterSlice; host: HostTarget; images: readonly OpenImage[]; env: Readonly<Record<string, string>> },
): Promise<{ first: string[]; then: string[] }> {
  const listed = await session.run(listImages(cluster.version));
  const core = listed.filter((image) => /kube-(apiserver|controller-manager|scheduler)|etcd|pause/.test(image));
  const sandbox = env['sandboxImage'] ? [`${env['registryDomain'] ?? 'sealos.hub'}:${env['registryPort'] ?? '5000'}/${env['sandboxImage']}`] : [];
  const proxy = listed.filter((image) => /kube-proxy/.test(image));
  const early = images.filter(({ facts }) => facts.runAt === 'api-up');
  const network = early.length > 0 ? await namedInManifests(deps, cluster, host, images, early) : [];
  if (isControlPlane(host)) return { first: unique([...core, ...sandbox]), then: unique([...proxy, ...network, ...listed.filter((image) => /coredns/.test(image))]) };
  const balancer = images.flatMap(({ facts }) => facts.apiBalancer ?? []);
  return { first: unique([...proxy, ...listed.filter((image) => /pause/.test(image)), ...sandbox, ...balancer, ...network]), then: [] };
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];

/** References after `image:` in the manifests of these images, as they will be applied. */
async function namedInManifests(deps: Deps, cluster: ClusterSlice, host: HostTarget, images: readonly OpenImage[], early: readonly OpenImage[]): Promise<string[]> {
  const files = await filesFor(deps, cluster, { ...host, id: cluster.leader }, images);
  const folders = early.map(({ facts }) => `applications/${facts.mountName}/workdir/manifests/`);
  const manifests = files.filter(({ path, kind, size }) => kind === 'file' && /\.ya?ml$/.test(path) && size <= largestText && folders.some((folder) => path.startsWith(folder)));
  return manifests.map((entry) => contentOf(entry).toString('utf8')).flatMap((text) => [...text.matchAll(/^[ \t]*(?:-[ \t]+)?image:[ \t]*["']?([^\s"'#]+)/gm)].map(([, ref]) => ref ?? ''));
}
