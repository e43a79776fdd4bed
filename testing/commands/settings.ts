import { controlPlaneFiles } from '../../domain/commands/control-plane-settings';
import { configuredKubelet, keepKubeletConfigMap, kubeletFiles, kubeletSettingsBackScript, kubeletSettingsScript, uploadKubeletConfig } from '../../domain/commands/kubelet-settings';
import { beginSettings, endSettings, forgetSettings, noteSettingsFailure, readSettings, settingsAreBack, settingsDir } from '../../domain/commands/settings';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { stateDir } from '../../domain/host-paths';
import { marks } from '../../domain/marks';
import { type SettingsPart, settingsParts } from '../../domain/settings';
import type { Host } from '../host';
import type { Kubernetes } from '../kubernetes';
import { exactly, like, type Reader, rendered } from '../pattern';
import { type Answer, lines, type Simulation } from '../simulation';
import { documents, keepDocuments, kubeletConfigOf } from './kubeadm';
import { viaApi } from './kubernetes';
import { startKubelet } from './start-kubelet';

const marksOf = (host: Host, part: SettingsPart): string[] => host.marks().filter((mark) => mark.startsWith(marks.anySettings(part)));
const counted = (render: (tries: number) => string): Reader =>
  rendered((tries: number) => render(tries), (script): [number] => [Number(/^echo (\d+) > tries$/m.exec(script)?.[1] ?? 1) - 1], (tries) => [`${tries}`]);

/** Nothing stays of a change but how many there were. */
function over({ files }: Host, part: SettingsPart, tries: string): void {
  const dir = settingsDir(part);
  for (const path of files.below(dir)) if (path !== `${dir}/tries`) files.remove(path);
  files.write(`${dir}/tries`, `${Number(tries) + 1}`, 0o600);
}

function begin(host: Host, part: SettingsPart, kept: readonly string[]): void {
  const { files } = host;
  const dir = settingsDir(part);
  for (const mark of marksOf(host, part)) files.remove(`${stateDir}/done/${mark}`);
  if (files.has(`${dir}/saved`)) return;
  for (const path of kept) if (files.has(path)) files.write(`${dir}/before${path}`, files.text(path) ?? '', 0o600);
  files.write(`${dir}/saved`, '');
}

/** What the host keeps of a change, whatever the part is. */
const notes = (part: SettingsPart, kept: readonly string[]): Simulation[] => {
  const dir = settingsDir(part);
  return [
    {
      name: `look at the settings of the ${part}`, reads: exactly(readSettings(part).script),
      act: (host) => lines([
        ...(host.files.has(`${dir}/saved`) ? ['begun=yes'] : []), ...['failed', 'tries'].flatMap((name) => (host.files.has(`${dir}/${name}`) ? [`${name}=${host.files.text(`${dir}/${name}`)!.trim()}`] : [])),
        ...marksOf(host, part).map((mark) => `mark=${mark}`),
      ]),
    },
    { name: `begin the settings of the ${part}`, reads: exactly(beginSettings(part, kept).script), act: (host) => begin(host, part, kept) },
    { name: `forget the settings of the ${part}`, reads: exactly(forgetSettings(part).script), act: (host) => { for (const mark of marksOf(host, part)) host.files.remove(`${stateDir}/done/${mark}`); } },
    { name: `note why the ${part} is taken back`, reads: exactly(noteSettingsFailure(part, '').script), act: (host, { stdin }) => host.files.write(`${dir}/failed`, stdin, 0o600) },
    { name: `the ${part} has its former settings`, reads: counted((tries) => settingsAreBack(part, tries).script), act: (host, { args: [tries = ''] }) => over(host, part, tries) },
    {
      name: `the ${part} has its settings`,
      reads: rendered((mark: string, tries: number) => endSettings(part, mark, tries).script, (script): [string, number] => [/done\/([^']+)'/.exec(script)?.[1] ?? '', Number(/^echo (\d+) > tries$/m.exec(script)?.[1] ?? 1) - 1], (mark, tries) => [mark, `${tries}`]),
      act: (host, { args: [mark = '', tries = ''] }) => {
        host.files.write(`${stateDir}/done/${mark}`, '', 0o600);
        over(host, part, tries);
      },
    },
  ];
};

function restartKubelet(host: Host): void {
  host.did('restart the kubelet', [host.files.text(kubeletConfigPath) ?? '']);
  startKubelet(host);
}

const dir = settingsDir('kubelet');

function setKubeletConfig(cluster: Kubernetes, text: string, mark: string): void {
  keepDocuments(cluster, documents(text).filter((one) => one['kind'] === 'KubeletConfiguration'));
  cluster.noted.set('KubeletConfiguration', mark);
}

function change(host: Host): Answer | undefined {
  const { files, kubernetes } = host;
  if (!kubernetes) return { code: 1, stderr: 'the host is in no cluster\n' };
  files.write(kubeletConfigPath, kubeletConfigOf(kubernetes));
  if (files.text(kubeletConfigPath) === files.text(`${dir}/before${kubeletConfigPath}`) && !files.has(`${dir}/started`)) return undefined;
  files.write(`${dir}/started`, '');
  restartKubelet(host);
  return undefined;
}

function back(host: Host): undefined {
  const { files, kubernetes } = host;
  const before = files.text(`${dir}/before${kubeletConfigPath}`);
  if (before !== undefined) files.write(kubeletConfigPath, before);
  const config = files.text(`${dir}/kubelet-config`);
  if (config !== undefined && kubernetes) setKubeletConfig(kubernetes, config, '');
  if (files.has(`${dir}/started`)) restartKubelet(host);
}

/** Changed settings on what runs. */
export const settings: readonly Simulation[] = [
  ...settingsParts.flatMap((part) => notes(part, { kubelet: kubeletFiles, 'control-plane': controlPlaneFiles, 'kube-proxy': [] }[part])),
  { name: 'read what kubelets are configured by', reads: exactly(configuredKubelet.script), act: (host) => viaApi(host, ({ noted }) => ({ stdout: `${noted.get('KubeletConfiguration') ?? ''}.1 1` })) },
  {
    name: 'keep the ConfigMap kubelet-config', reads: exactly(keepKubeletConfigMap.script),
    act: (host) => viaApi(host, (cluster) => { if (!host.files.has(`${dir}/kubelet-config`)) host.files.write(`${dir}/kubelet-config`, kubeletConfigOf(cluster)); return undefined; }),
  },
  {
    name: 'upload the kubelet configuration', reads: like((mark) => uploadKubeletConfig('', mark!).script, 'sample-mark'),
    act: (host, { args: [mark = ''], stdin }) => viaApi(host, (cluster) => {
      setKubeletConfig(cluster, stdin.toString('utf8'), mark);
      return undefined;
    }),
  },
  { name: 'change the settings of the kubelet', reads: like((node) => kubeletSettingsScript(node!), 'sample-node'), act: change },
  { name: 'bring the former settings of the kubelet back', reads: exactly(kubeletSettingsBackScript), act: back },
];
