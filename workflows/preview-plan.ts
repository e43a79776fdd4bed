import { workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import { type ClusterRecord, newEntity } from '../domain/entity';
import type { Anew } from '../domain/lost';
import type { Plan } from '../domain/plan';
import { look, planFrom } from './look';
import { lookAnew } from './look-anew';
import { on } from './on';

export interface PreviewInput {
  readonly spec: ClusterSpec;
  /** Identity of the cluster, where there is one. */
  readonly uid?: string;
  readonly hostKeys?: Readonly<Record<string, string>>;
  /** What the last operation left, where there is one. */
  readonly last?: ClusterRecord;
  /** Hosts that may be forgotten. */
  readonly forget?: readonly string[];
  /** A cluster that is lost is made anew. */
  readonly anew?: Anew;
}

/** The dry run: the same look and the same plan as an operation, and nothing else. */
export async function previewPlan({ spec, uid = '', hostKeys = {}, last = newEntity(spec.name).current, forget = [], anew }: PreviewInput): Promise<Plan> {
  const operation = workflowInfo().workflowId.split('/').slice(2).join('/');
  const { seen, ...looked } = await lookAnew(anew, { ...last, hostKeys }, (known) =>
    look({ spec, uid, operation, hostKeys: known.hostKeys, last: known, on, report: () => undefined }));
  const plan = planFrom(spec, seen, { last: looked.record, forget, force: spec.force });
  return looked.anew ? { ...plan, anew: true } : plan;
}
