import { isCancellation } from '@temporalio/workflow';
import { type ClusterSpec, type HostTarget, targetOf } from '../domain/cluster';
import type { Difference, DriftReport } from '../domain/drift/difference';
import { factDifferences } from '../domain/drift/facts';
import { filesToForget, settingsToForget } from '../domain/drift/forget';
import { mendable } from '../domain/drift/observed';
import type { HostFacts } from '../domain/facts';
import type { ImageFacts } from '../domain/images';
import { type Plan, planCluster } from '../domain/plan';
import { eachOnce, refsOf } from '../domain/same-image';
import { restless } from '../domain/schedule';
import { whereOf } from '../domain/where';
import { explain } from './explain';
import { lookAtCluster } from './look';
import { glanceAt } from './look-at-hosts';
import { driftSignal, entityId } from './messages';
import { on } from './on';
import { sideBySide } from './side-by-side';
import { tellEntity } from './tell-entity';
import { clusterSlice, type Work } from './work';

/**
 * A look for what differs from what was applied, by a schedule or for a person: hosts and plan as `plan` has them, and on
 * each host what no mark tells of. Changes nothing; only where the policy says so, files and settings that differ are forgotten
 * so that the apply that the entity then makes brings them back. The entity hears of the result in either case.
 */
export async function driftCheck({ cluster }: { readonly cluster: string }): Promise<DriftReport> {
  const known = await on.probe.readEntity({ cluster });
  const at = new Date().toISOString();
  const nothing = (skipped: string): DriftReport => ({ cluster, at, differences: [], unseen: [], skipped });
  const skipped = restless(cluster, known);
  if (!known?.spec || skipped) return nothing(skipped ?? 'nothing is known of it');
  const { spec, view, record } = known;

  const [facts, { images, unknown }] = await Promise.all([glanceAt({ spec, uid: view.uid, hostKeys: view.hostKeys }), fetchImages(spec, view.uid)]);
  if (unknown) return tell({ cluster, at, differences: [], unseen: [], unknown });
  const targets = spec.hosts.map((host) => targetOf(spec, host, view.hostKeys[host.id]));
  const nodes = await lookAtCluster({ spec, uid: view.uid, operation: 'drift', last: record, on }, targets, facts);
  const plan = planCluster({ spec, facts, images, problems: [], last: record, ...(nodes ? { cluster: nodes } : {}) });
  const work: Work = { spec, images, uid: view.uid, n: 0, operation: 'drift', hostKeys: view.hostKeys, on, policy: () => spec.policy, force: false, record, leftOut: () => [], note: () => undefined };
  const inspected = await sideBySide(spec.hosts, { most: 100, change: 'inspections-in-lanes' }, (host) => inspect(work, plan, facts.find((one) => one.host === host.id), host.id));
  const report: DriftReport = {
    cluster, at,
    differences: [...factDifferences({ spec, facts, cluster: nodes, images, uid: view.uid, plan, record }), ...inspected.flatMap(({ differences }) => differences)],
    unseen: inspected.flatMap(({ unseen }) => (unseen ? [unseen] : [])),
  };
  if (spec.policy.drift.converge && mendable(report) && !restless(cluster, await on.probe.readEntity({ cluster }))) {
    // Asked once more: the look took its time, and under an operation that has begun since no mark may go.
    await Promise.all([forgetFiles(work, report), forgetSettings(work, report)]);
  }
  return tell(report);
}

async function tell(report: DriftReport): Promise<DriftReport> {
  await tellEntity(entityId(report.cluster), driftSignal, report);
  return report;
}

/** All images of the cluster, or why what should be there is not known: one of them cannot be had. */
async function fetchImages(spec: ClusterSpec, uid: string): Promise<{ images: readonly ImageFacts[]; unknown?: DriftReport['unknown'] }> {
  const met = await Promise.all(refsOf(spec).map(async (ref) => {
    try {
      return { image: await on.refetch.preProcessImage.executeWithOptions({ summary: `PreProcess ${ref}`.slice(0, 190) }, [{ where: whereOf({ spec, uid, operation: 'drift' }, 'PreProcess'), ref }]) };
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      return { lost: { reason: why.reason, message: `${ref}: ${why.message}` } };
    }
  }));
  const lost = met.flatMap((one) => one.lost ?? []);
  const [first] = lost;
  return { images: eachOnce(met.flatMap(({ image }) => image ?? [])), ...(first ? { unknown: { reason: first.reason, message: `what was applied is not known: ${lost.map(({ message }) => message).join('; ')}` } } : {}) };
}

interface Inspected {
  readonly differences: readonly Difference[];
  readonly unseen?: DriftReport['unseen'][number];
}

async function inspect(work: Work, plan: Plan, facts: HostFacts | undefined, id: string): Promise<Inspected> {
  const host = work.spec.hosts.find((one) => one.id === id);
  if (!facts?.reachable || !host) return { differences: [], unseen: { host: id, why: facts?.problem?.message ?? 'it was not looked at' } };
  // What has not joined is for the plan to say.
  if (!facts.joined || facts.claim?.uid !== work.uid) return { differences: [] };
  try {
    return { differences: await on.probe.inspectHost.executeWithOptions({ summary: `What differs on ${id}` }, [{
      where: whereOf(work, 'Drift'), host: targetOf(work.spec, host, work.hostKeys[id]), cluster: clusterSlice(work, plan),
    }]) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { differences: [], unseen: { host: id, why: explain(error)?.message ?? 'unknown' } };
  }
}

const forgetting = { most: 60, change: 'forgetting-in-lanes' };

async function forgetFiles(work: Work, report: DriftReport): Promise<void> {
  const hosts = filesToForget(report);
  await sideBySide(targetsAmong(work, hosts), forgetting, (host) => on.keep.forgetHostFiles.executeWithOptions(
    { summary: `Forget what the files of ${host.id} were` }, [{ where: whereOf(work, 'Drift'), host }],
  ));
}

async function forgetSettings(work: Work, report: DriftReport): Promise<void> {
  const forgotten = settingsToForget(report).flatMap(({ part, hosts }) => targetsAmong(work, hosts).map((host) => ({ host, part })));
  await sideBySide(forgotten, forgetting, ({ host, part }) => on.keep.forgetHostSettings.executeWithOptions(
    { summary: `Forget what the settings of ${host.id} were` }, [{ where: whereOf(work, 'Drift'), host, part }],
  ));
}

const targetsAmong = ({ spec, hostKeys }: Work, ids: ReadonlySet<string>): HostTarget[] =>
  spec.hosts.filter(({ id }) => ids.has(id)).map((host) => targetOf(spec, host, hostKeys[host.id]));
