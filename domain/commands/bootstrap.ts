import { type Command, quote } from '../command';

export interface Runtime {
  /** With the scheme, e.g. `unix:///run/containerd/containerd.sock`. */
  readonly criSocket: string;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  /** Host name in lower case, as kubeadm would take it. */
  readonly hostname: string;
}

/**
 * The container runtime of a host: exactly one socket of those that kubeadm knows, and the cgroup driver its
 * configuration names. `preferred` (the image's SEALOS_SYS_CRI_ENDPOINT) decides where there are several.
 */
export const readRuntime = (preferred: string): Command<Runtime> => ({
  title: 'find the container runtime',
  script: `set -eu
sock=
for s in ${quote(preferred)} /run/containerd/containerd.sock /var/run/cri-dockerd.sock /run/crio/crio.sock; do
  if [ -n "$s" ] && [ -S "$s" ]; then sock=$s; break; fi
done
[ -n "$sock" ] || { echo 'no container runtime answers: none of its sockets is there' >&2; exit 1; }
driver=cgroupfs
if grep -Eqs '^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*true' /etc/containerd/config.toml || [ "\${sock##*/}" = crio.sock ]; then driver=systemd; fi
printf '%s\\n%s\\n%s\\n' "unix://$sock" "$driver" "$(hostname | tr '[:upper:]' '[:lower:]')"`,
  parse: ({ stdout }) => {
    const [criSocket = '', cgroupDriver = '', hostname = ''] = stdout.trim().split('\n');
    // They stand in kubeadm's configuration.
    if (!/^unix:\/\/\/\S+$/.test(criSocket) || !/^\S+$/.test(hostname)) throw new Error('no socket of the container runtime, or no host name');
    return { criSocket, cgroupDriver: cgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs', hostname };
  },
});

/**
 * Pulls container images side by side, ahead of whoever needs them. A failure is no error here: the kubelet pulls by
 * itself. Prints the references that could not be pulled.
 */
export const prePull = (images: readonly string[]): Command => ({
  title: `pull ${images.length} container images`,
  changes: true,
  timeoutMs: 15 * 60_000,
  stdin: images.map((image) => `${image}\n`).join(''),
  script: `one() {
  if command -v crictl >/dev/null 2>&1; then crictl pull "$1" >/dev/null 2>&1 || echo "$1"
  else ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d "$1" >/dev/null 2>&1 || echo "$1"; fi
}
while IFS= read -r image; do one "$image" & done; wait`,
});

/** The container images that kubeadm wants for a version. */
export const listImages = (version: string): Command<string[]> => ({
  title: 'kubeadm config images list',
  script: `kubeadm config images list --kubernetes-version ${quote(version)}`,
  parse: ({ stdout }) => stdout.split('\n').map((line) => line.trim()).filter(Boolean),
});
