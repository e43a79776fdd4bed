import { randomBytes } from 'node:crypto';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { type CopyInput, type ExecInput, execField, type HostResult, type HostsWork, selectHosts } from '../domain/on-hosts';
import { readFileTree } from '../home/file-tree';
import { seal } from '../home/seal';
import { entityId, taskQueue } from '../workflows/messages';
import { fromTemporal } from './errors';

/** Which hosts: those named, or those with one of the roles, or all. */
export interface Selection {
  readonly hosts?: readonly string[];
  readonly roles?: readonly string[];
}

/** A cluster as the entity knows it. */
export interface KnownCluster {
  readonly spec: ClusterSpec;
  readonly view: EntityView;
}

/** A command or a copy under way on the hosts of a cluster. */
export class HostsRun {
  constructor(private readonly client: Client, readonly cluster: string, readonly operation: string, readonly hosts: readonly string[], private readonly address: string) {}

  get workflowId(): string {
    return `${entityId(this.cluster)}/${this.operation}`;
  }

  /** How it went on each host; undefined when it was cancelled. */
  async result(): Promise<HostResult[] | undefined> {
    try {
      return await this.client.workflow.getHandle<() => Promise<HostResult[]>>(this.workflowId).result();
    } catch (error) {
      if (error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure) return undefined;
      throw fromTemporal(error, { cluster: this.cluster, address: this.address });
    }
  }

  /** Ends it on every host; `result` then waits until nothing of it runs any more. */
  async cancel(): Promise<void> {
    await this.client.workflow.getHandle(this.workflowId).cancel();
  }
}

/** Starts a command on hosts. Its text travels sealed. Throws InvalidSpec for hosts and roles that the cluster has not. */
export async function startExec(
  { client, address }: { client: Client; address: string }, known: KnownCluster, command: string, { timeoutMs, ...selection }: Selection & { timeoutMs: number },
): Promise<HostsRun> {
  const work = workOn(known, 'exec', selection);
  const input: ExecInput = { ...work, timeoutMs, command: seal(command, { cluster: work.cluster, field: execField(work.operation) }) };
  return start({ client, address }, 'execCommand', input, `exec on ${work.hosts.length} hosts`);
}

/** Starts a copy of a file or folder of this machine, which must be the Temporal worker's as well. */
export async function startCopy(
  { client, address }: { client: Client; address: string }, known: KnownCluster, paths: { source: string; destination: string }, selection: Selection,
): Promise<HostsRun> {
  const work = workOn(known, 'scp', selection);
  const { digest } = await readFileTree(paths.source);
  const input: CopyInput = { ...work, ...paths, digest };
  return start({ client, address }, 'copyFiles', input, `copy to ${work.hosts.length} hosts`);
}

function workOn({ spec, view }: KnownCluster, verb: 'exec' | 'scp', selection: Selection): HostsWork {
  const hosts = selectHosts(spec, selection);
  const used = new Set(hosts.map(({ credential }) => credential));
  return {
    cluster: spec.name, uid: view.uid, operation: `${verb}-${randomBytes(4).toString('hex')}`, hosts,
    credentials: Object.fromEntries(Object.entries(spec.credentials).filter(([id]) => used.has(id))),
    hostKeys: Object.fromEntries(hosts.flatMap(({ id }) => (view.hostKeys[id] ? [[id, view.hostKeys[id]]] : []))),
    strictHostKeys: spec.policy.strictHostKeys,
  };
}

async function start({ client, address }: { client: Client; address: string }, workflow: 'execCommand' | 'copyFiles', input: HostsWork, staticSummary: string): Promise<HostsRun> {
  const run = new HostsRun(client, input.cluster, input.operation, input.hosts.map(({ id }) => id), address);
  try {
    await client.workflow.start(workflow, { workflowId: run.workflowId, taskQueue, args: [input], staticSummary });
  } catch (error) {
    throw fromTemporal(error, { cluster: input.cluster, address });
  }
  return run;
}
