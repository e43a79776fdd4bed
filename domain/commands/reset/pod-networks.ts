import { type Command, quote } from '../../command';
import { hostPaths } from '../../host-paths';

/** The ranges of pods by what the cluster has written on the host, as far as it is still there. */
export const readPodNetworks = (cluster: string): Command<string[]> => ({
  title: 'read the network of pods',
  script: `{
  grep -hoE -e '--cluster-cidr=[^" ]+' /etc/kubernetes/manifests/kube-controller-manager.yaml
  grep -hoE '^FLANNEL_(IPV6_)?NETWORK=.+' /run/flannel/subnet.env
  grep -hoE 'podSubnet: *[^ ]+' ${quote(hostPaths(cluster).etc)}/*.yaml
} 2>/dev/null; exit 0`,
  parse: ({ stdout }) => [...new Set(stdout.split('\n').flatMap((line) => line.replace(/^[^=:]*[=:]/, '').replaceAll(/["' ]/g, '').split(',')).filter(Boolean))],
});
