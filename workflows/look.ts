import { changeProblems } from '../domain/change-rules';
import { checkProblems } from '../domain/check';
import { type ClusterSpec, targetOf } from '../domain/cluster';
import type { ClusterRecord } from '../domain/entity';
import { type HostFacts, unreachable } from '../domain/facts';
import type { ImageFacts } from '../domain/images';
import { type Plan, planCluster } from '../domain/plan';
import type { Problem } from '../domain/problem';
import { specProblems } from '../domain/spec-rules';
import type { Where } from '../domain/where';
import { explain, told } from './explain';
import type { On } from './on';
import type { Report } from './run-jobs';

export interface Seen {
  readonly images: readonly ImageFacts[];
  readonly facts: readonly HostFacts[];
  readonly problems: readonly Problem[];
}

export interface LookInput {
  readonly spec: ClusterSpec;
  readonly where: Omit<Where, 'stage'>;
  readonly hostKeys: Readonly<Record<string, string>>;
  /** What the last operation left. */
  readonly last: ClusterRecord;
  readonly on: On;
  readonly report: Report;
}

/**
 * Stages Check and PreProcess: every host and every image is looked at, side by side, and nothing is changed. What is
 * wrong with any of them comes back in one report.
 */
export async function look(input: LookInput): Promise<Seen> {
  const { spec, where, last } = input;
  const [facts, fetched] = await Promise.all([
    Promise.all(spec.hosts.map((host) => lookAtHost(input, host.id))),
    Promise.all(spec.images.map((ref) => fetchImage(input, ref))),
  ]);
  const images = fetched.flatMap(({ image }) => (image ? [image] : []));
  const complete = images.length === spec.images.length;
  const problems = [
    // The image may bring the networks that the spec leaves open.
    ...specProblems(spec, images.find(({ kind }) => kind === 'rootfs')),
    ...fetched.flatMap(({ problem }) => (problem ? [problem] : [])),
    ...changeProblems(last, images),
    ...checkProblems({ spec, facts, images, uid: where.uid, imagesKnown: complete }),
  ];
  for (const { id } of spec.hosts) reportHost(input.report, id, problems);
  return { images, facts, problems };
}

/** What differs, from a look. */
export const planFrom = (spec: ClusterSpec, seen: Seen, force = false): Plan => planCluster({ spec, ...seen, force });

async function lookAtHost({ spec, where, hostKeys, on, report }: LookInput, id: string): Promise<HostFacts> {
  const host = spec.hosts.find((one) => one.id === id);
  if (!host) throw new Error(`no host ${id}`);
  report({ stage: 'Check', host: id, state: 'running' });
  try {
    return await on.probe.checkHost.executeWithOptions(
      { summary: `Check ${id}`, activityId: `Check/${id}` },
      [{ where: { ...where, stage: 'Check' }, host: targetOf(spec, host, hostKeys[id]) }],
    );
  } catch (error) {
    const why = explain(error);
    if (!why) throw error;
    return unreachable(id, { type: why.reason, message: why.message });
  }
}

function reportHost(report: Report, host: string, problems: readonly Problem[]): void {
  const own = problems.filter((one) => one.host === host && one.severity === 'error');
  const first = own[0];
  if (!first) report({ stage: 'Check', host, state: 'done' });
  else report({ stage: 'Check', host, state: 'failed', reason: first.type, message: own.map(({ message }) => message).join('; ') });
}

async function fetchImage({ where, on, report }: LookInput, ref: string): Promise<{ image?: ImageFacts; problem?: Problem }> {
  const event = { stage: 'PreProcess', subject: ref } as const;
  report({ ...event, state: 'running' });
  try {
    const image = await on.transfer.preProcessImage.executeWithOptions(
      { summary: `PreProcess ${ref}`.slice(0, 190), activityId: `PreProcess/${ref}`.slice(0, 200) },
      [{ where: { ...where, stage: 'PreProcess' }, ref }],
    );
    report({ ...event, state: 'done' });
    return { image };
  } catch (error) {
    const why = explain(error);
    if (!why) throw error;
    report({ ...event, state: 'failed', ...why });
    const type = why.reason === 'ImageNotFound' ? 'ImageNotFound' : 'InvalidImage';
    return { problem: { severity: 'error', type, where: ref, message: why.message, todo: 'name an image that exists; `keelson images` lists those in the store', ...told(error) } };
  }
}
