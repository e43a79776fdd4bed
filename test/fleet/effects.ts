import type { FleetHost, Journal } from '../../testing';

/**
 * What hosts did since `from` (an `at` of the journal) that must not be done twice by chance, in words that are the same for
 * every cluster of the same shape: `host 2: kubeadm join worker`.
 */
export function effectsOf(journal: Journal, hosts: readonly FleetHost[], from: number): string[] {
  const number = new Map(hosts.flatMap(({ host }, at) => [[host.address, at], [host.name, at]] as const));
  return journal.entries.filter(({ at, kind, host }) => at >= from && kind === 'effect' && number.has(host))
    .map(({ host, name, args }) => `host ${number.get(host)}: ${[name, ...args.map((arg) => (number.has(arg) ? `host ${number.get(arg)}` : arg))].join(' ')}`).sort();
}

/** How these effects differ from those of an operation in which nothing went wrong. */
export function otherEffects(expected: readonly string[], seen: readonly string[]): string[] {
  const left = [...expected];
  const more = seen.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...more.map((one) => `${one}: once too often`), ...left.map((one) => `${one}: never`)];
}
