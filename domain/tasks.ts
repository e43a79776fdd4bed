/**
 * Work on a cluster that changes nothing of what is wanted: it runs as an operation of its own, alone like any other,
 * under `cluster/<name>/<kind>-<n>`. Each kind has its entry in workflows/run-task.ts. Never rename one: it is part of
 * workflow ids and stands in histories.
 */
export const taskKinds = ['verify', 'etcd-save', 'etcd-restore', 'cert-sans', 'cert-renew'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** A task as it is asked for: its kind, and what that kind takes. JSON; secrets sealed. */
export interface Task {
  readonly kind: TaskKind;
  readonly [argument: string]: unknown;
}

export const isTaskKind = (kind: unknown): kind is TaskKind => taskKinds.some((one) => one === kind);
