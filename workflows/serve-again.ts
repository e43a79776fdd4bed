import { patched } from '@temporalio/workflow';
import { type Host, type HostTarget, isControlPlane, targetOf } from '../domain/cluster';
import type { HostFacts } from '../domain/facts';
import { hasJoined, leavingOf } from '../domain/membership';
import { whereOf } from '../domain/where';
import { explain } from './explain';
import { on } from './on';
import { sideBySide } from './side-by-side';
import type { TakingBack } from './take-back';
import { memberTarget } from './work';

/** What looks after a cancel have found. */
interface Found {
  /** Of the spec's hosts, in their order. */
  readonly facts: readonly HostFacts[];
  /** Of the hosts that leave, in their order. */
  readonly leavers: readonly HostFacts[];
  readonly members: readonly Host[];
}

/** A host whose pods may have been sent away. */
interface MadeWay {
  readonly host: HostTarget;
  /** An upgrade of it was begun; else it was to leave. */
  readonly upgrading: boolean;
}

/**
 * An attempt that dies after it has cordoned a Node leaves that to the next one; a cancel that comes between them has no other
 * one come. So hosts on which nothing more was done take pods again. Gives in words what is left to do.
 */
export async function serveAgain(input: TakingBack, { facts, leavers, members }: Found): Promise<string[]> {
  const { spec, record } = input;
  const upgraded = spec.hosts.flatMap((host, at): MadeWay[] => (isUpgrading(facts[at]!) ? [{ host: targetOf(spec, host, record.hostKeys[host.id]), upgrading: true }] : []));
  const leaving = leavingOf(spec, record).flatMap((member, at): MadeWay[] => (serves(leavers[at]!) ? [{ host: memberTarget(spec, member, record.hostKeys), upgrading: isUpgrading(leavers[at]!) }] : []));
  const all = [...upgraded, ...leaving];
  const speakers = members.filter(isControlPlane);
  const through = speakers.find(({ id }) => facts.some(({ host, apiReady }) => host === id && apiReady)) ?? speakers[0];
  if (!through || all.length === 0 || !patched('takes-back-cordons')) return [];
  const leader = targetOf(spec, through, record.hostKeys[through.id]);
  const words = await sideBySide(all, { most: 100, change: 'back-in-service-in-lanes' }, (one) => backInService(input, one, leader));
  return words.filter((word) => word !== undefined);
}

const isUpgrading = (facts: HostFacts): boolean => facts.reachable && hasJoined(facts) && facts.done.some((mark) => mark.startsWith('upgrading:'));

/** A member whose kubelet runs: a reset stops that first. */
const serves = (facts: HostFacts): boolean => facts.reachable && hasJoined(facts) && facts.kubeletActive !== false;

/** What is left to do; undefined where nothing is, and for a host that leaves: of these it is said elsewhere. */
async function backInService(input: TakingBack, { host, upgrading }: MadeWay, leader: HostTarget): Promise<string | undefined> {
  try {
    const done = await on.change.backInService.executeWithOptions(
      { summary: `Back in service ${host.id}: cancelled`, activityId: `BackInService/${host.id}` },
      [{ where: whereOf(input, upgrading ? 'Upgrade' : 'Remove'), host, leader, controlPlane: isControlPlane(host), upgrading }],
    );
    return !done && upgrading ? `still to be upgraded, which the next apply goes on with: ${host.id}` : undefined;
  } catch (error) {
    return `${host.id} may still be cordoned: ${explain(error)?.message ?? 'not put back in service'}`;
  }
}
