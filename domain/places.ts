import type { ClusterSpec, Host } from './cluster';

/** What a spec may put elsewhere on a host, by variables of the images' contract: where a look at the host has to look. */
export interface Places {
  /** Where the container runtime keeps its images. (`registryData` takes no room: it is a link to the images' files.) */
  readonly criData: string;
  readonly registryPort: number;
}

export const usualPlaces: Places = { criData: '/var/lib/containerd', registryPort: 5000 };

/** The places of one host: the host's variables, then the cluster's, then what is usual. A value that can be no such place counts for nothing. */
export function placesOf(spec: Pick<ClusterSpec, 'env'>, host: Pick<Host, 'env'>): Places {
  const value = (wanted: string): string => [...spec.env, ...host.env].findLast(({ name }) => name === wanted)?.value ?? '';
  const port = Number(value('registryPort'));
  const folder = value('criData');
  return {
    criData: /^\/[^\0\r\n]*$/.test(folder) ? folder : usualPlaces.criData,
    registryPort: Number.isInteger(port) && port > 0 && port < 65_536 ? port : usualPlaces.registryPort,
  };
}
