import { networkInterfaces } from 'node:os';
import { CancelledFailure } from '@temporalio/common';
import type { HostTarget } from '../../domain/cluster';
import type { Remote, Secrets } from '../ports';
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
  /** How long a connection without work is kept, milliseconds. */
  readonly idleMs?: number;
  /** How long connecting may take, milliseconds. */
  readonly readyMs?: number;
}

/** The hosts, over SSH or directly. One per process: it holds the connections. */
export function createRemote(options: RemoteOptions): Remote {
  const pool = new Pool(options);
  return {
    to: async (target, scope) => {
      try {
        const machine = options.allowLocal === true && isThisMachine(target) ? await localMachine(target) : await pool.machine(target, scope);
        return createSession(machine, scope);
      } catch (error) {
        if (scope.signal.aborted) throw scope.signal.reason instanceof CancelledFailure ? scope.signal.reason : new CancelledFailure('CANCELLED');
        throw error;
      }
    },
    close: () => pool.close(),
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
