import { type Command, quote } from '../command';
import { numberIn } from '../form';
import { adminConf, apiPort } from '../host-paths';

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=20s`;

/** What a host that has joined knows of its Node. */
export interface KnownNode {
  /** Under which its kubelet registers. */
  readonly name: string;
  /** Of the container runtime; empty where kubeadm (1.34 on) has noted it on the host. */
  readonly socket: string;
  /** As Kubernetes names it, e.g. `amd64`; empty for one that is not known here. */
  readonly arch: string;
  readonly cpus: number;
  readonly memoryKiB: number;
  readonly maxPods: number;
  /** Ranges that its network of pods uses, as they stand there: Flannel's note first, then whatever CNI is configured with a range. */
  readonly ranges: readonly string[];
}

/** Reads what kubeadm and the network of pods have left on the host. */
export const readKnownNode: Command<KnownNode> = {
  title: 'read what the host knows of its Node',
  script: `flag() { sed -n "s/.*--$1=\\([^ \\"]*\\).*/\\1/p" /var/lib/kubelet/kubeadm-flags.env 2>/dev/null; }
name=$(flag hostname-override)
echo "name \${name:-$(hostname | tr '[:upper:]' '[:lower:]')}"
case $(uname -m) in x86_64) echo arch amd64 ;; aarch64) echo arch arm64 ;; esac
echo "cpus $(nproc)"
sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/memory \\1/p' /proc/meminfo
sed -n 's/^maxPods: *\\([0-9]*\\)$/pods \\1/p' /var/lib/kubelet/config.yaml 2>/dev/null
[ -e /var/lib/kubelet/instance-config.yaml ] || echo "socket $(flag container-runtime-endpoint)"
sed -nE 's/^FLANNEL_(IPV6_)?SUBNET=/range /p' /run/flannel/subnet.env 2>/dev/null
cat /etc/cni/net.d/*.conf* 2>/dev/null | grep -oE '"subnet" *: *"[^"]+"' | sed -E 's/.*"([^"]+)"$/range \\1/'
exit 0`,
  parse: ({ stdout }) => {
    const all = (key: string): string[] => stdout.split('\n').filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1).trim()).filter(Boolean);
    const [name = ''] = all('name');
    const number = (key: string, otherwise: number): number => numberIn(all(key)[0] ?? '') || otherwise;
    const arch = all('arch')[0] ?? '';
    const socket = all('socket')[0] ?? '';
    // They stand in the object that is made.
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || !/^(amd64|arm64)?$/.test(arch) || !/^\S*$/.test(socket)) throw new Error('an answer of another form');
    return { name, socket, arch, cpus: number('cpus', 1), memoryKiB: number('memory', 1024 * 1024), maxPods: number('pods', 110), ranges: [...new Set(all('range'))] };
  },
};

/** What the API says to a kubelet that asks for its own Node. */
export type KubeletAnswer =
  | { readonly is: 'known' }
  /** With what it said: no answer of the API, or one that tells nothing of the kubelet. */
  | { readonly is: 'refused' | 'silent'; readonly words: string };

/** Whether the API takes the host for who it is: asked with the kubelet's own certificate, at one control plane's own address. */
export const askAsKubelet = (node: string, controlPlane: string): Command<KubeletAnswer> => ({
  title: 'ask the API as the kubelet does',
  script: `kubectl --kubeconfig /etc/kubernetes/kubelet.conf --server ${quote(`https://${controlPlane.includes(':') ? `[${controlPlane}]` : controlPlane}:${apiPort}`)} --request-timeout=10s get --raw=/api/v1/nodes/${quote(node)} 2>&1 >/dev/null`,
  okCodes: [0, 1],
  parse: ({ code, stdout }) => {
    const words = stdout.trim().split('\n').at(-1) ?? '';
    if (code === 0 || /\(NotFound\)/.test(words)) return { is: 'known' };
    return { is: /Unauthorized|Forbidden|x509|certificate|private key|no such file|no configuration/i.test(words) ? 'refused' : 'silent', words };
  },
});

/** The ranges of pods that Nodes have. */
export const readPodRanges: Command<string[]> = {
  title: 'read the ranges of pods of all Nodes',
  keepsBytes: 4 * 1024 * 1024,
  script: `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.spec.podCIDR}{"\\n"}{range .spec.podCIDRs[*]}{@}{"\\n"}{end}{end}'`,
  parse: ({ stdout }) => [...new Set(stdout.split('\n').map((line) => line.trim()).filter(Boolean))],
};

/**
 * Makes a Node object from its manifest, in place of one that has no capacity. It never leaves such a one: a kubelet that starts
 * and finds it refuses its static pods for want of room, and a control plane would be gone.
 */
export const createNode = (node: string, manifest: string): Command => ({
  title: `kubectl create node ${node}`, changes: true, stdin: manifest,
  script: `set -u
node=${quote(node)}
manifest=$(cat)
room() { ${kubectl} get node "$node" --ignore-not-found -o 'jsonpath={.status.allocatable.cpu}'; }
found=$(room) || exit 1
[ -z "$found" ] || exit 0
${kubectl} delete node "$node" --ignore-not-found || exit 1
told=$(printf '%s\n' "$manifest" | ${kubectl} create -f - 2>&1) || case $told in *AlreadyExists*) ;; *) printf '%s\n' "$told" >&2; exit 1 ;; esac
found=$(room) || exit 1
[ -z "$found" ] || exit 0
${kubectl} delete node "$node" --ignore-not-found
echo 'the API takes no Node with its capacity' >&2
exit 1`,
});

/** The kubelet stands still; its pods run on. */
export const stopKubeletAlone: Command = { title: 'stop the kubelet', changes: true, script: 'systemctl stop kubelet' };

/** The kubelet starts anew, also one that systemd has given up. It looks for its Node then. */
export const restartKubelet: Command = { title: 'restart the kubelet', changes: true, script: 'systemctl reset-failed kubelet 2>/dev/null\nsystemctl restart kubelet' };
