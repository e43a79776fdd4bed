import { type Command, quote } from '../../command';
import { overlaps, rangeOf } from '../../ip-range';
import { interfaces, shared } from './parts';

/** Takes the interfaces of the pod network away, and those that lead into pods. Routes through them go along. */
export const removeInterfaces: Command = {
  title: 'remove the interfaces of pods',
  changes: true,
  script: `${shared}
{ ip -o link show master cni0; ip -o link show type veth | grep 'link-netns cni-'; } 2>/dev/null | while IFS=': ' read -r _ name _; do ip link delete "\${name%%@*}" 2>/dev/null; done
ip -o link show | while IFS=': ' read -r _ name _; do
  name=\${name%%@*}
  [[ ! $name =~ ^${interfaces}$ ]] || ip link delete "$name"
done
exit 0`,
};

/** The routes of the main table, one per line, as \`ip route\` shows them. */
export const readRoutes: Command<string[]> = {
  title: 'read the routes',
  script: '{ ip -4 route show table main; ip -6 route show table main; } 2>/dev/null; exit 0',
  parse: ({ stdout }) => stdout.split('\n').map((line) => line.trim()).filter(Boolean),
};

/**
 * Routes that a pod network has left: to pods by way of other hosts of the cluster, and to the API's virtual IP. A route
 * through another gateway, or to other networks, is somebody else's.
 */
export function staleRoutes(routes: readonly string[], known: { readonly peers: readonly string[]; readonly podSubnets: readonly string[]; readonly virtualIp: string }): string[] {
  return routes.filter((route) => {
    const [to = '', ...words] = route.split(' ');
    const gateway = words[words.indexOf('via') + 1];
    if (to === known.virtualIp) return true;
    return words.includes('via') && known.peers.includes(gateway ?? '') && isPods(to, known.podSubnets);
  });
}

/** Inside the pod network; the network itself or a larger one is no single host's part of it. */
const isPods = (to: string, subnets: readonly string[]): boolean => {
  const range = rangeOf(to.includes('/') ? to : `${to}/${to.includes(':') ? 128 : 32}`);
  return range !== undefined && subnets.some((subnet) => {
    const whole = rangeOf(subnet);
    return whole !== undefined && whole[1] < range[1] && overlaps(`${range[0].toString()}/${range[1]}`, subnet);
  });
};

/** Removes routes, given as \`ip route\` showed them. */
export const removeRoutes = (routes: readonly string[]): Command => ({
  title: `remove ${routes.length} routes`,
  changes: true,
  script: `${routes.map((route) => `ip route del ${words(route)} || true`).join('\n')}\nexit 0`,
});

/** Without the flags that ip shows and does not take. */
const words = (route: string): string => route.split(/\s+/).filter((word) => !['linkdown', 'dead', 'offload', 'trap'].includes(word)).map(quote).join(' ');
