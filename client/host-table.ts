import type { EntityView } from '../domain/entity';
import type { HostFacts } from '../domain/facts';
import type { HostsLook } from '../workflows/messages';

/** What is known of one host: what was stored by operations, and what a look saw just now. */
export interface HostState {
  readonly id: string;
  readonly role: 'control plane' | 'worker';
  readonly leader: boolean;
  readonly state: 'ready' | 'not ready' | 'not joined' | 'not ours' | 'unreachable' | 'not looked at';
  /** Its Node is cordoned: it takes no new pods. */
  readonly unschedulable?: true;
  readonly version?: string;
  /** The certificate of Kubernetes on it that expires first, and when (ISO). */
  readonly certificatesExpire?: HostFacts['certificatesExpire'];
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
      ...(look?.cordoned?.includes(id) ? { unschedulable: true as const } : {}),
      ...(facts?.kubeletVersion ? { version: facts.kubeletVersion } : {}),
      ...(facts?.certificatesExpire ? { certificatesExpire: facts.certificatesExpire } : {}),
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

/**
 * The conditions as a look found them: what the last operation wrote of Ready holds no more when a host is away. While an
 * operation runs, and before the first success, Ready is that operation's to say.
 */
export function conditionsNow(view: EntityView, look: HostsLook | undefined): EntityView['conditions'] {
  const off = look && view.created && !view.running ? hostStates(view, look).filter(({ state }) => state !== 'ready') : [];
  if (!look || off.length === 0) return view.conditions;
  const message = off.map(({ id, state, problem }) => `${id} is ${state}${problem ? `: ${problem}` : ''}`).join('; ');
  const reason = off.some(({ state }) => state === 'unreachable') ? 'HostUnreachable' : 'HostNotReady';
  return view.conditions.map((one) => (one.type === 'Ready' && one.status === 'True' ? { ...one, status: 'False', reason, message, lastTransitionTime: look.at } : one));
}

const dayMs = 24 * 3_600_000;

/** When the cluster's certificates expire, in one line; undefined where no look has seen any. */
export function expiryOf(states: readonly HostState[], now: Date): string | undefined {
  const known = states.flatMap(({ id, certificatesExpire }) => (certificatesExpire ? [{ id, ...certificatesExpire }] : []));
  const [first] = known.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  if (!first) return undefined;
  const days = Math.floor((Date.parse(first.at) - now.getTime()) / dayMs);
  const when = `${first.at.slice(0, 10)} (${first.name} on ${first.id})`;
  if (days < 0) return `Certificates: EXPIRED since ${when}; \`keelson cert --renew\` makes new ones`;
  return `Certificates: the first one expires ${when}, in ${days} days${days < 30 ? '; `keelson cert --renew` makes new ones' : ''}`;
}
