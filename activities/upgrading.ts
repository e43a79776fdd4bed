import type { HostTarget, Policy } from '../domain/cluster';
import { endLeave, readCordon } from '../domain/commands/drain';
import { configuredVersion, endUpgrade, noteUncordoned, readUpgrade } from '../domain/commands/upgrade';
import { asked } from './asked';
import type { Deps } from './deps';
import { healthyEtcd } from './etcd';
import type { HostInput } from './host-input';
import { poll } from './poll';
import type { Scope, Session } from './ports';

export interface UpgradeInput extends HostInput {
  /** The control plane we speak through; the host itself when it is that one. */
  readonly leader: HostTarget;
  readonly drain: Policy['drain'];
}

/** What every step of one host's upgrade works with. */
export interface Upgrading {
  readonly deps: Deps;
  readonly input: UpgradeInput;
  readonly scope: Scope;
  readonly session: Session;
  /** kubectl speaks through this one. */
  readonly through: Session;
  /** Name of the Node object. */
  readonly node: string;
  /** The version it goes to. */
  readonly version: string;
}

/** Waits until every etcd member answers; see healthyEtcd. */
export async function healthyMembers({ input: { host, leader }, scope, through }: Pick<Upgrading, 'scope' | 'through'> & { readonly input: Pick<UpgradeInput, 'host' | 'leader'> }): Promise<void> {
  await healthyEtcd(through, scope, leader, host.id);
}

/** The version of the cluster's configuration: `upgrade apply` sets it on the first control plane, the others follow with `node`. Waits for the API, five minutes at most. */
export async function configured({ input: { leader }, scope, through }: Upgrading): Promise<string> {
  let version = '';
  await poll({ scope, host: leader.id, what: 'the cluster configuration', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    const answer = await asked(() => through.run(configuredVersion));
    version = answer;
    return /^v\d/.test(answer) || answer;
  });
  return version;
}

/** A host whose Node may bear our cordon. */
export type Serving = Pick<Upgrading, 'scope' | 'session' | 'through' | 'node'> & { readonly input: Pick<UpgradeInput, 'host'> };

/** Uncordons the node if it was we who cordoned it. */
export async function putInService({ input: { host }, scope, session, through, node }: Serving): Promise<void> {
  const { cordoned } = await session.run(readUpgrade);
  await poll({ scope, host: host.id, what: 'its return to service', everyMs: 1_000, timeoutMs: 120_000 }, async () => {
    return asked(async () => {
      const { ours } = await through.run(readCordon(node));
      if (ours || cordoned) await through.run(endLeave(node));
      return true as const;
    });
  });
  await session.run(noteUncordoned);
}

/** Nothing was changed on the host but its place in the cluster: it is in service again, and the notes go. `cordoned`: we may have done that. */
export async function giveBack(it: Serving, { cordoned = true }: { readonly cordoned?: boolean } = {}): Promise<void> {
  if (cordoned) await putInService(it);
  await it.session.run(endUpgrade('the host is as it was'));
}
