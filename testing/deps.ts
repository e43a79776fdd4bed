import { createActivities } from '../activities';
import { createRemote } from '../activities/adapters/remote';
import type { Deps } from '../activities/deps';
import type { Remote, Scope, Secrets, Session } from '../activities/ports';
import { createRenderer } from '../activities/render';
import { inScope } from '../activities/scope';
import { targetOf } from '../domain/cluster';
import { Fleet, type FleetHost } from './fleet';
import { fleetImages } from './images';
import { fleetRemote } from './remote';

export { createActivities, inScope };

/** What a fleet takes the place of, for whoever wants some of it otherwise. */
export interface FleetDepsOptions extends Partial<Omit<Deps, 'remote'>> {
  /** The longest that any command is waited for, milliseconds; default: as long as it says itself. */
  readonly patienceMs?: number;
}

/** Nothing is sealed where nothing is secret. */
const plain: Secrets = { open: (value) => value };

/**
 * What activities are made of when the hosts are those of a fleet: `createActivities(fleetDeps())` are the product's own
 * activities, for a Temporal worker beside your own. Close `remote` at the end.
 */
export const fleetDeps = ({ patienceMs = Infinity, ...more }: FleetDepsOptions = {}): Deps => ({
  remote: fleetRemote(createRemote({ secrets: plain }), { patienceMs }), secrets: plain, images: fleetImages(), renderer: createRenderer(), steadyMs: 500, log: () => undefined, ...more,
});

/** How sessions log in. */
export interface FleetLogin {
  /** Anybody is let in; who is not root goes by sudo, as the host's SSH side says (`FleetHost.ssh.sudo`). */
  readonly user?: string;
  readonly password?: string;
  readonly patienceMs?: number;
}

/** Sessions on hosts of a fleet without Temporal: for tests of commands. */
export interface FleetSessions {
  /** The host, ready for commands, as an activity gets it. Throws what Remote.to throws. */
  to(host: FleetHost, scope?: Partial<Scope>): Promise<Session>;
  close(): Promise<void>;
}

/**
 * Opens sessions on the hosts of a fleet, over SSH and by the loader, as the product does. What ran is written to the
 * journal below KEELSON_HOME: give it a folder of the test.
 */
export function fleetSessions(fleet: Fleet, { user = 'root', password = 'any', patienceMs = Infinity }: FleetLogin = {}): FleetSessions {
  const remote: Remote = fleetRemote(createRemote({ secrets: plain }), { patienceMs });
  const reach = { name: 'testing', credentials: { default: { user, password } }, policy: { strictHostKeys: false } };
  return {
    to: async (one, scope = {}) => {
      const [host] = Fleet.inSpec([one], 1, fleet.port);
      return remote.to(targetOf(reach, host!), {
        cluster: 'testing', uid: 'testing', n: 1, operation: 'testing-1', stage: 'Testing', attempt: 1,
        signal: new AbortController().signal, beat: () => undefined, log: () => undefined, ...scope,
      });
    },
    close: () => remote.close(),
  };
}
