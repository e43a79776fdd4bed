import { quote } from '../command';
import { adminConf } from '../host-paths';

/** The phases after the API answers; each may run again. */
const closingPhases = ['upload-config all', 'mark-control-plane', 'bootstrap-token', 'kubelet-finalize all', 'addon all'];

/**
 * `kubeadm init`, safe to start again. Where an earlier try left an API server that comes up, what may be missing after
 * it is made good phase by phase; where it never came up, its leftovers go first. They are ours: the host bears our claim.
 * kubeadm's own token is deleted at the end: each join makes its own.
 */
export const initScript = (options: { configPath: string; criSocket: string; rootfs: string }): string => `set -u
export KUBECONFIG=${adminConf}
config=${quote(options.configPath)}
ready() { kubectl get --raw=/readyz --request-timeout=3s >/dev/null 2>&1; }
finish() { kubeadm token list -o jsonpath='{.token}{"\\n"}' 2>/dev/null | cut -d. -f1 | while read -r id; do [ -z "$id" ] || kubeadm token delete "$id" >/dev/null; done; }
mkdir -p /etc/kubernetes
if [ -f ${quote(`${options.rootfs}/statics/audit-policy.yml`)} ]; then install -m600 ${quote(`${options.rootfs}/statics/audit-policy.yml`)} /etc/kubernetes/audit-policy.yml; fi
if [ -s ${adminConf} ] && [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
  echo 'an earlier try left a control plane: waiting for it'
  for _ in $(seq 90); do ready && break; sleep 1; done
  if ready; then
    for phase in ${closingPhases.map(quote).join(' ')}; do kubeadm init phase $phase --config "$config" || exit 1; done
    finish
    exit 0
  fi
fi
if [ -e /etc/kubernetes/kubelet.conf ] || [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] || [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
  echo 'leftovers of an earlier try that never became healthy: kubeadm reset'
  kubeadm reset -f --cri-socket ${quote(options.criSocket)}
  rm -rf /etc/kubernetes/pki ${adminConf}
fi
kubeadm init --config "$config" --skip-certificate-key-print --skip-token-print --ignore-preflight-errors=SystemVerification || exit $?
finish
`;

/** What a person would look at when a kubeadm command failed: the kubelet's last words and the containers that ended. */
export const diagnosis = `systemctl is-active kubelet containerd 2>&1 | paste -sd' '
journalctl -u kubelet -n 15 --no-pager -o cat 2>/dev/null | cut -c1-300
for log in $(ls -t /var/log/pods/*/*/*.log 2>/dev/null | head -4); do echo "== $log"; tail -n 4 "$log" | cut -c1-300; done
`;
