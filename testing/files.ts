import { createHash } from 'node:crypto';

/** One path of a simulated host's file system. */
export interface FileEntry {
  readonly kind: 'file' | 'link' | 'dir';
  readonly mode: number;
  readonly size: number;
  /** Hex; files only. */
  readonly sha256: string;
  /** Links only. */
  readonly target: string;
  /** The content, unless it is too large to keep. */
  readonly content?: Buffer;
}

/** A write that found no room. */
export class DiskFull extends Error {}

/** Files of more bytes are known by size and digest only: thousands of hosts share one memory. */
const mostKept = 256 * 1024;

/**
 * The file system of a simulated host: absolute paths and what lies there. `version` grows with each change that leaves
 * something different behind, so that a step that was run twice can be told from one that did something twice.
 */
export class Files {
  version = 0;
  /** Bytes that still fit. */
  free = 1e12;
  readonly #entries = new Map<string, FileEntry>();

  get(path: string): FileEntry | undefined {
    return this.#entries.get(path);
  }

  has(path: string): boolean {
    return this.#entries.has(path) || this.below(path).length > 0;
  }

  text(path: string): string | undefined {
    const entry = this.#entries.get(path);
    return entry?.kind === 'file' ? (entry.content?.toString('utf8') ?? '') : undefined;
  }

  /** Paths below a folder, the folder left out. */
  below(folder: string): string[] {
    const head = folder.endsWith('/') ? folder : `${folder}/`;
    return [...this.#entries.keys()].filter((path) => path.startsWith(head));
  }

  paths(): string[] {
    return [...this.#entries.keys()];
  }

  /** Throws DiskFull. */
  write(path: string, content: string | Buffer, mode = 0o644): void {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
    if (bytes.length > this.free) throw new DiskFull(`${path}: No space left on device`);
    this.free -= bytes.length;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.put(path, { kind: 'file', mode, size: bytes.length, sha256, target: '', ...(bytes.length <= mostKept ? { content: bytes } : {}) });
  }

  link(path: string, target: string): void {
    this.put(path, { kind: 'link', mode: 0o777, size: target.length, sha256: '', target });
  }

  folder(path: string, mode = 0o755): void {
    if (this.#entries.get(path)?.kind !== 'dir') this.put(path, { kind: 'dir', mode, size: 4096, sha256: '', target: '' });
  }

  put(path: string, entry: FileEntry): void {
    const there = this.#entries.get(path);
    const same = there?.kind === entry.kind && there.mode === entry.mode && there.sha256 === entry.sha256 && there.target === entry.target;
    this.#entries.set(path, entry);
    if (!same) this.version += 1;
  }

  /** Takes a path and all below it away. */
  remove(path: string): void {
    for (const one of [path, ...this.below(path)]) if (this.#entries.delete(one)) this.version += 1;
  }

  /** Moves a path and all below it; what stands at the new place goes. */
  move(from: string, to: string): void {
    const moved = [from, ...this.below(from)].flatMap((path) => {
      const entry = this.#entries.get(path);
      return entry ? [[path, entry] as const] : [];
    });
    for (const [path, entry] of moved) {
      this.put(`${to}${path.slice(from.length)}`, entry);
      this.#entries.delete(path);
    }
  }
}
