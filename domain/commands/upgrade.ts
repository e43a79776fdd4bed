import { type Command, quote } from '../command';
import { numberIn } from '../form';
import { adminConf, hostPaths, stateDir } from '../host-paths';
import { marks } from '../marks';
import { readVersion } from '../version';
import { putBack } from './put-back';
import { diskMs, toDisk } from './state';

/**
 * What an upgrade leaves on its host while it lasts:
 *
 *     /var/lib/keelson/upgrade/
 *       manifests/      the static pods as they were when the upgrade began
 *       cordoned        we have cordoned the node; former versions noted it here, now that stands on the Node (drain.ts)
 *       drained         its pods have left
 *       control-plane   the version that `kubeadm upgrade` has brought the static pods to
 *       before/         programs and configuration as they were, by their paths; complete when `saved` is there
 *       failed          why the new kubelet has to be taken back
 *       tries           how often it was
 */
const dir = `${stateDir}/upgrade`;
const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s`;

export interface UpgradeState {
  /** Version of the kubelet's program. */
  readonly kubelet: string;
  readonly kubeletActive: boolean;
  /** How often systemd has started it again by itself since somebody started it. */
  readonly restarts: number;
  /** Tags of the static pods' images, by component; none of Kubernetes' own on a worker. */
  readonly manifests: Readonly<Record<string, string>>;
  /** Static pods whose manifests are not those of when the upgrade began. */
  readonly changed: readonly string[];
  /** An upgrade that a former version began has cordoned the node. */
  readonly cordoned: boolean;
  readonly drained: boolean;
  /** The version that the static pods were brought to by an upgrade that is under way. */
  readonly controlPlane: string;
  /** Why the new kubelet has to be taken back; empty: it has not. */
  readonly failed: string;
  readonly tries: number;
  /** Marks of finished steps. */
  readonly done: readonly string[];
}

/** How far the upgrade of a host has come, by what is there. Changes nothing. */
export const readUpgrade: Command<UpgradeState> = {
  title: 'look how far the upgrade is',
  script: `shopt -s nullglob
say() { printf '%s=%s\\n' "$1" "$2"; }
read -r _ version < <(kubelet --version 2>/dev/null); say kubelet "$version"
say active "$(systemctl is-active kubelet 2>/dev/null)"
say restarts "$(systemctl show kubelet --property=NRestarts --value 2>/dev/null)"
for file in /etc/kubernetes/manifests/*.yaml; do
  while read -r name value; do
    if [[ $name = image: && $value =~ :([0-9A-Za-z_.+-]+)(@|$) ]]; then file=\${file##*/}; say "manifest" "\${file%.yaml} \${BASH_REMATCH[1]}"; break; fi
  done <"$file"
done
for file in ${dir}/manifests/*.yaml; do
  name=\${file##*/}
  cmp -s "$file" "/etc/kubernetes/manifests/$name" || say changed "\${name%.yaml}"
done
[ ! -e ${dir}/cordoned ] || say cordoned yes
[ ! -e ${dir}/drained ] || say drained yes
[ ! -e ${dir}/control-plane ] || say controlPlane "$(<${dir}/control-plane)"
[ ! -e ${dir}/failed ] || { read -r value <${dir}/failed; say failed "$value"; }
[ ! -e ${dir}/tries ] || say tries "$(<${dir}/tries)"
for file in ${stateDir}/done/*; do say done "\${file##*/}"; done
exit 0`,
  parse: ({ stdout }) => readUpgradeState(stdout),
};

/** Throws an Error for what is no answer: it would say that nothing has changed on the host. */
function readUpgradeState(stdout: string): UpgradeState {
  const lines = stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()] as const);
  if (!['kubelet', 'active', 'restarts'].every((key) => lines.some(([name]) => name === key))) throw new Error('no state of an upgrade');
  const one = (key: string): string => lines.find(([name]) => name === key)?.[1] ?? '';
  const all = (key: string): string[] => lines.filter(([name]) => name === key).map(([, value]) => value);
  return {
    kubelet: one('kubelet'),
    kubeletActive: one('active') === 'active',
    restarts: numberIn(one('restarts')),
    manifests: Object.fromEntries(all('manifest').map((line) => line.split(' ')).flatMap(([name, tag]) => (name && tag ? [[name, tag]] : []))),
    changed: all('changed'),
    cordoned: one('cordoned') === 'yes',
    drained: one('drained') === 'yes',
    controlPlane: one('controlPlane'),
    failed: one('failed'),
    tries: numberIn(one('tries')),
    done: all('done'),
  };
}

/** The static pods whose images bear the cluster's version. etcd has versions of its own. */
export const versionedPods = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** The host is about to be upgraded: the plan of a later operation sees that it was begun, and what there was then. */
export const beginUpgrade = (version: string): Command => ({
  title: `begin the upgrade to ${version}`,
  changes: true,
  script: `set -eu
umask 077
mkdir -p ${dir} ${stateDir}/done
if [ ! -e ${dir}/manifests ]; then
  rm -rf ${dir}/manifests.new
  mkdir ${dir}/manifests.new
  if [ -d /etc/kubernetes/manifests ]; then find /etc/kubernetes/manifests -maxdepth 1 -name '*.yaml' -exec cp -p -t ${dir}/manifests.new {} +; fi
  mv ${dir}/manifests.new ${dir}/manifests
fi
cd ${stateDir}/done
: > ${quote(marks.upgrading(version))}
find . -maxdepth 1 -name 'upgrading:*' ! -name ${quote(marks.upgrading(version))} -delete`,
});

/** Notes that its pods have left. */
export const noteDrained: Command = { title: 'note that the node is drained', changes: true, script: `umask 077; mkdir -p ${dir} && : > ${dir}/drained` };

/** The node is in service again: a later try drains it anew. Gives up what stands in the notes, not the node's own state. */
export const noteUncordoned: Command = { title: 'note that the node is in service', changes: true, script: `rm -f ${dir}/cordoned ${dir}/drained` };

/** Notes why the new kubelet is taken back, before it is: whoever goes on from here knows it. */
export const noteFailure = (why: string): Command => ({
  title: 'note why the kubelet is taken back', changes: true, stdin: `${why.replaceAll('\n', ' ').slice(0, 2_000)}\n`, script: `umask 077; mkdir -p ${dir} && cat > ${dir}/failed`,
});

/** Notes that the static pods are at the version. */
export const noteControlPlane = (version: string): Command => ({
  title: `note that the static pods are at ${version}`, changes: true, script: `umask 077; mkdir -p ${dir} && echo ${quote(version)} > ${dir}/control-plane`,
});

/** The upgrade is done, or the host is as it was, on its disk too: nothing of it stays but the count of tries. */
export const endUpgrade = (words: string): Command => ({
  title: words,
  changes: true,
  timeoutMs: diskMs,
  script: `set -eu
mkdir -p ${dir}
${toDisk}
find ${dir} -mindepth 1 ! -name tries -delete
find ${stateDir}/done -maxdepth 1 -name 'upgrading:*' -delete`,
});

/** Programs that an image may bring in another version, and what they read. Paths without a file are passed over. */
const kept = [
  ...['kubeadm', 'kubelet', 'kubectl', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'crictl'].flatMap((name) => [`/usr/bin/${name}`, `/usr/local/bin/${name}`]),
  '/usr/local/sbin/runc', '/usr/sbin/runc',
  '/etc/containerd', '/etc/crictl.yaml', '/etc/systemd/system/containerd.service', '/etc/systemd/system/kubelet.service', '/etc/systemd/system/kubelet.service.d',
  '/usr/lib/systemd/system/kubelet.service', '/usr/lib/systemd/system/kubelet.service.d',
  '/var/lib/kubelet/config.yaml', '/var/lib/kubelet/kubeadm-flags.env',
];

/**
 * Keeps what the upgrade of the kubelet may replace. Programs that the new image brings as they are need no copy. Once: what
 * is kept is what ran before, also when an upgrade was cut off in the middle.
 */
export const saveBefore = (cluster: string): Command => ({
  title: 'keep the programs and the configuration as they are',
  changes: true,
  timeoutMs: 5 * 60_000,
  script: `set -eu
umask 077
[ ! -e ${dir}/saved ] || exit 0
rm -rf ${dir}/before
mkdir -p ${dir}/before
for path in ${kept.map(quote).join(' ')}; do
  [ -e "$path" ] || continue
  for new in ${quote(hostPaths(cluster).rootfs)}/{bin,cri}/"\${path##*/}"; do
    if [ -f "$path" ] && [ -f "$new" ] && cmp -s "$new" "$path"; then continue 2; fi
  done
  cp -a --parents "$path" ${dir}/before
done
: > ${dir}/saved`,
});

/** The new kubeadm, from the image's files: the installed one stays until the kubelet goes along. */
const newKubeadm = (cluster: string): string => `kubeadm=${quote(`${hostPaths(cluster).rootfs}/bin/kubeadm`)}
[ -x "$kubeadm" ] || { echo "the image brings no bin/kubeadm" >&2; exit 1; }`;

const minorOf = (version: string): number => readVersion(version)?.minor ?? 0;

export interface KubeadmUpgrade {
  readonly cluster: string;
  readonly version: string;
  /** `apply` on the first control plane: it also converts the cluster's configuration. */
  readonly way: 'apply' | 'node';
}

/**
 * \`kubeadm upgrade\` of a control plane's static pods, one after another, each confirmed by kubeadm and taken back by it when
 * it does not come up. The kubelet's configuration is left out: it comes with the kubelet's new program and not before it.
 * Run again where it was done it changes nothing.
 */
export const kubeadmUpgradeScript = ({ cluster, version, way }: KubeadmUpgrade): string => `set -u
export KUBECONFIG=${adminConf}
${newKubeadm(cluster)}
"$kubeadm" upgrade ${way === 'apply' ? `apply ${quote(version)} --yes` : 'node'} --ignore-preflight-errors=SystemVerification${flagsOf(version, way)}
`;

function flagsOf(version: string, way: 'apply' | 'node'): string {
  const minor = minorOf(version);
  // Before 1.31 certificates are renewed for a year, whatever validity they had; \`apply\` has phases from 1.32 on.
  return `${minor < 31 ? ' --certificate-renewal=false' : ''}${way === 'node' || minor >= 32 ? ' --skip-phases=kubelet-config' : ''}`;
}

/**
 * Brings the kubelet's configuration on the host to that of the cluster's ConfigMap. \`upgrade apply\` of 1.34 takes the
 * runtime's socket from the Node, and leaves it to this phase to note it on the host: without either the phase refuses to work.
 */
export const kubeletConfigPhase = (kubeadm: string, node: string): string => `socket=$(sed -n 's/.*--container-runtime-endpoint=\\([^ "]*\\).*/\\1/p' /var/lib/kubelet/kubeadm-flags.env 2>/dev/null)
if [ -s ${adminConf} ] && [ -n "$socket" ] && [ ! -e /var/lib/kubelet/instance-config.yaml ]; then
  ${kubectl} annotate node ${quote(node)} kubeadm.alpha.kubernetes.io/cri-socket="$socket" --overwrite
fi
${kubeadm} upgrade node phase kubelet-config`;

/**
 * The kubelet and what belongs to it, between its stop and its start: programs first, then the configuration that they read,
 * from the cluster's ConfigMap. \`label\` is the image's own line for it (keelson.dev/upgrade), which also brings its container
 * runtime; without one the three programs of Kubernetes are put in place. In a shell of its own: `set -e` passes over what fails before an `&&`.
 */
export const kubeletUpgradeScript = ({ cluster, node, label }: { readonly cluster: string; readonly node: string; readonly label?: string }): string => `set -eu
${newKubeadm(cluster)}
cd ${quote(`${hostPaths(cluster).rootfs}/scripts`)} 2>/dev/null || cd ${quote(hostPaths(cluster).rootfs)}
systemctl stop kubelet
${label === undefined ? `for program in kubeadm kubelet kubectl; do
  target=$(command -v "$program" || echo "/usr/bin/$program")
  install -m 755 ${quote(`${hostPaths(cluster).rootfs}/bin`)}/"$program" "$target.new"
  mv -f "$target.new" "$target"
done` : `(
bash ${label}
)`}
${kubeletConfigPhase('"$kubeadm"', node)}
systemctl daemon-reload
systemctl start kubelet
`;

/**
 * The programs and the configuration of before, and the kubelet started with them. The container runtime starts again only
 * when it was replaced. What was kept stays, so that this can run again; it goes with countTry.
 */
export const kubeletRestoreScript = `set -u
systemctl stop kubelet
runtime=
${putBack(`${dir}/before`, 'case "$path" in */containerd* | */runc) runtime=yes ;; esac')}
systemctl daemon-reload
[ -z "$runtime" ] || systemctl restart containerd
systemctl reset-failed kubelet 2>/dev/null
systemctl start kubelet || exit 1
`;

/** Counts that the kubelet was taken back: the next try is another job, and keeps anew what it finds. In this order: who is cut off in between takes it back once more. */
export const countTry = (tries: number): Command => ({
  title: 'count the try', changes: true, script: `umask 077; mkdir -p ${dir} && echo ${tries + 1} > ${dir}/tries && rm -f ${dir}/failed ${dir}/saved && rm -rf ${dir}/before`,
});

/** What a kubelet that ends again and again says of it: its own last words, without systemd's. Empty when it says nothing. */
export const kubeletCause: Command = {
  title: 'look why the kubelet ends',
  script: `journalctl -u kubelet -n 60 --no-pager -o cat 2>/dev/null | cut -c1-600
systemctl show kubelet --property=Result --property=ExecMainStatus 2>/dev/null; exit 0`,
  parse: ({ stdout }) => {
    const lines = stdout.split('\n').filter((line) => line.trim() !== '' && !/^(kubelet\.service: |Started |Stopp|Failed to start |Result=|ExecMainStatus=)/.test(line));
    return [...lines].reverse().find((line) => /^[EF]\d{4} |error|fail|unrecognized|unknown|invalid/i.test(line)) ?? lines.at(-1) ?? '';
  },
};

/** The container images that the new kubeadm asks for. */
export const newImages = (cluster: string, version: string): Command<string[]> => ({
  title: 'kubeadm config images list',
  script: `${newKubeadm(cluster)}\n"$kubeadm" config images list --kubernetes-version ${quote(version)}`,
  parse: ({ stdout }) => stdout.split('\n').map((line) => line.trim()).filter(Boolean),
});

/** The version in the cluster's kubeadm configuration: that of the first control plane that `upgrade apply` has finished. Fails where the API does not answer. */
export const configuredVersion: Command = {
  title: 'read the version in kubeadm-config',
  script: `set -o pipefail
${kubectl} -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: *"\\{0,1\\}\\([^" ]*\\).*/\\1/p'`,
  parse: ({ stdout }) => stdout.trim(),
};

/**
 * How far the hosts follow the cluster's Services: empty when every kube-proxy is the newest one and answers, or when the
 * cluster has none; else in words. A kube-proxy that is being replaced goes on sending to pods that have left.
 */
export const proxiesBehind: Command = {
  title: 'look at the kube-proxies',
  script: `${kubectl} -n kube-system get daemonset kube-proxy --ignore-not-found -o 'jsonpath={.metadata.generation} {.status.observedGeneration} {.status.desiredNumberScheduled} {.status.updatedNumberScheduled} {.status.numberAvailable}'`,
  parse: ({ stdout }) => {
    if (stdout.trim() === '') return '';
    const [wanted, seen, all = 0, newest = 0, available = 0] = stdout.trim().split(' ').map(numberIn);
    if (wanted !== seen) return 'the newest kube-proxy is not rolled out yet';
    return newest >= all && available >= all ? '' : `${Math.min(newest, available)} of ${all} kube-proxies are new and available`;
  },
};

/** The static pods of a node that the API does not show Ready with an image of the version, in words. */
export const laggingPods = (node: string, version: string): Command<string[]> => ({
  title: `kubectl get the static pods of ${node}`,
  script: `${kubectl} -n kube-system get pods ${versionedPods.map((name) => quote(`${name}-${node}`)).join(' ')} --ignore-not-found -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`,
  parse: ({ stdout }) => {
    const shown = new Map(stdout.split('\n').filter(Boolean).map((line) => line.split(' ')).map(([name = '', image = '', ready = '']) => [name, { image, ready }]));
    return versionedPods.flatMap((component) => {
      const pod = shown.get(`${component}-${node}`);
      if (!pod) return [`there is no pod ${component}-${node}`];
      if (!pod.image.endsWith(`:${version}`)) return [`${component} is ${pod.image}`];
      return pod.ready === 'True' ? [] : [`${component} is not Ready`];
    });
  },
});
