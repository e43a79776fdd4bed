import type { Command } from '../domain/command';
import type { Remote, Session } from '../activities/ports';

/**
 * Leads a Temporal worker to the hosts of a fleet: from 10.x.y.z to the loopback address 127.x.y.z, which only this machine
 * has. `patienceMs` is the longest that any command is waited for, also those that have hours: a hang then shows in seconds.
 */
export const fleetRemote = (remote: Remote, { patienceMs = Infinity }: { readonly patienceMs?: number } = {}): Remote => ({
  to: async (host, scope) => hurried(await remote.to({ ...host, address: host.address.replace(/^10\./, '127.') }, scope), patienceMs),
  close: () => remote.close(),
});

function hurried(session: Session, patienceMs: number): Session {
  const sooner = <T>(command: Command<T>): Command<T> => ({ ...command, timeoutMs: Math.min(command.timeoutMs ?? 60_000, patienceMs) });
  return {
    host: session.host,
    hostKey: session.hostKey,
    fingerprint: session.fingerprint,
    run: (command) => session.run(sooner(command)),
    feed: (command, source) => session.feed(sooner(command), source),
    send: (command, entries, options) => session.send(sooner(command), entries, options),
    fetch: (command, sink) => session.fetch(sooner(command), sink),
    follow: (command, line) => session.follow(sooner(command), line),
  };
}
