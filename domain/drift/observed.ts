import type { EntityState } from '../entity';
import { type Condition, setCondition } from '../status';
import { heldBack, isDue, sighted, type Sightings } from './budget';
import { type Difference, type DriftReport, summaryOf } from './difference';

/** The state after a look for drift: its condition, and what was found how often. What was not looked at is not known. */
export function observeDrift(state: EntityState, report: DriftReport, now: string): EntityState {
  if (report.skipped !== undefined || state.retired) return state;
  const { mending: _before, ...rest } = state;
  const mending = sightingsAfter(state, report);
  const waits = mayMend(state) && mendable(report) && !isDue(mending);
  const condition = {
    type: 'Drifted', ...verdict(report), message: [summaryOf(report), ...(waits ? [heldBack(mending)] : [])].join('\n'),
    observedGeneration: state.desired?.generation ?? 1,
  };
  return { ...rest, ...(mending ? { mending } : {}), current: { ...state.current, conditions: setCondition(state.current.conditions, condition, now) } };
}

function sightingsAfter(state: EntityState, report: DriftReport): Sightings | undefined {
  if (report.unknown || !mayMend(state)) return state.mending;
  const found = mended(report);
  if (mendable(report)) return sighted(state.mending, found);
  return found.length > 0 ? state.mending : undefined;
}

function verdict({ differences, unseen, unknown }: DriftReport): Pick<Condition, 'status' | 'reason'> {
  if (unknown) return { status: 'Unknown', reason: unknown.reason };
  if (differences.length > 0) return { status: 'True', reason: 'Differs' };
  return unseen.length > 0 ? { status: 'Unknown', reason: 'HostUnreachable' } : { status: 'False', reason: 'AsApplied' };
}

/** What an apply mends: files of the images, flags of the control plane, the kubelet's configuration, and what a plan says. Other settings of the host are for a person. */
const mended = ({ differences }: DriftReport): Difference[] => differences.filter(({ kind }) => ['file', 'flag', 'kubelet', 'plan'].includes(kind));

/** Whether an apply would mend anything: one that its checks refuse does nothing. */
export const mendable = (report: DriftReport): boolean => mended(report).length > 0 && !report.differences.some(({ kind }) => kind === 'check');

/** The policy says so, nothing runs or is about to, and nobody holds the cluster still. */
const mayMend = (state: EntityState): boolean =>
  (state.desired?.spec.policy.drift.converge ?? false) && state.current.created && !state.running && !state.next && !state.retired && !state.paused;

/** Whether the cluster mends itself now. For the state after `observeDrift`: what was tried before in vain is tried more rarely. */
export const convergesOn = (state: EntityState, report: DriftReport): boolean => mayMend(state) && mendable(report) && isDue(state.mending);
