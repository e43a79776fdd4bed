import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { type AuthContext, type Connection, Server } from 'ssh2';
import { admit, type Caller, type Sudo } from './elevation';
import type { Host } from './host';
import { Inlet } from './inlet';
import type { Registry } from './commands/index';
import { serveProgram, type Link } from './serve-program';

/** What the SSH side of a host needs to know of its fleet. */
export interface SshSettings {
  /** Private host key, OpenSSH format. */
  readonly hostKey: string;
  /** The loopback address and the port at which the host is reached. */
  readonly listen: { readonly host: string; readonly port: number };
}

/** The sshd of a simulated host: a port on a loopback address of its own. */
export class SshHost {
  readonly #sockets = new Set<Socket>();
  #net: NetServer | undefined;
  #ssh: Server | undefined;
  #key: string;
  /** Logins so far. */
  logins = 0;
  /** The only way in, once it is set; until then whoever comes is let in. */
  password: string | undefined;
  /** What sudo lets users do who are not root. */
  sudo: Sudo = 'free';

  constructor(readonly host: Host, private readonly settings: SshSettings, private readonly registry: Registry) {
    this.#key = settings.hostKey;
  }

  /** Takes connections. */
  async listen(): Promise<void> {
    if (this.#net) return;
    const net = createServer((socket) => this.#accept(socket));
    this.#net = net;
    await new Promise<void>((resolve, reject) => {
      net.once('error', reject);
      net.listen(this.settings.listen.port, this.settings.listen.host, resolve);
    });
  }

  /** Refuses connections from now on; those that are there stay. */
  async refuse(): Promise<void> {
    const net = this.#net;
    this.#net = undefined;
    if (net) await new Promise<void>((resolve) => { net.close(() => resolve()); for (const socket of this.#sockets) socket.unref(); });
  }

  /** Cuts every connection, as a cable that is pulled. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Takes nothing in from the connections that are there; they do not notice. Later all of it arrives at once. */
  stall(): () => void {
    const stalled = [...this.#sockets];
    for (const socket of stalled) socket.pause();
    return () => { for (const socket of stalled) socket.resume(); };
  }

  /** Shows another key from the next connection on; without one, its own again. */
  showKey(hostKey = this.settings.hostKey): void {
    this.#key = hostKey;
    this.#ssh = undefined;
  }

  #lets(context: AuthContext): boolean {
    return context.method !== 'none' && (this.password === undefined || (context.method === 'password' && context.password === this.password));
  }

  /** Ends: no connection is taken or left. */
  async close(): Promise<void> {
    const refused = this.refuse();
    this.cut();
    await refused;
  }

  #accept(socket: Socket): void {
    if (!this.host.up) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    this.#ssh ??= new Server({ hostKeys: [this.#key] }, (client) => this.#serve(client));
    this.#ssh.injectSocket(socket);
  }

  #serve(client: Connection): void {
    const socket = (client as unknown as { _sock: Socket })._sock;
    const link: Omit<Link, 'limitMs'> = { isOpen: () => !socket.destroyed, cut: () => socket.destroy() };
    client.on('error', () => undefined);
    let caller: Omit<Caller, 'sudo'> = { user: '' };
    client.on('authentication', (context) => {
      if (!this.#lets(context)) return context.reject(['password', 'publickey']);
      caller = { user: context.username, ...(context.method === 'password' ? { password: context.password } : {}) };
      context.accept();
    });
    client.on('ready', () => {
      this.logins += 1;
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          channel.on('error', () => undefined);
          const inlet = new Inlet(channel);
          void admit(command, { ...caller, sudo: this.sudo }, inlet).then((admitted) => {
            if (admitted.loader) return serveProgram(this.host, channel, inlet, { ...link, limitMs: admitted.limitMs }, this.registry);
            channel.stderr.write(admitted.stderr);
            channel.exit(admitted.code);
            channel.end();
            return undefined;
          });
        });
      });
    });
  }
}
