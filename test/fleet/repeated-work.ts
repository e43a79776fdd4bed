import type { FleetHost, Journal } from '../../testing';

/** Steps that changed a host after they had marked their work as done. An image's commands have a mark each, see ranTwice. */
export function repeatedWork(journal: Journal, hosts: readonly FleetHost[]): string[] {
  const ours = new Set(hosts.map(({ host }) => host.address));
  const marked = new Set<string>();
  const wrong: string[] = [];
  for (const { host, kind, name, args, changed, speaker } of journal.entries) {
    if (!ours.has(host) || !speaker || speaker.step.startsWith('RunGuest') || speaker.step.startsWith('Reset')) continue;
    const step = `${host} ${speaker.n} ${speaker.step}`;
    if (marked.has(step) && changed && name !== 'mark') wrong.push(`${speaker.step} did ${name} ${args.join(' ').slice(0, 60)} on ${host} after its mark, attempt ${speaker.attempt}`);
    if (kind === 'command' && name === 'mark') marked.add(step);
  }
  return wrong;
}
