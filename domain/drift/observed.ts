import type { EntityState } from '../entity';
import { setCondition } from '../status';
import { type DriftReport, summaryOf } from './difference';

/** The state after a look for drift: its condition, and nothing else. What was not looked at is not known. */
export function observeDrift(state: EntityState, report: DriftReport, now: string): EntityState {
  if (report.skipped !== undefined || state.retired) return state;
  const differs = report.differences.length > 0;
  const dark = report.unseen.length > 0;
  const condition = {
    type: 'Drifted', status: differs ? 'True' as const : dark ? 'Unknown' as const : 'False' as const,
    reason: differs ? 'Differs' : dark ? 'HostUnreachable' : 'AsApplied', message: summaryOf(report), observedGeneration: state.desired?.generation ?? 1,
  };
  return { ...state, current: { ...state.current, conditions: setCondition(state.current.conditions, condition, now) } };
}

/** What an apply mends: files of the images, flags of the control plane, the kubelet's configuration, and what a plan says. Other settings of the host are for a person. */
export const mendable = ({ differences }: DriftReport): boolean => differences.some(({ kind }) => ['file', 'flag', 'kubelet', 'plan'].includes(kind));

/** Whether the cluster mends itself now: its policy says so, nothing runs or is about to, and nobody holds it still. */
export const convergesOn = (state: EntityState, report: DriftReport): boolean =>
  (state.desired?.spec.policy.drift.converge ?? false) && state.current.created && !state.running && !state.next && !state.retired && !state.paused && mendable(report);
