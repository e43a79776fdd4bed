import { allHandlersFinished, ApplicationFailure, condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { type ClusterSpec, controlPlanes, targetOf } from '../domain/cluster';
import { renderDetails } from '../domain/details';
import type { OperationResult } from '../domain/entity';
import { beginStatus, endStatus, type OperationStatus } from '../domain/status';
import type { Task, TaskKind } from '../domain/tasks';
import { listen } from './decisions';
import { explain } from './explain';
import { statusQuery } from './messages';
import type { On } from './on';
import type { OperationInput } from './operation';
import { certRenew, certSans } from './tasks/certificates';
import { etcdRestore } from './tasks/etcd-restore';
import { etcdSave } from './tasks/etcd-save';

export interface TaskInput extends OperationInput {
  readonly task: Task;
}

/** What a task works with. */
export interface AtTask {
  readonly input: TaskInput;
  /** The verbs; they heed a pause. */
  readonly on: On;
  /** A line for people, among the operation's notes. */
  say(line: string): void;
}

/** What a task gives: words for people, and a small result for programs, without secrets. */
export interface TaskEnd {
  readonly message: string;
  readonly output?: unknown;
  /** What is wanted from now on, where the task has made it so already. */
  readonly spec?: ClusterSpec;
}

/** Does one kind of task. Everything that acts is an activity; what it throws ends the task with that reason. */
export type RunTask = (at: AtTask) => Promise<TaskEnd>;

/** The kinds of domain/tasks.ts, each with what it does. */
const tasks: Record<TaskKind, RunTask> = {
  verify: async ({ input: { spec, uid, n, operation, last }, on }) => {
    const leader = spec.hosts.find(({ id }) => id === last.leader) ?? controlPlanes(spec)[0];
    if (!leader) throw ApplicationFailure.nonRetryable('there is no control plane', 'InvalidSpec');
    const facts = await on.probe.checkHost.executeWithOptions(
      { summary: `Check ${leader.id}`, activityId: `Check/${leader.id}` },
      [{ where: { cluster: spec.name, uid, n, operation, stage: 'Check' }, host: targetOf(spec, leader, last.hostKeys[leader.id]) }],
    );
    if (!facts.reachable) throw ApplicationFailure.nonRetryable(`${leader.id}: ${facts.problem?.message ?? 'no answer'}`, 'HostUnreachable');
    return { message: `${leader.id} answers` };
  },
  'etcd-save': etcdSave,
  'etcd-restore': etcdRestore,
  'cert-sans': certSans,
  'cert-renew': certRenew,
};

/** An operation that changes nothing of what is wanted: one task, then its end. */
export async function runTask(input: TaskInput): Promise<OperationResult> {
  const { spec, operation, last, task, paused } = input;
  const now = (): string => new Date().toISOString();
  let status: OperationStatus = beginStatus(spec.name, operation, last.conditions, now());
  const tell = (next: OperationStatus): void => {
    status = next;
    setCurrentDetails(renderDetails(status));
  };
  setHandler(statusQuery, () => status, { description: 'how far the task is' });
  const { on } = listen({ spec, paused, onPause: (held) => {
    const { paused: _before, ...rest } = status;
    tell(held ? { ...rest, paused: held } : rest);
  } });
  try {
    const { message, output, spec: desired } = await tasks[task.kind]({ input, on, say: (line) => tell({ ...status, notes: [...status.notes, line] }) });
    tell({ ...status, phase: last.phase ?? 'ClusterSuccess', endedAt: now() });
    await condition(allHandlersFinished);
    return { outcome: 'Success', message, record: last, ...(output === undefined ? {} : { output }), ...(desired ? { desired } : {}) };
  } catch (error) {
    const why = explain(error);
    tell(endStatus(status, { ok: false, reason: why?.reason ?? 'Cancelled', message: why?.message ?? 'cancelled' }, now()));
    if (!why) throw error;
    // A task that failed says nothing about the cluster: its record stays.
    const result: OperationResult = { outcome: 'Failed', message: why.message, record: last };
    throw ApplicationFailure.create({ message: why.message, type: why.reason, nonRetryable: true, details: [result] });
  }
}
