import { workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';

/** Temporal ends a workflow whose history has 51 200 events or 50 MiB. What runs at this point comes to its end in the rest. */
const mostEvents = 40_000;
const mostBytes = 35 * 1024 * 1024;
/** What a look writes of each host: scheduled, started, completed, and a workflow task with as much where they come one by one. */
const eventsOfALook = 6;

/** Whether a run has written so much that it should end soon, and go on as a new one. */
export function isLong({ policy }: ClusterSpec): boolean {
  const { historyLength, historySize } = workflowInfo();
  return historyLength > (policy.longHistory ?? mostEvents) || historySize > mostBytes;
}

/** Whether one more look at all hosts would make it so. */
export const isTooLongToLook = (spec: ClusterSpec): boolean =>
  workflowInfo().historyLength + spec.hosts.length * eventsOfALook > (spec.policy.longHistory ?? mostEvents);
