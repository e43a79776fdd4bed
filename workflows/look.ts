import { checkProblems } from '../domain/check';
import { type ClusterSpec, type HostTarget, isControlPlane, targetOf } from '../domain/cluster';
import { digestOf } from '../domain/digest';
import type { ClusterRecord } from '../domain/entity';
import { type ClusterFacts, type HostFacts, unreachable } from '../domain/facts';
import type { ImageFacts } from '../domain/images';
import { lostOf } from '../domain/lost';
import { absentOf, hasJoined, leaderOf, leavingOf } from '../domain/membership';
import { wantedOfNodes } from '../domain/node-settings';
import { machineProblems, strangerIsAway } from '../domain/other-machine';
import { placesOf } from '../domain/places';
import { type Plan, planCluster } from '../domain/plan';
import type { Problem } from '../domain/problem';
import { eachOnce, refsOf, twinProblems } from '../domain/same-image';
import type { Seen } from '../domain/seen';
import { specProblems } from '../domain/spec-rules';
import { type RunOf, whereOf } from '../domain/where';
import { explain, told } from './explain';
import type { On } from './on';
import type { Report } from './run-jobs';
import { sideBySide } from './side-by-side';
import { memberTarget } from './work';

export interface LookInput extends RunOf {
  readonly spec: ClusterSpec;
  readonly hostKeys: Readonly<Record<string, string>>;
  /** What the last operation left; within an operation, what it has come to. */
  readonly last: ClusterRecord;
  readonly on: On;
  readonly report: Report;
  /** Hosts that may be away: those that were already when the operation began. Left out: any may. */
  readonly mayBeAway?: readonly string[];
}

/**
 * Stages Check and PreProcess: every host and every image is looked at, side by side, then the cluster as a whole, and
 * nothing is changed. What is wrong with any of them comes back in one report. Hosts that leave are looked at as well: of
 * them nothing is asked.
 */
export async function look(input: LookInput): Promise<Seen> {
  const { spec, uid, last, hostKeys } = input;
  const refs = refsOf(spec);
  const staying = spec.hosts.map((host) => targetOf(spec, host, hostKeys[host.id]));
  const leaving = leavingOf(spec, last).map((member) => memberTarget(spec, member, hostKeys));
  const [met, fetched] = await Promise.all([
    sideBySide([...staying, ...leaving], { most: 200, change: 'looks-in-lanes' }, (target) => lookAtHost(input, target)),
    Promise.all(refs.map((ref) => fetchImage(input, ref))),
  ]);
  const facts = met.map((one) => (leaving.some(({ id }) => id === one.host) ? strangerIsAway(one, uid, last) : one));
  const cluster = await lookAtCluster(input, [...staying, ...leaving], facts);
  const had = fetched.flatMap(({ image }) => (image ? [image] : []));
  const images = eachOnce(had);
  const complete = had.length === refs.length;
  const seen = new Map(facts.map((one) => [one.host, one]));
  const lost = lostOf({ spec, seen, cluster, leaving, last });
  const away = absentOf(spec, seen, cluster, last)
    .map(({ id }) => id).filter((id) => input.mayBeAway?.includes(id) ?? true);
  const problems = [
    // The image may bring the networks that the spec leaves open.
    ...specProblems(spec, images.find(({ kind }) => kind === 'rootfs')),
    ...fetched.flatMap(({ problem }) => (problem ? [problem] : [])), ...twinProblems(had),
    // Of a cluster that is lost no machine can be the one that it was.
    ...(lost ? [] : machineProblems(last, facts)),
    ...checkProblems({ spec, facts, images, uid, imagesKnown: complete, away, ...(last.leader ? { leader: last.leader } : {}) }),
  ];
  for (const { id } of [...staying, ...leaving]) reportHost(input.report, id, problems);
  return { images, facts, problems, ...(cluster ? { cluster } : {}), ...(lost ? { lost } : {}) };
}

/** What differs, from a look. */
export const planFrom = (spec: ClusterSpec, seen: Seen, known: { last: ClusterRecord; forget?: readonly string[]; force?: boolean }): Plan =>
  planCluster({ spec, ...seen, silent: seen.cluster === undefined, leaving: leavingOf(spec, known.last).map(({ host }) => host), ...known });

async function lookAtHost(input: LookInput, target: HostTarget): Promise<HostFacts> {
  const { spec, on, report } = input;
  const { id } = target;
  report({ stage: 'Check', host: id, state: 'running' });
  try {
    return await on.probe.checkHost.executeWithOptions(
      { summary: `Check ${id}`, activityId: `Check/${id}` },
      [{ where: whereOf(input, 'Check'), host: target, places: placesOf(spec, target) }],
    );
  } catch (error) {
    const why = explain(error);
    if (!why) throw error;
    return unreachable(id, { type: why.reason, message: why.message });
  }
}

/** Asks a control plane for the whole cluster: the leader, or whichever else is there. Undefined when none answers. */
export async function lookAtCluster(input: Pick<LookInput, keyof RunOf | 'last' | 'on'>, targets: readonly HostTarget[], facts: readonly HostFacts[]): Promise<ClusterFacts | undefined> {
  const { spec, last, on } = input;
  const seen = new Map(facts.map((one) => [one.host, one]));
  const leader = leaderOf(spec, seen, last);
  const asked = targets
    .filter((host) => isControlPlane(host) && (hasJoined(seen.get(host.id)) || seen.get(host.id)?.controlPlane) && seen.get(host.id)?.apiReady !== false)
    .sort((a, b) => Number(b.id === leader) - Number(a.id === leader));
  if (asked.length === 0) return undefined;
  const wanted = wantedOfNodes(spec.hosts);
  try {
    const answer = await on.probe.observeCluster.executeWithOptions(
      { summary: 'Check the cluster: nodes, etcd', activityId: 'Check/cluster' }, [{ where: whereOf(input, 'Check'), controlPlanes: asked, ...(wanted ? { wanted } : {}) }],
    );
    return answer ?? undefined;
  } catch (error) {
    if (!explain(error)) throw error;
    return undefined;
  }
}

function reportHost(report: Report, host: string, problems: readonly Problem[]): void {
  const own = problems.filter((one) => one.host === host && one.severity === 'error');
  const first = own[0];
  if (!first) report({ stage: 'Check', host, state: 'done' });
  else report({ stage: 'Check', host, state: 'failed', reason: first.type, message: own.map(({ message }) => message).join('; ') });
}

async function fetchImage(input: LookInput, ref: string): Promise<{ image?: ImageFacts; problem?: Problem }> {
  const { on, report } = input;
  const event = { stage: 'PreProcess', subject: ref } as const;
  report({ ...event, state: 'running' });
  try {
    const image = await on.transfer.preProcessImage.executeWithOptions(
      { summary: `PreProcess ${ref}`.slice(0, 190), activityId: idOf(`PreProcess/${ref}`) },
      [{ where: whereOf(input, 'PreProcess'), ref }],
    );
    report({ ...event, state: 'done' });
    return { image };
  } catch (error) {
    const why = explain(error);
    if (!why) throw error;
    report({ ...event, state: 'failed', ...why });
    const late = why.reason === 'CommandTimedOut';
    const type = late ? 'CommandTimedOut' : why.reason === 'ImageNotFound' ? 'ImageNotFound' : 'InvalidImage';
    const todo = late ? 'see whether its registry answers the Temporal worker, then apply again' : 'name an image that exists; `keelson images` lists those in the store';
    return { problem: { severity: 'error', type, where: ref, message: why.message, todo, ...told(error) } };
  }
}

/** An activity's id of at most 200 characters. A long one ends in its digest: two that begin alike stay two. */
const idOf = (id: string): string => (id.length <= 200 ? id : `${id.slice(0, 183)}-${digestOf(id).slice(0, 16)}`);
