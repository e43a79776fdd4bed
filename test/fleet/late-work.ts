import type { FleetHost, Journal } from '../../testing';

export interface LateWork {
  /** Changes by an attempt that a newer one of the same step had already taken over from. */
  readonly changes: readonly string[];
  /** Commands of such attempts that the hosts refused. */
  readonly refused: number;
  /** Commands that were held up and are over: refused, or ended by the Temporal worker itself that had sent them. */
  readonly over: number;
}

/** What attempts did that had lost their place. */
export function lateWork(journal: Journal, hosts: readonly FleetHost[]): LateWork {
  const ours = new Set(hosts.map(({ host }) => host.address));
  const newest = new Map<string, number>();
  const changes: string[] = [];
  let [refused, over] = [0, 0];
  for (const { host, name, changed, code, fault, speaker } of journal.entries) {
    if (!ours.has(host) || !speaker) continue;
    const step = `${host} ${speaker.n} ${speaker.step}`;
    const seen = newest.get(step) ?? 0;
    if (code === 97) refused += 1;
    if (fault === 'hold') over += 1;
    if (speaker.order < seen && changed) changes.push(`${speaker.step}, attempt ${speaker.attempt}, did ${name} on ${host}`);
    newest.set(step, Math.max(seen, speaker.order));
  }
  return { changes, refused, over };
}
