import { ClusterError } from '../domain/errors';
import type { WantedHost } from './wanted';

/** The hosts of --masters and --nodes, masters first. Throws InvalidSpec with all that is wrong with them. */
export function hostsFrom({ masters, nodes }: { readonly masters?: string; readonly nodes?: string }): WantedHost[] {
  const parse = (text: string | undefined, role: string): WantedHost[] => (text ?? '').split(',').filter(Boolean).map((item) => {
    const [address = '', port] = item.trim().split(':');
    if (!/^\d+(\.\d+){3}$/.test(address)) throw new ClusterError('InvalidSpec', `${item} is no IP`);
    return { address, roles: [role], env: [], ...(port ? { port: Number(port) } : {}) };
  });
  return [...parse(masters, 'master'), ...parse(nodes, 'node')];
}
