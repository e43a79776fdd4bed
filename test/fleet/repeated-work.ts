import type { FleetHost, Journal } from '../../testing';

/**
 * Steps that changed a host after they had marked their work as done. A step that has more to do in one operation ends that
 * with another mark (an upgrade fills the registry for both versions, and at the end for one). An image's commands have a
 * mark each, see ranTwice.
 */
export function repeatedWork(journal: Journal, hosts: readonly FleetHost[]): string[] {
  const ours = new Set(hosts.map(({ host }) => host.address));
  /** By step: what it has marked, and the changes since. */
  const steps = new Map<string, { readonly marks: Set<string>; since: string[] }>();
  const wrong: string[] = [];
  for (const { host, kind, name, args, changed, code, speaker } of journal.entries) {
    if (!ours.has(host) || !speaker || speaker.step.startsWith('RunGuest') || speaker.step.startsWith('Reset')) continue;
    const key = `${host} ${speaker.n} ${speaker.step}`;
    const step = steps.get(key) ?? { marks: new Set(), since: [] };
    steps.set(key, step);
    if (kind === 'command' && name === 'mark') {
      // One that was cut off before it did anything says nothing.
      if (!changed && code === undefined) continue;
      if (step.marks.has(args[0]!)) wrong.push(...step.since);
      step.marks.add(args[0]!);
      step.since = [];
    } else if (changed && step.marks.size > 0) {
      step.since.push(`${speaker.step} did ${name} ${args.join(' ').slice(0, 60)} on ${host} after its mark, attempt ${speaker.attempt}`);
    }
  }
  return [...wrong, ...[...steps.values()].flatMap(({ since }) => since)];
}
