import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server, utils, type Connection, type ServerConfig } from 'ssh2';
import type { HostTarget } from '../../domain/cluster';
import type { Scope, Secrets } from '../../activities/ports';

/** An SSH server in this process, whose commands run as ourselves: no root and no sshd is needed for it. */
export interface TestServer {
  readonly port: number;
  /** Logins that were tried, as `method:answer`. */
  readonly attempts: string[];
  connections(): number;
  /** Cuts every connection, as a cable that is pulled. */
  cut(): void;
  /** Takes no connection any more; those there are stay as they are. */
  leave(): void;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly hostKey?: string;
  readonly port?: number;
  readonly password?: string;
  /** Public key blob that is let in. */
  readonly publicKey?: Buffer;
  readonly methods?: readonly ('password' | 'publickey' | 'keyboard-interactive')[];
  readonly maxSessions?: number;
  /** Commands start in a process group of their own, as under sshd; false: as under sudo. */
  readonly ownGroup?: boolean;
  /** What commands have in their environment beside ours. */
  readonly env?: Readonly<Record<string, string>>;
}

export const newHostKey = (): string => readableKey().private;

/** The generator of ssh2 makes a key now and then that its own parser refuses. */
function readableKey(passphrase?: string): { private: string; public: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519', passphrase === undefined ? {} : { cipher: 'aes256-cbc', passphrase, rounds: 4 } as never);
    if (!(utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}

/** A key pair for logins: the private key in OpenSSH format, and the blob of the public one. */
export function newLoginKey(passphrase?: string): { privateKey: string; publicKey: Buffer } {
  const pair = readableKey(passphrase);
  return { privateKey: pair.private, publicKey: Buffer.from(pair.public.split(' ')[1]!, 'base64') };
}

export const newRsaHostKey = (): string => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

export async function startServer(options: ServerOptions): Promise<TestServer> {
  const methods = options.methods ?? ['password', 'publickey'];
  const attempts: string[] = [];
  const sockets = new Set<Connection>();
  const children = new Set<ChildProcess>();
  let connections = 0;
  let left = false;
  const server = new Server({ hostKeys: [options.hostKey ?? newHostKey()] } as ServerConfig, (client) => {
    connections += 1;
    sockets.add(client);
    client.on('error', () => undefined).on('close', () => sockets.delete(client));
    client.on('authentication', (context) => {
      const refuse = (): void => {
        attempts.push(`${context.method}:no`);
        context.reject(methods as never);
      };
      const accept = (): void => {
        attempts.push(`${context.method}:yes`);
        context.accept();
      };
      if (!methods.includes(context.method as 'password')) context.reject(methods as never);
      else if (context.method === 'password') (context.password === options.password ? accept : refuse)();
      else if (context.method === 'publickey') (options.publicKey?.equals(context.key.data) ? accept : refuse)();
      else if (context.method === 'keyboard-interactive') context.prompt('Password: ', (answers) => (answers?.[0] === options.password ? accept : refuse)());
      else refuse();
    });
    client.on('ready', () => serveSessions(client, options, children));
  });
  await new Promise<void>((resolve) => { server.listen(options.port ?? 0, '127.0.0.1', resolve); });
  return {
    port: (server.address() as { port: number }).port,
    attempts,
    connections: () => connections,
    cut: () => { for (const client of sockets) (client as unknown as { _sock: Socket })._sock.destroy(); },
    leave: () => {
      left = true;
      server.close();
    },
    close: () => new Promise((resolve) => {
      for (const client of sockets) client.end();
      // What a lost connection left behind would go on for as long as it likes.
      for (const child of children) endGroupOf(child, options);
      if (left) resolve();
      else server.close(() => resolve());
    }),
  };
}

function endGroupOf(child: ChildProcess, { ownGroup = true }: ServerOptions): void {
  try {
    process.kill(ownGroup ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function serveSessions(client: Connection, { maxSessions = 10, ownGroup = true, env = {} }: ServerOptions, children: Set<ChildProcess>): void {
  let open = 0;
  client.on('session', (accept, reject) => {
    if (open >= maxSessions) {
      reject();
      return;
    }
    open += 1;
    const session = accept();
    session.on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      // Bash takes the socket on its stdin for a remote login and reads ~/.bashrc, which on a developer's machine may do anything.
      const child = spawn('bash', ['-c', command], { detached: ownGroup, env: { ...process.env, HOME: tmpdir(), ...env } });
      children.add(child);
      channel.pipe(child.stdin);
      child.stdin.on('error', () => undefined);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      channel.on('error', () => undefined);
      // As sshd does: the exit code as soon as it is known, the end when nobody holds the outputs any more.
      child.on('exit', (code, signal) => {
        if (code === null) channel.exit(signal?.slice(3) as never, false, '');
        else channel.exit(code);
      });
      child.on('close', () => {
        children.delete(child);
        // Not before all is sent: a close goes past what waits for the client to read.
        channel.once('finish', () => channel.close());
        channel.end();
      });
    });
    session.on('close', () => { open -= 1; });
  });
}

/** A port that takes connections and never says a word. */
export async function startMute(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    port: (server.address() as { port: number }).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Secrets that stand in specs as they are: what is sealed is tested elsewhere. */
export const openSecrets: Secrets = { open: (value) => value };

export const aTarget = (port: number, extra: Partial<HostTarget> = {}): HostTarget => ({
  id: 'test-host', address: '127.0.0.1', port, roles: ['master'], credential: 'root', env: [], cluster: 'demo',
  strictHostKeys: false, access: { user: 'root', password: 'right-password' }, ...extra,
});

export const aScope = (extra: Partial<Scope> = {}): Scope => ({
  cluster: 'demo', uid: 'uid-1', n: 1, operation: 'init-1', stage: 'Check', attempt: 1,
  signal: new AbortController().signal, beat: () => undefined, log: () => undefined, ...extra,
});
