import { type Adoption, recogniseCluster } from '../domain/adopt';
import { recordOfAdoption } from '../domain/adopted';
import { type ClusterSpec, controlPlanes, type Host, targetOf } from '../domain/cluster';
import type { FoundState } from '../activities/state-copy';
import { checkProblems } from '../domain/check';
import type { ImageFacts } from '../domain/images';
import { type Plan, planCluster } from '../domain/plan';
import { errorsOf } from '../domain/problem';
import { eachOnce, refsOf } from '../domain/same-image';
import { whereOf } from '../domain/where';
import { explain } from './explain';
import { glanceAt } from './look-at-hosts';
import type { AdoptAnswer, CopiesAnswer } from './messages';
import { on } from './on';
import { sideBySide } from './side-by-side';

export interface ReadCopiesInput {
  /** The control planes to ask, with how to log in. */
  readonly spec: ClusterSpec;
  readonly hostKeys?: Readonly<Record<string, string>>;
}

/** What lies on control planes of the state of a cluster. Changes nothing. */
export async function readCopies({ spec, hostKeys = {} }: ReadCopiesInput): Promise<CopiesAnswer> {
  const where = whereOf({ spec, uid: '', operation: 'adopt' }, 'Check');
  const ask = async (host: Host): Promise<FoundState & { host: string; problem?: string }> => {
    try {
      const found = await on.glance.readState.executeWithOptions({ summary: `Read the copy on ${host.id}` }, [{ where, host: targetOf(spec, host, hostKeys[host.id]), cluster: spec.name }]);
      return { host: host.id, ...found };
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      return { host: host.id, problem: why.message };
    }
  };
  return { hosts: await Promise.all(controlPlanes(spec).map(ask)) };
}

export interface AdoptClusterInput {
  readonly spec: ClusterSpec;
  readonly before?: ClusterSpec;
  readonly ours: boolean;
  readonly uid: string;
  readonly hostKeys: Readonly<Record<string, string>>;
  /** The hash of the adoption that a person has said yes to; absent: only look. */
  readonly confirm?: string;
}

/**
 * Looks at a cluster that nobody looks after, says what of it is there, and on a yes writes our claim and marks: nothing
 * else is changed on any host. The plan is what an apply would do afterwards.
 */
export async function adoptCluster({ spec, before, ours, uid, hostKeys, confirm }: AdoptClusterInput): Promise<AdoptAnswer> {
  const [facts, had] = await Promise.all([
    glanceAt({ spec, uid, hostKeys }),
    Promise.all(refsOf(spec).map((ref): Promise<ImageFacts> => on.transfer.preProcessImage.executeWithOptions({ summary: `PreProcess ${ref}`.slice(0, 190) }, [{ where: whereOf({ spec, uid, operation: 'adopt' }, 'PreProcess'), ref }]))),
  ]);
  const images = eachOnce(had);
  const adoption = recogniseCluster({ spec, ours, uid, facts, images, ...(before ? { before } : {}) });
  const plan = planAfter(spec, adoption, images);
  const agreed = confirm !== undefined && confirm === adoption.hash && errorsOf(adoption.problems).length === 0;
  if (agreed) {
    await sideBySide(adoption.hosts, { most: 100, change: 'adoptions-in-lanes' }, ({ host: id, marks }) => {
      const host = spec.hosts.find((one) => one.id === id);
      if (!host) throw new Error(`no host ${id}`);
      return on.change.adoptHost.executeWithOptions({ summary: `Claim ${id} for cluster ${spec.name}` }, [{ where: whereOf({ spec, uid: adoption.uid, operation: 'adopt' }, 'Adopt'), host: targetOf(spec, host, hostKeys[id]), marks }]);
    });
  }
  return { adoption: { ...adoption, facts: [] }, plan, adopted: agreed, record: recordOfAdoption(spec, adoption, { facts, images, now: new Date().toISOString() }) };
}

function planAfter(spec: ClusterSpec, { facts, uid }: Adoption, images: readonly ImageFacts[]): Plan {
  const reachable = { ...spec, hosts: spec.hosts.filter(({ id }) => facts.some(({ host, reachable: there }) => host === id && there)) };
  return planCluster({ spec, facts, images, problems: checkProblems({ spec: reachable, facts, images, uid }) });
}
