import { connect, createServer, type Server, type Socket } from 'node:net';

/** A stretch of network between a Temporal worker and its server that a test can pause: nobody notices, nothing arrives. */
export class Wire {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #paused = false;

  private constructor(private readonly server: Server, readonly address: string) {}

  static async to(port: number): Promise<Wire> {
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const wire = new Wire(server, `127.0.0.1:${(server.address() as { port: number }).port}`);
    server.on('connection', (near) => wire.#join(near, connect(port, '127.0.0.1')));
    return wire;
  }

  /** Bytes in both directions stay where they are. */
  pause(): void {
    this.#paused = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** And now they arrive. */
  resume(): void {
    this.#paused = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  close(): void {
    this.server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const pass = (from: Socket, to: Socket): void => {
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => undefined).on('close', () => { this.#pairs.delete(pair); to.destroy(); });
      from.setNoDelay(true);
    };
    pass(near, far);
    pass(far, near);
    if (this.#paused) for (const socket of pair) socket.pause();
  }
}
