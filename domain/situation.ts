import type { ClusterSpec, Host } from './cluster';
import type { ClusterRecord } from './entity';
import type { ClusterFacts, HostFacts } from './facts';
import type { ImageFacts } from './images';

/** Everything a plan is made from, with what follows from it at once. */
export interface Situation {
  readonly spec: ClusterSpec;
  readonly seen: ReadonlyMap<string, HostFacts>;
  readonly images: readonly ImageFacts[];
  readonly leader: string;
  readonly version: string;
  readonly absent: readonly string[];
  readonly cluster: ClusterFacts | undefined;
  readonly silent: boolean;
  readonly leaving: readonly Host[];
  readonly last: ClusterRecord | undefined;
  readonly forget: readonly string[];
  readonly force: boolean;
}
