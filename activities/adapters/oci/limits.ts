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
/** So often the disk is looked at, bytes. */
const lookEvery = 64 * 1024 ** 2;

/**
 * What an image of so many stored bytes may become: fifty times as much and a gigabyte, at most 64 GiB. Images grow to three or
 * four times; archives that are made to fill a disk grow a thousandfold. Images have some hundred or thousand entries; each takes
 * a kilobyte of memory while layers are laid over each other and while a host is brought up to date.
 */
export const limitsFor = (storedBytes: number): Limits => ({ entries: 100_000, bytes: Math.min(64 * GiB, GiB + 50 * storedBytes) });

/** Counts what all layers of an image give together. Throws HostileArchive when it is too much. */
export class Budget {
  private bytes = 0;
  private looked = 0;

  /** `room` is asked now and then, and throws when the disk is full. */
  constructor(private readonly limits: Limits, private readonly room: () => Promise<void> = () => Promise.resolve()) {}

  /** A layer's bytes, passed on and counted: also those that belong to no file. */
  async *count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      this.bytes += piece.length;
      if (this.bytes > this.limits.bytes) throw new HostileArchive(`it grows to more than ${this.limits.bytes} bytes`);
      if (this.bytes - this.looked > lookEvery) {
        this.looked = this.bytes;
        await this.room();
      }
      yield piece;
    }
  }

  entries(count: number): void {
    if (count > this.limits.entries) throw new HostileArchive(`it has more than ${this.limits.entries} files and folders`);
  }
}
