import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import type { Scope, Secrets } from '../../ports';
import { loaderLine, type Elevation } from '../shell/loader';
import type { Machine, Process, StartOptions } from '../shell/machine';
import { ConnectionClosed } from './channels';
import { connect, type Connection } from './connection';
import { disconnected, unreachable } from './failure';
import { checkHostKey, expectedKeys, fingerprintOfKey, isExpected } from './host-key';
import { credentialId, openLogin } from './login';
import { probeSudo } from './sudo';

export interface PoolOptions {
  readonly secrets: Secrets;
  /** How long a connection without work is kept. Default 60 s. */
  readonly idleMs?: number;
  /** How long connecting and logging in may take, and sudo to answer. Default 15 s. */
  readonly readyMs?: number;
  /** A connection that has had no work for longer says nothing about who is at the address now. Default 5 s. */
  readonly freshMs?: number;
}

/** A connection that is logged in, with what root needs. */
interface Open {
  readonly connection: Connection;
  readonly elevation: Elevation;
  readonly password?: string;
  readonly secrets: readonly string[];
}

interface Link {
  open?: Promise<Open>;
  idle?: NodeJS.Timeout;
  /** Since when it has had no work, in ms since 1970. */
  idleSince?: number;
}

const IDLE_MS = 60_000;
const FRESH_MS = 5_000;

/** The SSH connections of this process: one per way to log in to a host, shared by all that goes on there. */
export class Pool {
  readonly #links = new Map<string, Link>();
  /** The handshake under way per address: sshd turns away what comes at once (MaxStartups). */
  readonly #gates = new Map<string, Promise<unknown>>();
  /** Keys shown at first contact, by operation: the state has them only when the operation is over. */
  readonly #seen = new Map<string, string>();

  constructor(private readonly options: PoolOptions) {}

  /** The host, connected. Throws HostUnreachable, HostKeyMismatch, AuthenticationFailed, SudoDenied, CommandTimedOut (of sudo) or KeyMissing. */
  async machine(target: HostTarget, scope: Scope): Promise<Machine> {
    const { connection, secrets } = await this.#opened(target, scope, scope.signal);
    return {
      host: target.id,
      hostKey: connection.hostKey,
      fingerprint: fingerprintOfKey(connection.hostKey),
      secrets,
      start: (options) => this.#start(target, scope, options),
    };
  }

  async close(): Promise<void> {
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map(async (link) => {
      clearTimeout(link.idle);
      const open = await link.open?.catch(() => undefined);
      open?.connection.end();
    }));
  }

  /** A connection may have died unnoticed: before anything was sent it is safe to take a new one, once. */
  async #start(target: HostTarget, scope: Scope, options: StartOptions): Promise<Process> {
    for (let tries = 1; ; tries += 1) {
      const { connection, elevation, password } = await this.#opened(target, scope, options.signal);
      try {
        const process = await connection.start(loaderLine(elevation, options.limitMs), options);
        if (elevation === 'sudo-with-password') process.stdin.write(`${password}\n`);
        return process;
      } catch (error) {
        if (!(error instanceof ConnectionClosed)) throw options.signal?.aborted ? error : unreachable(target, error as Error);
        if (tries === 2) throw disconnected(target.id, error);
        connection.end();
      }
    }
  }

  async #opened(target: HostTarget, scope: Scope, signal: AbortSignal | undefined): Promise<Open> {
    signal?.throwIfAborted();
    const key = JSON.stringify([target.id, target.address, target.port, credentialId(target)]);
    const link = this.#links.get(key) ?? {};
    this.#links.set(key, link);
    const before = link.open;
    const known = await before?.catch(() => undefined);
    if (known && link.open === before && !this.#serves(known, link, this.#expected(target, scope))) {
      known.connection.end();
      delete link.open;
    }
    link.open ??= this.#connect(target, scope, link).catch((error: unknown) => {
      delete link.open;
      throw error;
    });
    const open = await orAborted(link.open, signal);
    // The connection may be older than what is known of the host's key now.
    checkHostKey(target, open.connection.hostKey, this.#expected(target, scope));
    this.#seen.set(seenKey(target, scope), open.connection.hostKey);
    return open;
  }

  /**
   * Whether an open connection may be used. At first contact the key is recorded: it has to be that of who is there now,
   * and a host that was installed anew leaves connections behind that look alive. One of before a person named another key
   * says nothing about which the host has now.
   */
  #serves({ connection }: Open, { idleSince = Date.now() }: Link, expected: readonly string[]): boolean {
    const isKnown = expected.length > 0 ? isExpected(connection.hostKey, expected) : Date.now() - idleSince <= (this.options.freshMs ?? FRESH_MS);
    return connection.isOpen() && isKnown;
  }

  async #connect(target: HostTarget, scope: Scope, link: Link): Promise<Open> {
    const login = openLogin(target, this.options.secrets);
    const events = {
      busy: () => {
        clearTimeout(link.idle);
        delete link.idleSince;
      },
      idle: () => {
        clearTimeout(link.idle);
        link.idleSince = Date.now();
        link.idle = setTimeout(() => void link.open?.then(({ connection }) => connection.end(), () => undefined), this.options.idleMs ?? IDLE_MS);
        link.idle.unref();
      },
    };
    const connection = await this.#oneByOne(`${target.address}:${target.port}`, () =>
      connect(target, login, this.#expected(target, scope), events, this.options.readyMs));
    this.#seen.set(seenKey(target, scope), connection.hostKey);
    link.idleSince = Date.now();
    try {
      const elevation = await probeSudo(target, login.password, (line) => connection.start(line, { urgent: false }), this.options.readyMs);
      return { connection, elevation, secrets: login.secrets, ...(login.password === undefined ? {} : { password: login.password }) };
    } catch (error) {
      connection.end();
      throw error instanceof ClusterError ? error : disconnected(target.id, error as Error);
    }
  }

  #expected(target: HostTarget, scope: Scope): string[] {
    return expectedKeys(target, this.#seen.get(seenKey(target, scope)));
  }

  async #oneByOne<T>(place: string, work: () => Promise<T>): Promise<T> {
    const before = this.#gates.get(place);
    const mine = (before ?? Promise.resolve()).then(work, work);
    this.#gates.set(place, mine);
    try {
      return await mine;
    } finally {
      if (this.#gates.get(place) === mine) this.#gates.delete(place);
    }
  }
}

/** Bound to the operation: after a reset, or in the next operation, the host may well have been installed anew. */
const seenKey = (target: HostTarget, scope: Scope): string => JSON.stringify([scope.uid, scope.n, target.address, target.port]);

/** A wait that ends when the work is cancelled; what was waited for goes on, others wait for it too. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
