import type { EntityView } from '../domain/entity';
import type { HostFacts } from '../domain/facts';
import type { HostsLook } from '../workflows/messages';

/** What is known of one host: what was stored by operations, and what a look saw just now. */
export interface HostState {
  readonly id: string;
  readonly role: 'control plane' | 'worker';
  readonly leader: boolean;
  readonly state: 'ready' | 'not ready' | 'not joined' | 'not ours' | 'unreachable' | 'not looked at';
  readonly version?: string;
  /** Why it is not ready. */
  readonly problem?: string;
  readonly lastError?: { readonly at: string; readonly operation: string; readonly stage: string; readonly message: string };
}

/** The hosts of a cluster as a look saw them; without a look only what operations left is known. */
export function hostStates(view: EntityView, look: HostsLook | undefined): HostState[] {
  return view.hosts.map(({ id, roles, error }) => {
    const facts = look?.facts.find(({ host }) => host === id);
    const role = roles.includes('master') ? 'control plane' : 'worker';
    return {
      id, role, leader: id === view.leader, ...stateOf(facts, view.uid, role),
      ...(facts?.kubeletVersion ? { version: facts.kubeletVersion } : {}),
      ...(error ? { lastError: error } : {}),
    };
  });
}

function stateOf(facts: HostFacts | undefined, uid: string, role: HostState['role']): Pick<HostState, 'state' | 'problem'> {
  if (!facts) return { state: 'not looked at' };
  if (!facts.reachable) return { state: 'unreachable', ...(facts.problem ? { problem: facts.problem.message } : {}) };
  if (facts.claim && facts.claim.uid !== uid) return { state: 'not ours', problem: `it belongs to cluster ${facts.claim.cluster} (${facts.claim.uid})` };
  if (!facts.claim && facts.foreign) return { state: 'not ours', problem: facts.foreign };
  if (!facts.joined) return { state: 'not joined' };
  if (facts.kubeletActive === false) return { state: 'not ready', problem: 'its kubelet does not run' };
  if (role === 'control plane' && facts.apiReady !== true) return { state: 'not ready', problem: 'its API server does not answer' };
  return { state: 'ready' };
}
