import { type Command, quote } from '../../command';
import { jobPrefix } from './jobs';
import { shared } from './parts';

/**
 * Stops what would start things again: steps of this cluster that still run, the bridge to the API, the kubelet. Then takes
 * the admin kubeconfig away while the cluster's authority is there to tell whether it is ours; one that knows other clusters,
 * too, stays.
 */
export const stopKubelet = (uid: string): Command => ({
  title: 'stop the kubelet',
  changes: true,
  timeoutMs: 120_000,
  script: `${shared}
systemctl stop ${quote(`${jobPrefix(uid)}*`)} keelson-api-bridge.socket keelson-api-bridge.service 2>/dev/null
systemctl stop kubelet.service 2>/dev/null
config=/root/.kube/config authority=/etc/kubernetes/pki/ca.crt
if [ -f "$config" ] && [ -f "$authority" ] && grep -qF "certificate-authority-data: $(base64 -w0 "$authority")" "$config"; then
  if [ "$(grep -cE '^ *(- )?cluster:$' "$config")" -gt 1 ]; then echo "$config stays: it knows other clusters, too"
  else rm -rf "$config" /root/.kube/cache; rmdir /root/.kube 2>/dev/null; fi
fi
exit 0`,
});

/**
 * \`kubeadm reset\`, where kubeadm is there. It knows what its own version has made; what it cannot do is done afterwards.
 * Leaving etcd is for a host that leaves a cluster which lives on: at the end of a whole cluster the last members would
 * wait for each other, and kubeadm for an API that has no etcd. So it is not told where the API is.
 */
export const kubeadmReset = (leavesEtcd: boolean): Command => ({
  title: 'kubeadm reset',
  changes: true,
  timeoutMs: 6 * 60_000,
  script: `${shared}
has kubeadm || exit 0
for socket in /run/containerd/containerd.sock /run/cri-dockerd.sock /run/crio/crio.sock; do [ ! -S "$socket" ] || break; done
timeout --kill-after=10 300 kubeadm reset -f --cri-socket "unix://$socket"${leavesEtcd ? '' : ' --skip-phases=remove-etcd-member --kubeconfig /etc/kubernetes/none.conf'} </dev/null 2>&1`,
});

/** Ends every container of a pod and its keeper, and unmounts what they had mounted. */
export const stopPods: Command = {
  title: 'end the containers of pods',
  changes: true,
  timeoutMs: 120_000,
  script: `${shared}
systemctl stop kubelet.service 2>/dev/null
for try in {1..100}; do
  mapfile -t found < <(pod_processes; shims)
  [ "\${#found[@]}" -gt 0 ] || break
  kill -KILL "\${found[@]}" 2>/dev/null
  pause 0.1
done
systemctl stop kubepods.slice 2>/dev/null
# A mount of the folder onto itself may lie over mounts of pods, and under others: one round for each such layer.
for try in {1..10}; do
  [ -n "$(pod_mounts)" ] || [ "$(self_mounts)" -gt 0 ] || break
  pod_mounts | while IFS= read -r point; do
    point=$(plain "$point")
    umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null
  done
  [ "$(self_mounts)" = 0 ] || umount /var/lib/kubelet 2>/dev/null || umount -l /var/lib/kubelet
done
for namespace in /run/netns/cni-*; do rm -f "$namespace"; done
exit 0`,
};
