import { networkInterfaces } from 'node:os';
import type { HostTarget } from '../../domain/cluster';
import { cancelled } from '../cancel';
import type { Remote, Scope, Secrets, Session } from '../ports';
import { bytesOf } from '../sync-plan';
import { BulkSenders, type BulkOptions } from './bulk/sender';
import { localMachine } from './local';
import { createSession } from './shell/session';
import { Pool } from './ssh/pool';

export interface RemoteOptions {
  readonly secrets: Secrets;
  /**
   * Speak to a host that is this very machine without SSH. For the embedded mode only: a team's Temporal worker may see
   * an address of its own in a spec that means a machine of somebody else's network.
   */
  readonly allowLocal?: boolean;
  /** How large streams leave by processes of their own; absent: they leave by this one. */
  readonly bulk?: BulkOptions;
  /** How long a connection without work is kept, milliseconds. */
  readonly idleMs?: number;
  /** How long connecting may take, milliseconds. */
  readonly readyMs?: number;
  /** How long a connection without work still says who is at its address, milliseconds. */
  readonly freshMs?: number;
}

/** The hosts, over SSH or directly. One per process: it holds the connections. */
export function createRemote(options: RemoteOptions): Remote {
  const pool = new Pool(options);
  const bulk = options.bulk && new BulkSenders(options.bulk);
  return {
    to: async (target, scope) => {
      try {
        if (options.allowLocal === true && isThisMachine(target)) return createSession(await localMachine(target), scope);
        const session = createSession(await pool.machine(target, scope), scope);
        return bulk ? { ...session, send: sender(bulk, target, scope, session) } : session;
      } catch (error) {
        if (scope.signal.aborted) throw cancelled(scope.signal);
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** Below this a new process costs more than it gains. */
const bulkBytes = 16 * 1024 * 1024;

/** Large streams go by a process of their own while one is free, which then has to find the very host key that we did. */
function sender(bulk: BulkSenders, target: HostTarget, scope: Scope, session: Session): Session['send'] {
  return async (command, entries, options = {}) => {
    const { title, script, env, changes, timeoutMs } = command;
    if (!bulk.free || bytesOf(entries) < bulkBytes) return session.send(command, entries, options);
    const { signal, beat: _beat, log, ...rest } = scope;
    await bulk.send({
      target: { ...target, pinnedKey: session.hostKey, knownKeys: [], hostKeys: [] }, scope: rest, entries,
      command: { title, script, ...(env ? { env } : {}), ...(changes === undefined ? {} : { changes }), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    }, { signal, sent: (bytes) => options.told?.(bytes), log, first: options.first === true });
  };
}

/**
 * Whether a host is where this process runs: it has one of our addresses. Another port than 22 may lead elsewhere (a
 * forwarded port), so it goes by SSH; `KEELSON_LOCAL=0` sends everything by SSH.
 */
export function isThisMachine(target: Pick<HostTarget, 'address' | 'port'>): boolean {
  if (process.env.KEELSON_LOCAL === '0' || target.port !== 22) return false;
  return Object.values(networkInterfaces()).flatMap((found) => found ?? []).some(({ address }) => address === target.address);
}
