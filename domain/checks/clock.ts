import type { Policy } from '../cluster';
import type { HostFacts } from '../facts';
import type { Problem } from '../problem';
import { finding } from './finding';

/** Beyond this no policy helps: certificates and etcd go by the clock. */
const mostWarnedMs = 30_000;

/** A host's clock against ours. */
export function clockProblems({ host, clockSkewMs }: HostFacts, policy: Policy): Problem[] {
  const off = Math.abs(clockSkewMs ?? 0);
  if (off <= policy.maxClockSkewMs) return [];
  const severity = policy.clockSkew === 'warn' && off <= mostWarnedMs ? 'warning' : 'error';
  const way = (clockSkewMs ?? 0) > 0 ? 'ahead of' : 'behind';
  return [finding(severity, host, `its clock is ${(off / 1000).toFixed(1)} s ${way} ours, ${policy.maxClockSkewMs / 1000} s are allowed`,
    'synchronise it: timedatectl set-ntp true; and look whether the clock here is right')];
}
