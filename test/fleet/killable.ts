import type { ChildProcess } from 'node:child_process';
import type { Holder } from './kill-points';
import type { Stand } from './stand';
import { ended } from './temporal';
import { Wire } from './wire';

/** A Temporal worker behind a wire that can be paused: so its work can be done and not yet reported when it dies. */
export class Killable {
  #child: ChildProcess | undefined;
  #wire: Wire | undefined;

  constructor(private readonly stand: Stand) {}

  async start(): Promise<void> {
    this.#wire = await Wire.to(this.stand.server.port);
    this.#child = this.stand.work(this.#wire.address);
  }

  async die(holders: readonly Holder[]): Promise<void> {
    this.#wire?.pause();
    for (const holder of holders) holder.release('reported');
    await quiet(this.stand);
    await this.stop();
    // What stood before its effect has lost its connection, and never happens; a job goes on without us.
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    for (const holder of holders) holder.release('before', 'after');
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.#child) await ended(this.#child, 'SIGKILL');
    this.#wire?.close();
  }
}

/** The server dies while commands are under way; they come to their ends while it is away. */
export async function killServer(stand: Stand, holders: readonly Holder[]): Promise<void> {
  await stand.server.kill();
  for (const holder of holders) holder.release('before', 'after', 'reported');
  await quiet(stand);
  await stand.server.again();
}

/** Until no host has done anything for a moment. */
async function quiet(stand: Stand): Promise<void> {
  for (let before = -1; before !== stand.fleet.journal.entries.length;) {
    before = stand.fleet.journal.entries.length;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}
