import { cleanScript, guestScript, lifecycleScript } from '../../domain/commands/scripts';
import { adminConf } from '../../domain/host-paths';
import type { Host } from '../host';
import { like } from '../pattern';
import { type Answer, type Call, fail, type Simulation } from '../simulation';

/** What the scripts of the fleet's images do, by name (testing/images.ts). A name of somebody else's does nothing. */
const effects: Readonly<Record<string, (host: Host, env: Readonly<Record<string, string>>) => Answer | undefined>> = {
  'check.sh': (host) => (host.isActive('kubelet') ? fail('port 10250 is in use') : undefined),
  'init.sh': (host, env) => {
    host.start('containerd');
    for (const name of ['kubelet', 'kubeadm', 'kubectl']) host.files.write(`/usr/bin/${name}`, env['SEALOS_SYS_KUBE_VERSION'] ?? '', 0o755);
    return undefined;
  },
  'init-registry.sh': (host) => { host.start('registry'); return undefined; },
  'clean-registry.sh': (host) => { host.stop('registry'); host.files.remove('/etc/registry'); return undefined; },
  'clean.sh': (host) => {
    for (const service of ['kubelet', 'containerd']) host.stop(service);
    for (const path of ['/usr/bin/kubelet', '/usr/bin/kubeadm', '/usr/bin/kubectl', '/var/lib/containerd']) host.files.remove(path);
    return undefined;
  },
};

function run(host: Host, { args: [cluster = '', label = ''], env, speaker }: Call): Answer | undefined {
  const script = label.split(' ')[0] ?? '';
  const folder = `/var/lib/sealos/data/${cluster}/rootfs/scripts`;
  if (!host.files.has(folder)) return fail(`cd: ${folder}: No such file or directory`);
  if (!host.files.has(`${folder}/${script}`)) return fail(`bash: ${script}: No such file or directory`, 127);
  // Clean scripts take away what is there: nothing the second time.
  if (!script.startsWith('clean')) host.did(`image script ${script}`, [], speaker);
  return effects[script]?.(host, env);
}

/** Scripts and commands that come from images. */
export const scripts: readonly Simulation[] = [
  { name: 'image script', reads: like((cluster, label) => lifecycleScript(cluster!, label!), 'sample-cluster', 'sample-label'), act: run },
  {
    name: 'image clean script', reads: like((cluster, label) => cleanScript(cluster!, label!), 'sample-cluster', 'sample-label'),
    act: (host, call) => (host.files.has(`/var/lib/sealos/data/${call.args[0] ?? ''}/rootfs/scripts`) ? run(host, call) : undefined),
  },
  {
    name: 'guest command', reads: like((workdir, command) => guestScript(workdir!, command!), 'sample-workdir', 'sample-command'),
    act: (host, { args: [workdir = '', command = ''], speaker }) => {
      if (!host.files.has(workdir)) return fail(`cd: ${workdir}: No such file or directory`);
      if (!host.files.text('/root/.kube/config') || !host.files.text(adminConf) || !host.kubernetes || !host.apiReachable()) return fail('error: the API server does not answer');
      host.did('guest command', [command], speaker);
      host.kubernetes.applied.push(command);
      if (command.includes('network')) host.kubernetes.network = true;
      return { stdout: `ran ${command}\n` };
    },
  },
];
