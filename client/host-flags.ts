import { parseHostList } from '../domain/host-list';
import type { WantedHost } from './wanted';

/** The hosts of --masters and --nodes, masters first. Throws InvalidSpec with all that is wrong with them. */
export function hostsFrom({ masters, nodes }: { readonly masters?: string; readonly nodes?: string }): WantedHost[] {
  return [
    ...parseHostList(masters ?? '', undefined, '--masters').map((host) => ({ ...host, roles: ['master'], env: [] })),
    ...parseHostList(nodes ?? '', undefined, '--nodes').map((host) => ({ ...host, roles: ['node'], env: [] })),
  ];
}
