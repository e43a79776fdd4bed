import type { Command } from '../domain/command';
import type { Remote, Session } from '../activities/ports';

/**
 * Leads a Temporal worker to the hosts of a fleet: from 10.x.y.z to the loopback address 127.x.y.z, which only this machine
 * has. `patience` makes every command's time longer or shorter: with 0.01 a command that hangs is given up in a hundredth.
 */
export const fleetRemote = (remote: Remote, { patience = 1 }: { readonly patience?: number } = {}): Remote => ({
  to: async (host, scope) => hurried(await remote.to({ ...host, address: host.address.replace(/^10\./, '127.') }, scope), patience),
  close: () => remote.close(),
});

function hurried(session: Session, patience: number): Session {
  const sooner = <T>(command: Command<T>): Command<T> => ({ ...command, timeoutMs: Math.max((command.timeoutMs ?? 60_000) * patience, 500) });
  return {
    host: session.host,
    hostKey: session.hostKey,
    fingerprint: session.fingerprint,
    run: (command) => session.run(sooner(command)),
    feed: (command, source) => session.feed(sooner(command), source),
    send: (command, entries, options) => session.send(sooner(command), entries, options),
    follow: (command, line) => session.follow(sooner(command), line),
  };
}
