import { HostileArchive } from './layer-tree';

/** Manifests and configurations are some kilobytes; this is what registries allow. */
export const largestDocument = 4 * 1024 * 1024;

/** How much an image may become. */
export interface Limits {
  readonly entries: number;
  /** Bytes of all its layers, decompressed. */
  readonly bytes: number;
}

const GiB = 1024 ** 3;

/**
 * What an image of so many stored bytes may become: fifty times as much and a gigabyte, at most 64 GiB. Images grow to three or
 * four times; archives that are made to fill a disk grow a thousandfold.
 */
export const limitsFor = (storedBytes: number): Limits => ({ entries: 1_000_000, bytes: Math.min(64 * GiB, GiB + 50 * storedBytes) });

/** Counts what all layers of an image give together. Throws HostileArchive when it is too much. */
export class Budget {
  private bytes = 0;

  constructor(private readonly limits: Limits) {}

  /** A layer's bytes, passed on and counted: also those that belong to no file. */
  async *count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      this.bytes += piece.length;
      if (this.bytes > this.limits.bytes) throw new HostileArchive(`it grows to more than ${this.limits.bytes} bytes`);
      yield piece;
    }
  }

  entries(count: number): void {
    if (count > this.limits.entries) throw new HostileArchive(`it has more than ${this.limits.entries} files and folders`);
  }
}
