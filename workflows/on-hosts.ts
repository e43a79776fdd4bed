import { setCurrentDetails } from '@temporalio/workflow';
import { type HostTarget, targetOf } from '../domain/cluster';
import type { HostResult, HostsWork } from '../domain/on-hosts';
import { type Where, whereOf } from '../domain/where';
import { explain } from './explain';

/** So many hosts at once: a workflow may wait for two thousand activities at most. */
const atOnce = 200;

/** Does something on each host, side by side. One host's failure is its own result; only a cancel ends them all. */
export async function onEachHost(work: HostsWork, stage: string, act: (target: HostTarget, where: Where) => Promise<Omit<HostResult, 'host'>>): Promise<HostResult[]> {
  const where = whereOf({ spec: { name: work.cluster }, uid: work.uid, operation: work.operation }, stage);
  const results: HostResult[] = [];
  const waiting = [...work.hosts];
  const next = async (): Promise<void> => {
    for (let host = waiting.shift(); host; host = waiting.shift()) {
      results.push({ host: host.id, ...(await one(reach(work, host))) });
      setCurrentDetails(`${results.length} of ${work.hosts.length} hosts`);
    }
  };
  const one = async (target: HostTarget): Promise<Omit<HostResult, 'host'>> => {
    try {
      return await act(target, where);
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      return { problem: { type: why.reason, message: why.message } };
    }
  };
  // On a cancel every host is waited for: who asked wants to know that nothing runs there any more.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, work.hosts.length) }, next));
  for (const end of ends) if (end.status === 'rejected') throw end.reason as Error;
  const order = work.hosts.map(({ id }) => id);
  return results.sort((a, b) => order.indexOf(a.host) - order.indexOf(b.host));
}

const reach = ({ cluster, credentials, hostKeys, strictHostKeys }: HostsWork, host: HostsWork['hosts'][number]): HostTarget =>
  targetOf({ name: cluster, credentials, policy: { strictHostKeys } }, host, hostKeys[host.id]);
