import { deleteNode, forgetPods, removeEtcdMember, retireApiServer } from '../../domain/commands/etcd-members';
import { exactly, like, oneOf } from '../pattern';
import { fail, type Simulation } from '../simulation';
import { viaApi } from './kubernetes';

const apiServer = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** How a host leaves its cluster: its API server, its member of etcd, its Node. */
export const etcdMembers: readonly Simulation[] = [
  {
    name: 'end the API server', reads: exactly(retireApiServer.script),
    act: ({ files }) => { if (files.has(apiServer)) files.move(apiServer, '/etc/kubernetes/keelson-retired/kube-apiserver.yaml'); },
  },
  {
    name: 'etcdctl member remove', reads: oneOf(like((address, node) => removeEtcdMember(node!, address!).script, '192.0.2.88', 'sample-node'), like((address) => removeEtcdMember('', address!).script, '192.0.2.88')),
    act: (host, { args: [address] }) => viaApi(host, (cluster) => {
      for (const [name, member] of cluster.members) {
        if (member.address !== address) continue;
        if (!cluster.hasQuorum()) return fail('etcdserver: unhealthy cluster');
        cluster.members.delete(name);
        // Not of the host that speaks: it happens to the cluster.
        host.did('etcdctl member remove', [name]);
      }
      return undefined;
    }),
  },
  {
    name: 'kubectl delete node', reads: like((node) => deleteNode(node!).script, 'sample-node'),
    act: (host, { args: [node = ''] }) => viaApi(host, (cluster) => {
      cluster.nodes.delete(node);
      return undefined;
    }),
  },
  { name: 'delete the pods of a node', reads: like((node) => forgetPods(node!).script, 'sample-node'), act: (host) => viaApi(host, () => undefined) },
];
