import { longestDrainMs, type Policy } from './cluster';
import { durationOf, durationPattern, parseDuration } from './clusterfile/duration';
import { ClusterError } from './errors';

interface Setting {
  /** What a value looks like, for people. */
  readonly form: string;
  read(policy: Policy): string;
  /** The policy with the value; undefined when it is none. */
  write(policy: Policy, text: string): Policy | undefined;
}

const yesNo = (read: (policy: Policy) => boolean, write: (policy: Policy, on: boolean) => Policy): Setting => ({
  form: 'true or false', read: (policy) => String(read(policy)),
  write: (policy, text) => (text === 'true' || text === 'false' ? write(policy, text === 'true') : undefined),
});
const duration = (read: (policy: Policy) => number | undefined, write: (policy: Policy, ms: number) => Policy | undefined): Setting => ({
  form: 'a duration such as 90s or 5m', read: (policy) => (read(policy) === undefined ? '' : durationOf(read(policy) ?? 0)),
  write: (policy, text) => (durationPattern.test(text) ? write(policy, parseDuration(text)) : undefined),
});

/** What of a policy can be changed while a cluster works, by the names of the Clusterfile. */
export const policySettings: Readonly<Record<string, Setting>> = {
  parallel: {
    form: 'a number from 1 on', read: ({ parallel }) => String(parallel),
    write: (policy, text) => (/^[1-9]\d{0,3}$/.test(text) ? { ...policy, parallel: Number(text) } : undefined),
  },
  'upgrade.maxUnavailable': {
    form: 'a number from 1 on, or a part such as 25%', read: ({ upgrade }) => upgrade.maxUnavailable,
    write: (policy, text) => (/^(?:[1-9]\d*|[1-9]\d?%|100%)$/.test(text) ? { ...policy, upgrade: { ...policy.upgrade, maxUnavailable: text } } : undefined),
  },
  'drain.timeout': {
    ...duration(({ drain }) => drain.timeoutMs, (policy, timeoutMs) => (timeoutMs <= longestDrainMs ? { ...policy, drain: { ...policy.drain, timeoutMs } } : undefined)),
    form: `a duration of at most ${durationOf(longestDrainMs)}, such as 90s or 5m`,
  },
  'drain.grace': duration(({ drain }) => drain.graceMs, (policy, graceMs) => ({ ...policy, drain: { ...policy.drain, graceMs } })),
  'drain.force': yesNo(({ drain }) => drain.force, (policy, force) => ({ ...policy, drain: { ...policy.drain, force } })),
  'approve.removeControlPlane': yesNo(({ approve }) => approve.removeControlPlane, (policy, removeControlPlane) => ({ ...policy, approve: { ...policy.approve, removeControlPlane } })),
  'approve.upgrade': yesNo(({ approve }) => approve.upgrade, (policy, upgrade) => ({ ...policy, approve: { ...policy.approve, upgrade } })),
  'approve.override': yesNo(({ approve }) => approve.override, (policy, override) => ({ ...policy, approve: { ...policy.approve, override } })),
};

/** The policy with one setting changed. Throws InvalidSpec for a setting or a value that is none. */
export function withSetting(policy: Policy, name: string, text: string): Policy {
  const setting = Object.hasOwn(policySettings, name) ? policySettings[name] : undefined;
  if (!setting) throw new ClusterError('InvalidSpec', `there is no setting ${name}`, { todo: `there are ${Object.keys(policySettings).join(', ')}` });
  const changed = setting.write(policy, text);
  if (!changed) throw new ClusterError('InvalidSpec', `${name} cannot be ${JSON.stringify(text)}`, { todo: `give ${setting.form}` });
  return changed;
}
