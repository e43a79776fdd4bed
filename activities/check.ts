import type { HostTarget } from '../domain/cluster';
import type { HostFacts } from '../domain/facts';
import type { Places } from '../domain/places';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { createObserve } from './observe';
import { inScope } from './scope';

export interface CheckInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** What the spec puts elsewhere on it; absent: where it matters to nobody. */
  readonly places?: Places;
}

/** Looks at a host before anything is changed. What is wrong with it is for domain/check.ts to say. */
export const checkHost = (deps: Deps) => async ({ where, host, places }: CheckInput): Promise<HostFacts> =>
  inScope(deps, where, host.id, async (scope) => {
    const facts = await createObserve(deps)({ host, cluster: where.cluster, scope, ...(places ? { places } : {}) });
    scope.log(facts.reachable ? `${facts.hostname ?? ''}, ${facts.os?.id ?? ''} ${facts.os?.version ?? ''}, ${facts.cpus ?? 0} CPUs, ${facts.memoryMiB ?? 0} MiB` : (facts.problem?.message ?? 'not reached'));
    return facts;
  });
