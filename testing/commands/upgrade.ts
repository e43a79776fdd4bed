import {
  beginUpgrade, configuredVersion, countTry, endUpgrade, kubeadmUpgradeScript, kubeletCause, kubeletRestoreScript, kubeletUpgradeScript, laggingPods, newImages,
  noteControlPlane, noteDrained, noteFailure, noteUncordoned, readUpgrade, saveBefore, versionedPods,
} from '../../domain/commands/upgrade';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { hostPaths, stateDir } from '../../domain/host-paths';
import type { Host } from '../host';
import { exactly, like, oneOf, rendered } from '../pattern';
import { type Answer, fail, lines, type Simulation } from '../simulation';
import { kubeletConfigOf } from './kubeadm';
import { manifestsDir as manifests, manifestsOf } from '../static-pods';
import { viaApi } from './kubernetes';
import { startKubelet } from './start-kubelet';

const dir = `${stateDir}/upgrade`;
const programs = ['kubeadm', 'kubelet', 'kubectl'] as const;
const tagOf = (text = ''): string => /:([^:\s]+)\s*$/.exec(text)?.[1] ?? '';

/** The version that an image's kubeadm or kubelet on the host is of: the fleet's images write it into the file. */
const imageVersion = (host: Host, cluster: string): string => /(v\d\S*)/.exec(host.files.text(`${hostPaths(cluster).rootfs}/bin/kubelet`) ?? '')?.[1] ?? '';

function state(host: Host): Answer {
  const { files } = host;
  const text = (name: string): string => files.text(`${dir}/${name}`)?.trim() ?? '';
  const pods = files.below(manifests).map((path) => path.slice(manifests.length + 1)).filter((name) => name.endsWith('.yaml'));
  return lines([
    `kubelet=${files.text('/usr/bin/kubelet')?.trim() ?? ''}`, `active=${host.isActive('kubelet') ? 'active' : 'inactive'}`, `restarts=${host.kubeletRestarts}`,
    ...pods.map((name) => `manifest=${name.replace('.yaml', '')} ${tagOf(files.text(`${manifests}/${name}`))}`),
    ...files.below(`${dir}/manifests`).map((path) => path.slice(`${dir}/manifests/`.length)).filter((name) => files.text(`${manifests}/${name}`) !== files.text(`${dir}/manifests/${name}`)).map((name) => `changed=${name.replace('.yaml', '')}`),
    ...['cordoned', 'drained'].filter((name) => files.has(`${dir}/${name}`)).map((name) => `${name}=yes`),
    `controlPlane=${text('control-plane')}`, ...(text('failed') ? [`failed=${text('failed')}`] : []), `tries=${text('tries') || 0}`,
    ...host.marks().map((mark) => `done=${mark}`),
  ]);
}

function begin(host: Host, version: string): void {
  const { files } = host;
  if (!files.has(`${dir}/manifests`)) for (const path of files.below(manifests)) files.write(`${dir}/manifests/${path.slice(manifests.length + 1)}`, files.text(path) ?? '');
  for (const mark of host.marks()) if (mark.startsWith('upgrading:') && mark !== `upgrading:${version}`) files.remove(`${stateDir}/done/${mark}`);
  files.write(`${stateDir}/done/upgrading:${version}`, '', 0o600);
}

function end(host: Host): void {
  for (const path of host.files.below(dir)) if (!path.endsWith('/tries')) host.files.remove(path);
  for (const mark of host.marks()) if (mark.startsWith('upgrading:')) host.files.remove(`${stateDir}/done/${mark}`);
}

/** kubeadm goes one minor version at a time, changes the static pods, on the first control plane the cluster's version, and with the last one the addons. */
function kubeadmUpgrade(host: Host, version: string, way: string): Answer | undefined {
  return viaApi(host, (cluster) => {
    const minor = (text: string): number => Number(text.split('.')[1]);
    if (way === 'node' && cluster.kubernetesVersion !== version) return fail(`the cluster is configured for ${cluster.kubernetesVersion}`);
    if (minor(version) - minor(cluster.kubernetesVersion) > 1) return fail('Specified version is too high');
    host.did('kubeadm upgrade', [version, way]);
    for (const [path, text] of manifestsOf(cluster, version)) if (!path.endsWith('/etcd.yaml')) host.files.write(path, text, 0o600);
    cluster.kubernetesVersion = version;
    const behind = [...cluster.nodes.values()].filter(({ controlPlane, host: { files } }) => controlPlane && tagOf(files.text(`${manifests}/kube-apiserver.yaml`)) !== version);
    if (behind.length === 0) cluster.addons = version;
    return { stdout: `[upgrade] SUCCESS! ${version}\n` };
  });
}

function kubeletUpgrade(host: Host, cluster: string): Answer | undefined {
  const version = imageVersion(host, cluster);
  if (version === '') return fail('the image brings no bin/kubeadm');
  host.did('upgrade the kubelet', [version]);
  for (const name of programs) host.files.write(`/usr/bin/${name}`, version, 0o755);
  if (host.kubernetes) host.files.write(kubeletConfigPath, kubeletConfigOf(host.kubernetes));
  return report(host);
}

/** The kubelet that was started says who it is, when it comes up. */
function report(host: Host): undefined {
  if (!startKubelet(host)) return;
  const own = host.kubernetes?.nodes.get(host.nodeName);
  if (own) own.version = host.files.text('/usr/bin/kubelet')?.trim() ?? '';
}

function copy({ files }: Host, from: string, to: string): void {
  const entry = files.get(from);
  if (entry) files.put(to, entry);
}

function restore(host: Host): undefined {
  host.did('restore the kubelet');
  for (const path of host.files.below(`${dir}/before`)) copy(host, path, path.slice(`${dir}/before`.length));
  return report(host);
}

const note = (name: string) => (host: Host): void => host.files.write(`${dir}/${name}`, '', 0o600);

/** An upgrade of Kubernetes, host by host: the notes on the host, kubeadm, the kubelet. */
export const upgrade: readonly Simulation[] = [
  { name: 'look how far the upgrade is', reads: exactly(readUpgrade.script), act: state },
  { name: 'begin the upgrade', reads: like((version) => beginUpgrade(version!).script, 'sample-version'), act: (host, { args: [version = ''] }) => begin(host, version) },
  { name: 'note that the node is drained', reads: exactly(noteDrained.script), act: note('drained') },
  { name: 'note that the node is in service', reads: exactly(noteUncordoned.script), act: (host) => { for (const name of ['cordoned', 'drained']) host.files.remove(`${dir}/${name}`); } },
  { name: 'note the static pods', reads: like((version) => noteControlPlane(version!).script, 'sample-version'), act: (host, { args: [version = ''] }) => host.files.write(`${dir}/control-plane`, version, 0o600) },
  { name: 'note why the kubelet is taken back', reads: exactly(noteFailure('').script), act: (host, { stdin }) => host.files.write(`${dir}/failed`, stdin, 0o600) },
  {
    name: 'count the try', reads: rendered((tries: number) => countTry(tries).script, (script): [number] => [Number(/echo (\d+) >/.exec(script)?.[1] ?? 1) - 1], (tries) => [`${tries}`]),
    act: (host, { args: [tries = '0'] }) => { host.files.write(`${dir}/tries`, `${Number(tries) + 1}`, 0o600); for (const name of ['failed', 'saved', 'before']) host.files.remove(`${dir}/${name}`); },
  },
  { name: 'end the upgrade', reads: exactly(endUpgrade('').script), act: end },
  {
    name: 'keep the programs', reads: like((cluster) => saveBefore(cluster!).script, 'sample-cluster'),
    act: (host) => {
      const { files } = host;
      if (files.has(`${dir}/saved`)) return;
      for (const path of [...programs.map((name) => `/usr/bin/${name}`), kubeletConfigPath]) copy(host, path, `${dir}/before${path}`);
      files.write(`${dir}/saved`, '');
    },
  },
  {
    name: 'kubeadm upgrade',
    reads: oneOf(...(['apply', 'node'] as const).flatMap((way) => ['v1.30.0', 'v1.34.0'].map((like1) => rendered(
      (cluster: string, version: string) => kubeadmUpgradeScript({ cluster, version, way }),
      (script): [string, string] | undefined => {
        const cluster = /data\/([^/]+)\/rootfs\/bin\/kubeadm/.exec(script)?.[1];
        const version = /upgrade apply '([^']+)'/.exec(script)?.[1] ?? (way === 'node' ? like1 : undefined);
        return cluster && version ? [cluster, version] : undefined;
      },
      (cluster, version) => [cluster, version, way],
    )))),
    act: (host, { args: [cluster = '', version = '', way = ''] }) => kubeadmUpgrade(host, way === 'apply' ? version : imageVersion(host, cluster), way),
  },
  { name: 'upgrade the kubelet', reads: like((cluster, name) => kubeletUpgradeScript({ cluster: cluster!, node: name! }), 'sample-cluster', 'sample-node'), act: (host, { args: [cluster = ''] }) => kubeletUpgrade(host, cluster) },
  { name: 'bring the old kubelet back', reads: exactly(kubeletRestoreScript), act: restore },
  { name: 'look why the kubelet ends', reads: exactly(kubeletCause.script), act: (host) => ({ stdout: host.kubeletRestarts > 0 ? 'E1130 the kubelet refuses its configuration\n' : '' }) },
  { name: 'images of the new kubeadm', reads: like((cluster, version) => newImages(cluster!, version!).script, 'sample-cluster', 'sample-version'), act: (_host, { args: [, version = ''] }) => lines([`registry.k8s.io/kube-apiserver:${version}`, `registry.k8s.io/kube-proxy:${version}`]) },
  { name: 'read the version in kubeadm-config', reads: exactly(configuredVersion.script), act: (host) => viaApi(host, ({ kubernetesVersion }) => ({ stdout: `${kubernetesVersion}\n` })) },
  {
    name: 'kubectl get static pods', reads: like((name, version) => laggingPods(name!, version!).script, 'sample-node', 'sample-version'),
    act: (host, { args: [name = ''] }) => viaApi(host, (cluster) => {
      const on = cluster.nodes.get(name)?.host;
      return lines(versionedPods.map((pod) => `${pod}-${name} ${/image: (\S+)/.exec(on?.files.text(`${manifests}/${pod}.yaml`) ?? '')?.[1] ?? ''} True`));
    }),
  },
];
