import type { HostTarget } from '../domain/cluster';
import { patchNode, taintNode } from '../domain/commands/node-settings';
import { isEmptyRecord, nodeChange, nodePatch, recordOf } from '../domain/node-changes';
import type { SettingsInput } from './changing-settings';
import type { Deps } from './deps';
import { nodeObjectOf } from './node-of';
import type { Session } from './ports';
import { inScope } from './scope';

/**
 * The Node of a host gets the labels and taints that the Policy says of it, and loses those that Keelson has set and the Policy
 * says no more. What is Keelson's is noted on the Node before it is changed, so that it is known wherever this is cut off; run
 * twice it changes nothing. Throws CommandFailed for a host that the cluster does not know.
 */
export const applyNodeSettings = (deps: Deps) => async ({ where, host, leader }: Omit<SettingsInput, 'cluster'>): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const through = await deps.remote.to(leader, scope);
    const node = await nodeObjectOf(through, scope, host);
    const { labels, taints, record, meanwhile, noted } = nodeChange(node, host);
    const changes = Object.keys(labels).length + taints.length > 0;
    if (changes) await through.run(patchNode(node.name, nodePatch(labels, meanwhile)));
    if (taints.length > 0) await through.run(taintNode(node.name, taints));
    const last = nodePatch({}, record);
    if (changes ? last !== nodePatch({}, meanwhile) : !noted) await through.run(patchNode(node.name, last));
  });

/** Notes on a Node that has just been made what of it is Keelson's: its kubelet has registered it so. */
export async function noteNodeSettings(through: Session, host: HostTarget, node: string): Promise<void> {
  const record = recordOf(host);
  if (!isEmptyRecord(record)) await through.run(patchNode(node, nodePatch({}, record)));
}
