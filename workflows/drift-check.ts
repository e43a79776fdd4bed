import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import { type ClusterSpec, targetOf } from '../domain/cluster';
import type { Difference, DriftReport } from '../domain/drift/difference';
import { factDifferences } from '../domain/drift/facts';
import { mendable } from '../domain/drift/observed';
import type { HostFacts } from '../domain/facts';
import type { ImageFacts } from '../domain/images';
import { type Plan, planCluster } from '../domain/plan';
import { restless } from '../domain/schedule';
import type { SettingsPart } from '../domain/settings';
import { explain } from './explain';
import { glanceAt } from './look-at-hosts';
import { driftSignal, entityId } from './messages';
import { on } from './on';
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
  if (unknown) return tellEntity({ cluster, at, differences: [], unseen: [], unknown });
  const plan = planCluster({ spec, facts, images, problems: [], last: record });
  const work: Work = { spec, images, uid: view.uid, n: 0, operation: 'drift', hostKeys: view.hostKeys, on, policy: () => spec.policy, record, leftOut: () => [], note: () => undefined };
  const inspected = await Promise.all(spec.hosts.map((host) => inspect(work, plan, facts.find((one) => one.host === host.id), host.id)));
  const report: DriftReport = {
    cluster, at,
    differences: [...factDifferences({ spec, facts, images, uid: view.uid, plan, record }), ...inspected.flatMap(({ differences }) => differences)],
    unseen: inspected.flatMap(({ unseen }) => (unseen ? [unseen] : [])),
  };
  if (spec.policy.drift.converge && mendable(report)) await Promise.all([forgetFiles(work, report), forgetSettings(work, report)]);
  return tellEntity(report);
}

async function tellEntity(report: DriftReport): Promise<DriftReport> {
  await getExternalWorkflowHandle(entityId(report.cluster)).signal(driftSignal, report).catch((error: unknown) => log.warn('the entity was not told', { error }));
  return report;
}

const where = (spec: ClusterSpec, uid: string, stage: string) => ({ cluster: spec.name, uid, n: 0, operation: 'drift', stage });

/** All images of the cluster, or why what should be there is not known: one of them cannot be had. */
async function fetchImages(spec: ClusterSpec, uid: string): Promise<{ images: readonly ImageFacts[]; unknown?: DriftReport['unknown'] }> {
  const met = await Promise.all(spec.images.map(async (ref) => {
    try {
      return { image: await on.refetch.preProcessImage.executeWithOptions({ summary: `PreProcess ${ref}`.slice(0, 190) }, [{ where: where(spec, uid, 'PreProcess'), ref }]) };
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      return { lost: { reason: why.reason, message: `${ref}: ${why.message}` } };
    }
  }));
  const lost = met.flatMap((one) => one.lost ?? []);
  const [first] = lost;
  return { images: met.flatMap(({ image }) => image ?? []), ...(first ? { unknown: { reason: first.reason, message: `what was applied is not known: ${lost.map(({ message }) => message).join('; ')}` } } : {}) };
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
      where: where(work.spec, work.uid, 'Drift'), host: targetOf(work.spec, host, work.hostKeys[id]), cluster: clusterSlice(work, plan),
    }]) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { differences: [], unseen: { host: id, why: explain(error)?.message ?? 'unknown' } };
  }
}

async function forgetFiles({ spec, uid, hostKeys }: Work, { differences }: DriftReport): Promise<void> {
  const data = `/var/lib/sealos/data/${spec.name}/`;
  const ids = new Set(differences.filter(({ kind, file }) => kind === 'file' && file?.startsWith(data)).map(({ host }) => host));
  await Promise.all(spec.hosts.filter(({ id }) => ids.has(id)).map((host) => on.keep.forgetHostFiles.executeWithOptions(
    { summary: `Forget what the files of ${host.id} were` }, [{ where: where(spec, uid, 'Drift'), host: targetOf(spec, host, hostKeys[host.id]) }],
  )));
}

/** The part of a host whose settings a difference is about. */
const partOf: Partial<Record<Difference['kind'], SettingsPart>> = { kubelet: 'kubelet', flag: 'control-plane' };

async function forgetSettings({ spec, uid, hostKeys }: Work, { differences }: DriftReport): Promise<void> {
  const about = (part: SettingsPart): Set<string> => new Set(differences.filter(({ kind }) => partOf[kind] === part).map(({ host }) => host));
  await Promise.all((['kubelet', 'control-plane'] as const).flatMap((part) => spec.hosts.filter(({ id }) => about(part).has(id)).map((host) => on.keep.forgetHostSettings.executeWithOptions(
    { summary: `Forget what the settings of ${host.id} were` }, [{ where: where(spec, uid, 'Drift'), host: targetOf(spec, host, hostKeys[host.id]), part }],
  ))));
}
