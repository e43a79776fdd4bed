import { quote } from '../command';
import { adminConf, stateDir } from '../host-paths';
import { toDisk } from './state';

/** The phases after the API answers; each may run again. */
const closingPhases = ['upload-config all', 'mark-control-plane', 'bootstrap-token', 'kubelet-finalize all', 'addon all'];

/**
 * Deletes every token of the cluster: when init ends there is only its own, which nobody needs. An API server that came up just
 * now may refuse the first calls. What cannot be deleted fails no init: it is good for a quarter of an hour (kubeadm/documents.ts).
 * Only ids enter an argv.
 */
export const deleteAllTokens = `delete_tokens() {
  local tokens id try
  for try in 1 2 3 4 5; do
    tokens=$(kubeadm token list -o jsonpath='{.token}{"\\n"}' 2>/dev/null) || { sleep 1; continue; }
    for id in $(cut -d. -f1 <<<"$tokens"); do kubeadm token delete "$id" >/dev/null || { sleep 1; continue 2; }; done
    return
  done
  echo 'the token of kubeadm init could not be deleted: it ends by itself'
}`;

/**
 * Takes the leftovers of a try that never became healthy. Certificates that are older than our claim are a person's, as an own CA
 * that kubeadm is to use: they stay, also when this is cut off, as they lie beside until they are back. A copy that fails ends this:
 * `find` says so with a plus alone.
 */
const clearLeftovers = (criSocket: string): string => `pki=/etc/kubernetes/pki own=${stateDir}/own-pki
if [ -e /etc/kubernetes/kubelet.conf ] || [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] || [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
  echo 'leftovers of an earlier try that never became healthy: kubeadm reset'
  if [ ! -e "$own" ] && [ -d "$pki" ]; then
    rm -rf "$own.new"
    (umask 077; mkdir -p "$own.new") && cd "$pki" && find . -type f ! -newer ${stateDir}/claim.json -exec cp -p --parents -t "$own.new" {} + || exit 1
    chmod --reference="$pki" "$own.new"
    cd /
    ${toDisk}
    mv -T "$own.new" "$own" || exit 1
  fi
  kubeadm reset -f --cri-socket ${quote(criSocket)}
  rm -rf "$pki" ${adminConf}
fi
if [ -d "$own" ]; then mkdir -p "$pki" && cp -a "$own/." "$pki/" && rm -rf "$own" || exit 1; fi`;

/**
 * `kubeadm init`, safe to start again. Where an earlier try left an API server that comes up, what may be missing after
 * it is made good phase by phase; where it never came up, its leftovers go first. They are ours: the host bears our claim.
 * kubeadm's own token is deleted at the end: each join makes its own.
 */
export const initScript = (options: { configPath: string; criSocket: string; rootfs: string }): string => `set -u
export KUBECONFIG=${adminConf}
config=${quote(options.configPath)}
ready() { kubectl get --raw=/readyz --request-timeout=3s >/dev/null 2>&1; }
${deleteAllTokens}
mkdir -p /etc/kubernetes
if [ -f ${quote(`${options.rootfs}/statics/audit-policy.yml`)} ]; then install -m600 ${quote(`${options.rootfs}/statics/audit-policy.yml`)} /etc/kubernetes/audit-policy.yml; fi
if [ -s ${adminConf} ] && [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
  echo 'an earlier try left a control plane: waiting for it'
  for _ in $(seq 90); do ready && break; sleep 1; done
  if ready; then
    for phase in ${closingPhases.map(quote).join(' ')}; do kubeadm init phase $phase --config "$config" || exit 1; done
    delete_tokens
    exit 0
  fi
fi
${clearLeftovers(options.criSocket)}
kubeadm init --config "$config" --skip-certificate-key-print --skip-token-print --ignore-preflight-errors=SystemVerification || exit $?
delete_tokens
exit 0
`;

/**
 * What a person would look at when a kubeadm command failed: the kubelet's last words and the control plane's containers. Not
 * those of other pods: what they say is nobody's cause, and would stand in errors and histories.
 */
export const diagnosis = `systemctl is-active kubelet containerd 2>&1 | paste -sd' '
journalctl -u kubelet -n 15 --no-pager -o cat 2>/dev/null | cut -c1-300
for log in $(ls -t /var/log/pods/kube-system_{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}-*/*/*.log 2>/dev/null | head -4); do echo "== $log"; tail -n 4 "$log" | cut -c1-300; done
`;
