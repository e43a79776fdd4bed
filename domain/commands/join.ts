import { type Command, quote } from '../command';
import { apiPort } from '../host-paths';

/**
 * `kubeadm join`, safe to start again. The configuration holds a token, so it lies in a file in memory that only root
 * reads and that is gone when the script ends; it never stands in an argv or in an environment.
 */
export const joinScript = (options: { config: string; discovery: string; criSocket: string; rootfs: string; preserve: readonly string[] }): string => `set -u
umask 077
dir=$(mktemp -d /run/keelson-join.XXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT
if [ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] || [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
  echo 'leftovers of an earlier try: kubeadm reset'
  keep=$(mktemp -d /run/keelson-keep.XXXXXX) || exit 1
  for f in ${options.preserve.map(quote).join(' ')}; do [ ! -f "$f" ] || cp -p "$f" "$keep/"; done
  kubeadm reset -f --cri-socket ${quote(options.criSocket)}
  for f in ${options.preserve.map(quote).join(' ')}; do b=$keep/$(basename "$f"); [ ! -f "$b" ] || { mkdir -p "$(dirname "$f")"; cp -p "$b" "$f"; }; done
  rm -rf "$keep"
fi
mkdir -p /etc/kubernetes
if [ -f ${quote(`${options.rootfs}/statics/audit-policy.yml`)} ]; then install -m600 ${quote(`${options.rootfs}/statics/audit-policy.yml`)} /etc/kubernetes/audit-policy.yml; fi
cat > "$dir/discovery.conf" <<'KEELSON_DISCOVERY'
${options.discovery}
KEELSON_DISCOVERY
cat > "$dir/join.yaml" <<'KEELSON_JOIN'
${options.config}
KEELSON_JOIN
sed -i "s#@DISCOVERY@#$dir/discovery.conf#" "$dir/join.yaml"
# Until it has its certificate a kubelet asks as nobody, with pauses that grow. What it has not read by then, the Services,
# keeps its first pods back for 10 to 15 s more (no container is made without them). Started anew it reads them at once;
# kubeadm init does the same at its end.
( until [ -s ${kubeletCertificate} ]; do sleep 0.1; done; exec systemctl restart kubelet ) &
restart=$!
kubeadm join --config "$dir/join.yaml" --ignore-preflight-errors=SystemVerification,DirAvailable--etc-kubernetes-manifests
code=$?
# kubeadm may see the certificate before the loop has looked again.
if [ "$code" = 0 ] && [ -s ${kubeletCertificate} ]; then wait "$restart"; else kill "$restart" 2>/dev/null; fi
exit "$code"
`;

/** Where a kubelet puts the certificate that its bootstrap brings; it is not there before (Kubernetes 1.8 on). */
const kubeletCertificate = '/var/lib/kubelet/pki/kubelet-client-current.pem';

const bridge = 'keelson-api-bridge';

/**
 * The API at 127.0.0.1 before a worker has a kubelet to run its balancer: systemd hands the port on to one control plane.
 * ReusePort lets the two listen side by side, whichever came first; then the bridge goes.
 */
export const openBridge = (controlPlane: string): Command => ({
  title: 'open the bridge to the API',
  changes: true,
  script: `set -eu
# A balancer that listens is no reason to do without: after a reboot the kubelet brings it up, and the reset before the join takes it away.
if systemctl is-active --quiet ${bridge}.socket; then exit 0; fi
proxy=; for p in /lib/systemd/systemd-socket-proxyd /usr/lib/systemd/systemd-socket-proxyd; do [ ! -x "$p" ] || proxy=$p; done
[ -n "$proxy" ] || { echo 'systemd-socket-proxyd is not on this host: install the whole systemd package' >&2; exit 1; }
systemctl stop ${bridge}.socket ${bridge}.service 2>/dev/null || true
systemctl reset-failed ${bridge}.socket ${bridge}.service 2>/dev/null || true
systemd-run --quiet --unit ${bridge} --socket-property=ListenStream=127.0.0.1:${apiPort} --socket-property=ReusePort=yes "$proxy" ${quote(`${controlPlane}:${apiPort}`)}`,
});

/** Takes the bridge away. */
export const closeBridge: Command = {
  title: 'close the bridge to the API',
  changes: true,
  script: `systemctl stop ${bridge}.socket ${bridge}.service 2>/dev/null; systemctl reset-failed ${bridge}.socket ${bridge}.service 2>/dev/null; true`,
};

/** Whether the balancer itself listens: a process that is not systemd's bridge. */
export const balancerListens: Command<boolean> = {
  title: 'does the API balancer listen',
  script: `ss -Hltnp "sport = :${apiPort}" | grep -q haproxy`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

/** Whether the API answers at this host's own balancer. */
export const apiThroughBalancer: Command<boolean> = {
  title: 'ask the API through the balancer',
  script: `kubectl --kubeconfig /etc/kubernetes/kubelet.conf --server https://127.0.0.1:${apiPort} --tls-server-name apiserver.cluster.local --request-timeout=5s get --raw=/readyz`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};
