import type { ClusterRecord } from './entity';
import type { HostFacts } from './facts';
import { marks } from './marks';

/**
 * Whether an application's commands have run in the cluster, as the marks of hosts tell. A host that led once keeps its mark
 * when another version takes the application's place through another leader: where a record tells what has run, only the
 * present leader's marks add to it. Without one, as of a cluster that was just adopted, any host's do.
 */
export const markedInstalled = (facts: Iterable<HostFacts>, digest: string, { leader, last }: { readonly leader: string; readonly last: ClusterRecord | undefined }): boolean =>
  [...facts].some(({ host, done }) => (last?.installed === undefined || host === leader) && done.includes(marks.guest(digest)));
