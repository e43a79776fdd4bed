import type { Readable } from 'node:stream';

/** Reads a stream by lines, by lengths, and to its end; tells an end from a broken connection. */
export class Inlet {
  bytes = 0;
  #held: Buffer[] = [];
  #ended = false;
  #wake = (): void => undefined;

  constructor(stream: Readable) {
    const end = (): void => { this.#ended = true; this.#wake(); };
    stream.on('data', (chunk: Buffer) => { this.#held.push(chunk); this.bytes += chunk.length; this.#wake(); });
    stream.on('end', end).on('close', end).on('error', end);
  }

  /** A line without its end; undefined when the stream ends before. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const all = this.#all();
      const at = all.indexOf(0x0a);
      if (at >= 0) {
        this.#held = [all.subarray(at + 1)];
        return all.subarray(0, at).toString('utf8');
      }
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  /** So many bytes, or fewer at the end. */
  async take(count: number): Promise<Buffer> {
    for (;;) {
      const all = this.#all();
      if (all.length >= count || this.#ended) {
        this.#held = [all.subarray(count)];
        return all.subarray(0, count);
      }
      await this.#more();
    }
  }

  /** All that is left. */
  async rest(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#all();
  }

  #all(): Buffer {
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [all];
    return all;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => { this.#wake = resolve; });
  }
}
