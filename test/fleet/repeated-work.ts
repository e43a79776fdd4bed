import type { FleetHost, Journal } from '../../testing';

/**
 * Steps that changed a host after they had marked their work as done. A step that has more to do in one operation ends that
 * with another mark (an upgrade fills the registry for both versions, and at the end for one). An image's commands have a
 * mark each, see ranTwice. What takes a host out of its cluster marks nothing: that it gives the host free counts as its mark.
 */
export function repeatedWork(journal: Journal, hosts: readonly FleetHost[]): string[] {
  const ours = new Set(hosts.map(({ host }) => host.address));
  /** By step: what it has marked, and the changes since. */
  const steps = new Map<string, { readonly marks: Set<string>; since: string[] }>();
  const wrong: string[] = [];
  for (const { host, kind, name, args, changed, code, speaker } of journal.entries) {
    if (!ours.has(host) || !speaker || speaker.step.startsWith('RunGuest')) continue;
    const key = `${host} ${speaker.n} ${speaker.step}`;
    const step = steps.get(key) ?? { marks: new Set(), since: [] };
    steps.set(key, step);
    if (kind === 'command' && (name === 'mark' || name === 'give the host free')) {
      // One that was cut off before it did anything says nothing.
      if (!changed && code === undefined) continue;
      const mark = args[0] ?? name;
      if (step.marks.has(mark)) wrong.push(...step.since);
      step.marks.add(mark);
      step.since = [];
    } else if (changed && step.marks.size > 0) {
      step.since.push(`${speaker.step} did ${name} ${args.join(' ').slice(0, 60)} on ${host} after its mark, attempt ${speaker.attempt}`);
    }
  }
  return [...wrong, ...[...steps.values()].flatMap(({ since }) => since)];
}
