import { listImages, prePull, readRuntime } from '../../domain/commands/bootstrap';
import type { Host } from '../host';
import { exactly, like } from '../pattern';
import { fail, items, lines, type Simulation } from '../simulation';

/** Container runtime and images. */
export const bootstrap: readonly Simulation[] = [
  {
    name: 'find the container runtime', reads: like((preferred) => readRuntime(preferred!).script, 'sample-socket'),
    act: (host) => (host.isActive('containerd') ? lines(['unix:///run/containerd/containerd.sock', 'systemd', host.name]) : fail('no container runtime answers: none of its sockets is there')),
  },
  {
    name: 'pull container images', reads: exactly(prePull([]).script),
    act: (host, { stdin }) => {
      const wanted = items(stdin, '\n');
      const can = host.isActive('containerd') && registryOf(host, 'sealos.hub') !== undefined;
      for (const image of can ? wanted : []) host.files.write(`/var/lib/containerd/images/${image.replaceAll('/', '_')}`, '');
      return lines(can ? [] : wanted);
    },
  },
  {
    name: 'kubeadm config images list', reads: like((version) => listImages(version!).script, 'sample-version'),
    act: (host, { args: [version = ''] }) => {
      if (!host.files.has('/usr/bin/kubeadm')) return fail('kubeadm: command not found', 127);
      return lines([...['apiserver', 'controller-manager', 'scheduler', 'proxy'].map((name) => `registry.k8s.io/kube-${name}:${version}`), 'registry.k8s.io/coredns/coredns:v1.12.1', 'registry.k8s.io/pause:3.10.1', 'registry.k8s.io/etcd:3.6.5-0']);
    },
  },
];

/** The host that serves the registry of this name, as this host sees it. */
export function registryOf(host: Host, name: string): Host | undefined {
  const address = host.resolve(name);
  const server = address === undefined ? undefined : host.around.at(address);
  return server?.isActive('registry') ? server : undefined;
}
