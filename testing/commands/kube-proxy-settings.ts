import { endKubeProxy, kubeProxySettingsBackScript, kubeProxySettingsScript, lastWords, readKubeProxies } from '../../domain/commands/kube-proxy-settings';
import { settingsDir } from '../../domain/commands/settings';
import type { Host } from '../host';
import { exactly, like, rendered } from '../pattern';
import { type Answer, lines, type Simulation } from '../simulation';
import { documents } from './kubeadm';
import { viaApi } from './kubernetes';

const kept = `${settingsDir('kube-proxy')}/config-map`;
const kind = 'KubeProxyConfiguration';

const change = (host: Host, configPath: string): Answer | undefined => viaApi(host, (cluster) => {
  const before = cluster.documents.get(kind) ?? {};
  if (!host.files.has(kept)) host.files.write(kept, JSON.stringify(before));
  const wanted = documents(host.files.text(configPath)).find((one) => one['kind'] === kind) ?? {};
  if (JSON.stringify(wanted) === JSON.stringify(before)) return { stdout: 'kube-proxy runs with these settings already\n' };
  host.did('change the kube-proxies', [JSON.stringify(wanted)]);
  cluster.documents.set(kind, wanted);
  return undefined;
});

const back = (host: Host): Answer | undefined => viaApi(host, (cluster) => {
  const before = host.files.text(kept);
  if (before !== undefined) cluster.documents.set(kind, JSON.parse(before) as object);
  return undefined;
});

const state = (host: Host): Answer | undefined => viaApi(host, (cluster) => {
  const bad = cluster.proxyRefuses(JSON.stringify(cluster.documents.get(kind) ?? {}));
  const nodes = [...cluster.nodes.values()].map((node) => ({ name: node.name, ready: cluster.isReady(node) }));
  return lines(['wanted 1', ...nodes.map(({ name, ready }) => `node ${name} ${ready ? 'True' : 'Unknown'}`), ...nodes.map(({ name, ready }) => `pod kube-proxy-${name} ${name} [1] ${ready && !bad ? 'True' : 'False'} ${bad ? 3 : 0} `)]);
});

/** The settings of the cluster's kube-proxies. They start anew at once. */
export const kubeProxySettings: readonly Simulation[] = [
  { name: 'change the settings of kube-proxy', reads: like((configPath) => kubeProxySettingsScript({ configPath: configPath! }), 'sample-path'), act: (host, { args: [configPath = ''] }) => change(host, configPath) },
  { name: 'bring the former settings of kube-proxy back', reads: rendered((tries: number) => kubeProxySettingsBackScript(tries), (script): [number] => [Number(/ back-(\d+) /.exec(script)?.[1] ?? 0)], (tries) => [`${tries}`]), act: back },
  { name: 'look at the kube-proxies one by one', reads: exactly(readKubeProxies.script), act: state },
  { name: 'last words of a pod', reads: like((pod) => lastWords(pod!).script, 'sample-pod'), act: () => ({ stdout: 'E1130 the configuration is refused\n' }) },
  { name: 'end a kube-proxy', reads: like((pod) => endKubeProxy(pod!).script, 'sample-pod'), act: () => undefined },
];
