import { type Command, quote } from '../command';
import { adminConf, apiPort } from '../host-paths';
import { etcdctlIn } from './kubernetes';

/**
 * Takes the member with this peer address out of etcd, by way of a control plane that stays: the name of its Node, empty where it
 * has none (etcdctlIn). Does nothing where there is
 * none. etcd itself refuses what would cost the quorum.
 */
export const removeEtcdMember = (nodeName: string, address: string): Command => ({
  title: `etcdctl member remove (${address})`,
  changes: true,
  script: `set -u
${etcdctlIn(nodeName).first}list=$(${etcdctlIn(nodeName).etcdctl} member list -w simple) || exit 1
id=$(printf '%s\\n' "$list" | awk -F', ' -v one=${quote(`//${address}:`)} -v six=${quote(`//[${address}]:`)} 'index($4, one) || index($4, six) { print $1 }')
[ -n "$id" ] || exit 0
for one in $id; do ${etcdctlIn(nodeName).etcdctl} member remove "$one" || exit 1; done`,
});

/**
 * Ends the API server of a control plane that leaves, in its own way: it takes its address out of the kubernetes Service
 * while etcd still listens to it. Waits until nothing answers at its port any more, at most as long as a grace period.
 */
export const retireApiServer: Command = {
  title: 'end the API server',
  changes: true,
  timeoutMs: 90_000,
  script: `manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
[ ! -e "$manifest" ] || { mkdir -p /etc/kubernetes/keelson-retired && mv -f "$manifest" /etc/kubernetes/keelson-retired/; }
for try in $(seq 120); do
  ss -Hltn 'sport = :${apiPort}' | grep -q . || exit 0
  read -r -t 0.5 <> <(:)
done
exit 0`,
};

/** Deletes a Node object; what ran on it is made anew elsewhere. Does nothing where there is none. */
export const deleteNode = (node: string): Command => ({
  title: `kubectl delete node ${node}`,
  changes: true,
  script: `kubectl --kubeconfig ${adminConf} --request-timeout=20s delete node ${quote(node)} --ignore-not-found --wait=true --timeout=20s`,
});

/** Pods of a Node that never comes back: nobody is there to say that they have ended, so they are taken off the books. Fails where the API refuses it. */
export const forgetPods = (node: string): Command => ({
  title: `delete the pods of ${node}`,
  changes: true,
  timeoutMs: 90_000,
  script: `kubectl --kubeconfig ${adminConf} --request-timeout=20s delete pods --all-namespaces --field-selector spec.nodeName=${quote(node)} --force --grace-period=0 --wait=false --ignore-not-found`,
});
