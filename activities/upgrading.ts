import type { HostTarget, Policy } from '../domain/cluster';
import { uncordon } from '../domain/commands/drain';
import { endUpgrade, noteUncordoned, readUpgrade } from '../domain/commands/upgrade';
import { asked } from './asked';
import type { Deps } from './deps';
import { lookThrough } from './etcd';
import type { HostInput } from './mount-rootfs';
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

/** Waits until every etcd member answers, at most two minutes, also over an API that comes and goes. */
export async function healthyMembers({ input: { host, leader }, scope, through }: Pick<Upgrading, 'scope' | 'through'> & { readonly input: Pick<UpgradeInput, 'host' | 'leader'> }): Promise<void> {
  await poll({ scope, host: host.id, what: 'a healthy etcd', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(() => lookThrough(through, leader));
    if (typeof seen === 'string') return seen;
    const ill = seen.members.filter(({ healthy }) => !healthy).map(({ name, address }) => name || address);
    return (seen.members.length > 0 && ill.length === 0) || `members ${ill.join(', ') || 'unknown'} are not healthy`;
  });
}

/** Uncordons the node if it was we who cordoned it. */
export async function putInService({ input: { host }, scope, session, through, node }: Upgrading): Promise<void> {
  const { cordoned } = await session.run(readUpgrade);
  if (cordoned) {
    await poll({ scope, host: host.id, what: 'its return to service', everyMs: 1_000, timeoutMs: 120_000 }, async () => {
      const answer = await asked(() => through.run(uncordon(node)));
      return /uncordoned/.test(answer) || answer;
    });
  }
  await session.run(noteUncordoned);
}

/** Nothing was changed on the host but its place in the cluster: it is in service again, and the notes go. */
export async function giveBack(it: Upgrading): Promise<void> {
  await putInService(it);
  await it.session.run(endUpgrade('the host is as it was'));
}
