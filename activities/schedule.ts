import { Context, getClient } from '@temporalio/activity';
import type { ClusterSpec } from '../domain/cluster';
import type { ClusterRecord, EntityView } from '../domain/entity';
import type { ScheduleKind } from '../domain/schedule';

const is = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/** What each schedule starts, and under which id; Temporal's own ids of schedules bear the kind and the cluster. */
const starts: Record<ScheduleKind, { readonly workflowType: string; readonly id: string }> = {
  drift: { workflowType: 'driftCheck', id: 'drift' },
  snapshots: { workflowType: 'scheduledSnapshot', id: 'snapshot' },
};

export interface ScheduleInput {
  readonly cluster: string;
  /** Absent: there shall be none. */
  readonly everyMs?: number;
}

/**
 * Makes a schedule of a cluster what the policy says. Temporal keeps it: it starts its workflow with no client and no entity
 * at hand. Ticks that were missed while the server was away are not made up for.
 */
export const setSchedule = (kind: ScheduleKind) => async ({ cluster, everyMs }: ScheduleInput): Promise<void> => {
  const { schedule } = getClient();
  const { workflowType, id } = starts[kind];
  const scheduleId = `${kind}/${cluster}`;
  const handle = schedule.getHandle(scheduleId);
  if (everyMs === undefined) {
    await handle.delete().catch((error: unknown) => {
      if (!is(error, 'ScheduleNotFoundError')) throw error;
    });
    return;
  }
  const options = {
    spec: { intervals: [{ every: everyMs }], jitter: Math.min(600_000, Math.round(everyMs / 10)) },
    action: {
      type: 'startWorkflow' as const, workflowType, workflowId: `cluster/${cluster}/${id}`, taskQueue: Context.current().info.taskQueue,
      args: [{ cluster }] as unknown[],
    },
    policies: { overlap: 'SKIP' as const, catchupWindow: 600_000 },
  };
  try {
    await schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!is(error, 'ScheduleAlreadyRunning')) throw error;
    await handle.update((before) => ({ ...before, ...options, state: before.state }) as never);
  }
};

export interface KnownEntity {
  readonly spec?: ClusterSpec;
  readonly view: EntityView;
  /** What the last operation left. */
  readonly record: ClusterRecord;
}

/** What the entity of a cluster wants and knows; undefined when there is none. A workflow cannot ask another one by itself. */
export const readEntity = () => async ({ cluster }: { readonly cluster: string }): Promise<KnownEntity | undefined> => {
  const client = getClient();
  const entity = client.workflow.getHandle(`cluster/${cluster}`);
  const ask = async (): Promise<KnownEntity | undefined> => {
    const { status } = await entity.describe();
    if (status.name !== 'RUNNING') return undefined;
    const [view, spec, record] = await Promise.all([entity.query<EntityView>('cluster'), entity.query<ClusterSpec | undefined>('desired'), entity.query<ClusterRecord>('record')]);
    return { view, record, ...(spec ? { spec } : {}) };
  };
  try {
    // Where no Temporal worker answers, this one neither: it must not hold up its own end.
    return await client.withDeadline(Date.now() + 5_000, ask);
  } catch (error) {
    if (is(error, 'WorkflowNotFoundError')) return undefined;
    throw error;
  }
};
