import { parse } from 'yaml';
import { readApiCertificate, readClusterConfiguration, renewApiCertificate, renewCertificates, restartApiServer, restartStaticPods, uploadClusterConfiguration } from '../../domain/commands/certificates';
import { bringBackClusterConfiguration, controlPlaneSettingsBackScript, controlPlaneSettingsScript, keepClusterConfiguration, unreadyPods } from '../../domain/commands/control-plane-settings';
import { ownApiReady } from '../../domain/commands/etcd-restore';
import { settingsDir } from '../../domain/commands/settings';
import type { Host } from '../host';
import { exactly, like } from '../pattern';
import { type Answer, fail, lines, type Simulation } from '../simulation';
import { manifestOf, manifestsDir, podNames } from '../static-pods';
import { documents, keepDocuments } from './kubeadm';
import { viaApi } from './kubernetes';

const dir = settingsDir('control-plane');
const kept = `${dir}/cluster-configuration`;

/** One static pod after another; one that does not start with what its manifest says is the end of it. */
function change(host: Host, configPath: string): Answer | undefined {
  const configuration = documents(host.files.text(configPath)).find((one) => one['kind'] === 'ClusterConfiguration');
  if (!configuration) return fail('no ClusterConfiguration');
  const version = String(configuration['kubernetesVersion']);
  for (const name of podNames) {
    const path = `${manifestsDir}/${name}.yaml`;
    const wanted = manifestOf(name, version, configuration);
    if (host.files.text(path) === wanted) continue;
    host.did('change a static pod', [name, wanted]);
    host.files.write(path, wanted, 0o600);
    if (host.podRefuses(wanted)) return fail(`${name} does not run with its new settings, it ends again and again: Error: unknown flag`);
  }
  return undefined;
}

function back(host: Host): undefined {
  for (const path of host.files.below(`${dir}/before`)) {
    const own = path.slice(`${dir}/before`.length);
    const before = host.files.text(path) ?? '';
    if (host.files.text(own) !== before) host.files.write(own, before, 0o600);
  }
}

const certificate = '/etc/kubernetes/pki/apiserver.crt';
const namesIn = (configuration: object | undefined): string[] => (configuration as { apiServer?: { certSANs?: string[] } } | undefined)?.apiServer?.certSANs ?? [];
const shown = (names: readonly string[]): string => `sha256 Fingerprint=${Buffer.from(names.join()).toString('hex').toUpperCase() || '00'}\n    ${names.map((name) => (/^[\d.]+$/.test(name) ? `IP Address:${name}` : `DNS:${name}`)).join(', ')}\n`;
/** The file of a host, as it was made with the cluster's first configuration where nobody has made it anew. */
const ownNames = ({ files, kubernetes }: Host): string[] => (files.has(certificate) ? JSON.parse(files.text(certificate) ?? '[]') as string[] : namesIn(kubernetes?.firstConfiguration));

/** The settings of a control plane: kubeadm's configuration in the cluster, static pods, the names of the API's certificate. */
export const controlPlaneSettings: readonly Simulation[] = [
  { name: 'read the ClusterConfiguration', reads: exactly(readClusterConfiguration.script), act: (host) => (host.apiReachable() ? viaApi(host, (cluster) => ({ stdout: JSON.stringify(cluster.documents.get('ClusterConfiguration') ?? {}) })) : { stdout: '' }) },
  {
    name: 'keep the ConfigMap kubeadm-config', reads: exactly(keepClusterConfiguration.script),
    act: (host) => viaApi(host, (cluster) => { if (!host.files.has(kept)) host.files.write(kept, JSON.stringify(cluster.documents.get('ClusterConfiguration') ?? {})); return undefined; }),
  },
  { name: 'upload the ClusterConfiguration', reads: exactly(uploadClusterConfiguration('').script), act: (host, { stdin }) => viaApi(host, (cluster) => { keepDocuments(cluster, documents(stdin.toString('utf8'))); return undefined; }) },
  {
    name: 'bring the ConfigMap kubeadm-config back', reads: exactly(bringBackClusterConfiguration.script),
    act: (host) => viaApi(host, (cluster) => { if (host.files.has(kept)) keepDocuments(cluster, [parse(host.files.text(kept) ?? '{}') as Record<string, unknown>]); return undefined; }),
  },
  { name: 'change the settings of the control plane', reads: like((node, configPath) => controlPlaneSettingsScript({ node: node!, configPath: configPath! }), 'sample-node', 'sample-path'), act: (host, { args: [, configPath = ''] }) => change(host, configPath) },
  { name: 'bring the former settings of the control plane back', reads: exactly(controlPlaneSettingsBackScript), act: back },
  { name: 'kubectl get unready static pods', reads: like((node) => unreadyPods(node!).script, 'sample-node'), act: (host) => viaApi(host, () => lines(podNames.map((name) => `${name} ${host.podRefuses(host.files.text(`${manifestsDir}/${name}.yaml`) ?? '') ? 'False' : 'True'}`))) },
  { name: 'look at the certificate of the API server', reads: exactly(readApiCertificate.script), act: (host) => ({ stdout: `file\n${shown(ownNames(host))}served\n${shown(ownNames(host))}` }) },
  {
    name: 'make the certificate of the API server anew', reads: exactly(renewApiCertificate('').script),
    act: (host, { stdin }) => {
      host.did('make the certificate of the API server anew');
      host.files.write(certificate, JSON.stringify(namesIn(documents(stdin.toString('utf8')).find((one) => one['kind'] === 'ClusterConfiguration'))), 0o600);
    },
  },
  { name: 'restart the API server', reads: exactly(restartApiServer.script), act: (host) => host.did('restart the API server') },
  {
    name: 'kubeadm certs renew', reads: exactly(renewCertificates('').script),
    act: (host, { stdin }) => (documents(stdin.toString('utf8')).some((one) => one['kind'] === 'ClusterConfiguration') ? host.did('kubeadm certs renew') : fail('no ClusterConfiguration')),
  },
  { name: 'restart the control plane', reads: exactly(restartStaticPods.script), act: (host) => host.did('restart the control plane') },
  { name: 'is the own API server ready', reads: exactly(ownApiReady.script), act: (host) => ({ code: host.apiReady() ? 0 : 1 }) },
];
