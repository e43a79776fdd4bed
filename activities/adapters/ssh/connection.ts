import { connect as connectSocket, type Socket } from 'node:net';
import { constants } from 'node:os';
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import type { Process } from '../shell/machine';
import { Channels } from './channels';
import { disconnected, unreachable } from './failure';
import { algorithmsFor, checkHostKey, formatHostKey } from './host-key';
import { loginMethods, type Login } from './login';

const READY_MS = 15_000;
/** A machine that is there takes a connection within this, its second SYN included. */
const CONNECT_MS = 5_000;
/** A frozen host is given up after four of these (ssh2 counts three unanswered ones first), and one try to log in again. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMES = 3;
/** A program that ended while something it left behind still holds its output: so long we wait for more. */
const LINGER_MS = 1_000;
const STARTUP_TRIES = 4;

/** One SSH connection. */
export interface Connection {
  readonly hostKey: string;
  readonly channels: Channels;
  /** Starts a command line. Rejects with ConnectionClosed; the exit of the process with Disconnected. */
  start(line: string, options: { urgent: boolean; signal?: AbortSignal }): Promise<Process>;
  isOpen(): boolean;
  end(): void;
}

/**
 * Connects and logs in. Throws HostUnreachable, HostKeyMismatch or AuthenticationFailed. A host that turns us away
 * before its greeting has too many logins under way (MaxStartups): it is asked again after a short, uneven pause.
 */
export async function connect(
  target: HostTarget, login: Login, expected: readonly string[], events: { idle(): void; busy(): void }, readyMs = READY_MS,
): Promise<Connection> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await connectOnce(target, login, expected, events, readyMs);
    } catch (error) {
      const turnedAway = error instanceof ClusterError && error.type === 'HostUnreachable'
        && error.cause instanceof Error && /before handshake|ECONNRESET/.test(error.cause.message);
      if (!turnedAway || tries === STARTUP_TRIES) throw error;
      await new Promise((resolve) => { setTimeout(resolve, tries * 100 + Math.random() * 300); });
    }
  }
}

function connectOnce(
  target: HostTarget, login: Login, expected: readonly string[], events: { idle(): void; busy(): void }, readyMs: number,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: target.address, port: target.port, noDelay: true });
    const client = new Client();
    const channels = new Channels(client, events);
    const methods = loginMethods(login);
    let hostKey = '';
    let refusal: ClusterError | undefined;
    let ready = false;
    let closed = false;
    let lastError: Error | undefined;

    const fail = (error: ClusterError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    let timer = setTimeout(() => {
      fail(unreachable(target, Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    }, Math.min(CONNECT_MS, readyMs));
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => { fail(unreachable(target, new Error(`no login within ${readyMs / 1000} s: timed out`))); }, readyMs);
    });

    client.on('error', (error: Error & { level?: string }) => {
      // An agent that does not answer is no end: the next way to log in follows.
      if (error.level === 'agent') return;
      lastError = error;
      if (ready) return;
      fail(refusal ?? (error.level === 'client-authentication' ? refused(target, methods) : unreachable(target, error)));
    });
    client.on('ready', () => {
      ready = true;
      clearTimeout(timer);
      resolve(connectionOf(target, client, channels, hostKey, () => !closed, () => lastError));
    });
    client.on('close', () => {
      closed = true;
      channels.close(lastError);
      if (!ready) fail(refusal ?? unreachable(target, lastError ?? new Error('ended by the host')));
    });

    const start = (): void => {
      client.connect(settings(target, login, expected, socket, {
        authHandler: methods.next as ConnectConfig['authHandler'],
        hostVerifier: (blob: Buffer) => {
          hostKey = formatHostKey(blob);
          try {
            checkHostKey(target, hostKey, expected);
            return true;
          } catch (error) {
            refusal = error as ClusterError;
            return false;
          }
        },
      }));
    };
    try {
      start();
    } catch (error) {
      fail(unreachable(target, error as Error));
    }
  });
}

/**
 * Ciphers: gcm first, as OpenSSL does it in hardware; a quarter faster than the rest. Keep-alives find a dead host within
 * a minute; a command on it then ends with Disconnected instead of waiting for ever.
 */
const settings = (
  target: HostTarget, login: Login, expected: readonly string[], socket: Socket, hooks: Pick<ConnectConfig, 'authHandler' | 'hostVerifier'>,
): ConnectConfig => ({
  ...hooks,
  host: target.address,
  port: target.port,
  sock: socket,
  username: login.user,
  readyTimeout: 0,
  keepaliveInterval: KEEPALIVE_MS,
  keepaliveCountMax: KEEPALIVE_TIMES,
  algorithms: {
    cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
    serverHostKey: algorithmsFor(expected) as never,
  },
});

function refused(target: HostTarget, methods: { tried: readonly string[]; offered: () => readonly string[] }): ClusterError {
  const who = `${target.access.user}@${target.address}:${target.port}`;
  const offered = methods.offered().join(', ');
  const tried = methods.tried.length > 0 ? `tried: ${methods.tried.join(', ')}` : 'there was nothing to try';
  return new ClusterError('AuthenticationFailed', `${who} does not let us in (${tried}${offered ? `; the host takes: ${offered}` : ''})`, {
    host: target.id,
    todo: `check user, password and key with: ssh -p ${target.port} ${target.access.user}@${target.address}; it is not tried again by itself, so as not to lock the account`,
  });
}

function connectionOf(
  target: HostTarget, client: Client, channels: Channels, hostKey: string, isOpen: () => boolean, lastError: () => Error | undefined,
): Connection {
  let ended = false;
  return {
    hostKey,
    channels,
    isOpen: () => !ended && isOpen(),
    end: () => {
      ended = true;
      client.end();
    },
    start: (line, options) => channels.exec(line, options, (channel) => processOf(channel, () => disconnected(target.id, lastError()))),
  };
}

/**
 * A channel as a process. The exit code comes before the last output, so the close of the channel ends it; and that waits
 * for the first output only, so the end of the error output has to be waited for as well.
 */
function processOf(channel: ClientChannel, lost: () => ClusterError): Process {
  const exit = new Promise<number>((resolve, reject) => {
    let code: number | undefined;
    let linger: NodeJS.Timeout | undefined;
    let open = 2;
    const wait = (): void => {
      clearTimeout(linger);
      // Something that was left in the background holds the output open: the channel would never close by itself.
      if (open > 0) linger = setTimeout(() => channel.close(), LINGER_MS);
    };
    channel.on('exit', (status: number | null, signal?: string) => {
      code = status ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
      wait();
      // Not before the reader is there: whoever listens first sets the stream going.
      setImmediate(() => {
        channel.on('data', wait);
        channel.stderr.on('data', wait);
      });
    });
    const closed = (): void => {
      open -= 1;
      if (open > 0) return;
      clearTimeout(linger);
      if (code === undefined) reject(lost());
      else resolve(code);
    };
    channel.once('close', closed);
    channel.stderr.once('close', closed);
  });
  exit.catch(() => undefined);
  return { stdin: channel, stdout: channel, stderr: channel.stderr, exit, abandon: () => { channel.close(); } };
}
