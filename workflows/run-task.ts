import { allHandlersFinished, ApplicationFailure, condition } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import type { OperationResult } from '../domain/entity';
import { withPause } from '../domain/paused';
import { beginStatus, endStatus } from '../domain/status';
import type { Task, TaskKind } from '../domain/tasks';
import { listen } from './decisions';
import { explain } from './explain';
import type { On } from './on';
import type { OperationInput } from './operation';
import { Shown } from './shown';
import { certRenew, certSans } from './tasks/certificates';
import { etcdRestore } from './tasks/etcd-restore';
import { etcdSave } from './tasks/etcd-save';
import { verify } from './tasks/verify';

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
  verify,
  'etcd-save': etcdSave,
  'etcd-restore': etcdRestore,
  'cert-sans': certSans,
  'cert-renew': certRenew,
};

/** An operation that changes nothing of what is wanted: one task, then its end. */
export async function runTask(input: TaskInput): Promise<OperationResult> {
  const { spec, operation, last, task, paused } = input;
  const now = (): string => new Date().toISOString();
  const shown = new Shown(beginStatus(spec.name, operation, last.conditions, now()), 'how far the task is');
  const { on } = listen({ spec, paused, onPause: (held, running) => shown.tell(withPause(shown.status, held, running, now())) });
  try {
    const { message, output, spec: desired } = await tasks[task.kind]({ input, on, say: (line) => shown.tell({ ...shown.status, notes: [...shown.status.notes, line] }) });
    shown.tell({ ...shown.status, phase: last.phase ?? 'ClusterSuccess', endedAt: now() });
    await condition(allHandlersFinished);
    return { outcome: 'Success', message, record: last, ...(output === undefined ? {} : { output }), ...(desired ? { desired } : {}) };
  } catch (error) {
    const why = explain(error);
    shown.tell(endStatus(shown.status, { ok: false, reason: why?.reason ?? 'Cancelled', message: why?.message ?? 'cancelled' }, now()));
    if (!why) throw error;
    // A task that failed says nothing about the cluster: its record stays.
    const result: OperationResult = { outcome: 'Failed', message: why.message, record: last };
    throw ApplicationFailure.create({ message: why.message, type: why.reason, nonRetryable: true, details: [result] });
  }
}
