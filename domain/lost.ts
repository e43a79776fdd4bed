import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from './cluster';
import type { ClusterRecord } from './entity';
import type { ClusterFacts, HostFacts } from './facts';
import { hasJoined } from './membership';
import type { Problem } from './problem';

/** A cluster that was made, and of which no control plane is there any more. */
export interface Lost {
  /** Control planes whose machines were seen, with nothing of a control plane on them. */
  readonly bare: readonly string[];
  /** Control planes that show another host key: nobody has seen what is on them, and the cluster may live there. */
  readonly unseen: readonly string[];
  /** All hosts that show another host key. */
  readonly otherKeys: readonly string[];
  /** Hosts that still have what they had as members of it. */
  readonly left: readonly string[];
}

/** How far a person goes who wants a lost cluster anew: where no host shows another key, or whatever keys they show. */
export type Anew = 'sameKeys' | 'anyKeys';

interface Known {
  readonly spec: ClusterSpec;
  readonly seen: ReadonlyMap<string, HostFacts>;
  readonly cluster: ClusterFacts | undefined;
  readonly leaving: readonly Host[];
  readonly last: Pick<ClusterRecord, 'created'> | undefined;
}

/** A look found that the host is or was part of a Kubernetes, whatever the marks on it say. */
export const isMember = (facts: HostFacts | undefined): boolean => facts !== undefined && facts.reachable && (hasJoined(facts) || facts.joined || facts.controlPlane);

/** It was reached, or somebody else is where it was. */
const isGone = (facts: HostFacts | undefined): boolean => facts !== undefined && (facts.reachable ? !isMember(facts) : facts.problem?.type === 'HostClaimed');

const showsOtherKey = (facts: HostFacts | undefined): boolean => facts?.problem?.type === 'HostKeyMismatch';

/** Undefined while a control plane may live: one that cannot be reached may, whatever the others look like. */
export function lostOf({ spec, seen, cluster, leaving, last }: Known): Lost | undefined {
  if (!last?.created || cluster) return undefined;
  const ids = (hosts: readonly Host[], of: (facts: HostFacts | undefined) => boolean): string[] => hosts.map(({ id }) => id).filter((id) => of(seen.get(id)));
  const led = [...controlPlanes(spec), ...leaving.filter(isControlPlane)];
  const [bare, unseen] = [ids(led, isGone), ids(led, showsOtherKey)];
  if (bare.length + unseen.length < led.length) return undefined;
  const all = [...spec.hosts, ...leaving];
  return { bare, unseen, otherKeys: ids(all, showsOtherKey), left: ids(all, isMember) };
}

/** Whether all that is known of it may be forgotten and the cluster begin anew, by the word of a person. */
export const mayBeginAnew = (lost: Lost | undefined, anew: Anew): boolean =>
  lost !== undefined && lost.left.length === 0 && (anew === 'anyKeys' || lost.otherKeys.length === 0);

/** An error where the cluster is lost; only a hint where that cannot be seen because of another host key. */
export function lostProblems(known: Known): Problem[] {
  const lost = lostOf(known);
  if (!lost) return [];
  const { bare, unseen, left } = lost;
  const { name } = known.spec;
  const forget = `\`keelson reset ${name} --forget\` forgets it, keys of hosts too, and touches no host`;
  if (unseen.length > 0) {
    return [problem('warning', `no control plane of cluster ${name} is there as it was: ${[...unseen.map((id) => `${id} shows another host key`), ...bare.map((id) => `${id} is bare`)].join(', ')}`,
      `only if these machines were installed anew: the same command with --force and --yes makes the cluster anew; ${forget}`)];
  }
  const gone = `cluster ${name} is lost: nothing of it is on ${bare.join(', ')}, and it has no other control plane`;
  if (left.length > 0) return [problem('error', `${gone}; ${left.join(', ')} still ${left.length === 1 ? 'has' : 'have'} what members have`, `\`keelson reset ${name}\` makes every host bare; ${forget}`)];
  return [problem('error', gone, `the same command with --force makes it anew on these hosts; ${forget}`)];
}

const problem = (severity: Problem['severity'], message: string, todo: string): Problem => ({ severity, type: 'ClusterLost', message, todo });
