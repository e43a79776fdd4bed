import { open } from 'node:fs/promises';
import { ClusterError } from '../../domain/errors';
import type { TreeEntry } from '../ports';

/** Bytes of a block of the format. */
const block = 512;
/** Reads of this size keep the stream at line rate; smaller ones cost a quarter of it. */
const chunkBytes = 256 * 1024;
const ringSize = 16;
/** A file up to this size leaves as one write: header, body and padding together. */
const oneWriteBytes = 64 * 1024;
/** Tar of every host takes times after 1970 without a warning; the receiver sets its own time anyway. */
const mtime = 315_532_800;

/**
 * The entries as one tar stream (ustar; GNU long names where a path has more than 100 bytes), owned by root. Files are
 * read as the receiver takes them; a piece is good until 16 more have been asked for. Throws InvalidImage when a file is gone or has another size than its entry says.
 */
export async function* writeTar(entries: Iterable<TreeEntry>, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const batch = new Batch();
  const ring = createRing();
  for (const entry of entries) {
    signal?.throwIfAborted();
    const head = headerOf(entry);
    if (entry.kind !== 'file') {
      batch.add(head);
    } else if (entry.bytes) {
      batch.add(head, entry.bytes, paddingOf(entry.bytes.length));
    } else if (entry.size <= oneWriteBytes) {
      batch.add(head, await readSmall(entry), paddingOf(entry.size));
    } else {
      batch.add(head);
      yield* batch.take();
      yield* readLarge(entry, ring, signal);
      batch.add(paddingOf(entry.size));
    }
    if (batch.bytes >= chunkBytes) yield* batch.take();
  }
  batch.add(Buffer.alloc(2 * block));
  yield* batch.take();
}

/** Small pieces collected into one write. */
class Batch {
  private parts: Buffer[] = [];
  bytes = 0;

  add(...parts: Buffer[]): void {
    for (const part of parts) {
      this.parts.push(part);
      this.bytes += part.length;
    }
  }

  *take(): Generator<Buffer> {
    if (this.bytes > 0) yield Buffer.concat(this.parts, this.bytes);
    this.parts = [];
    this.bytes = 0;
  }
}

const paddingOf = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block);

function wrongSize(entry: TreeEntry, cause?: unknown): ClusterError {
  return new ClusterError('InvalidImage', `${entry.from} is not the file that was unpacked for ${entry.path}`, {
    todo: 'Remove the tree from the store below KEELSON_HOME and run again: it is unpacked anew.',
  }, { cause });
}

async function openSource(entry: TreeEntry) {
  try {
    return await open(entry.from ?? '', 'r');
  } catch (cause) {
    throw wrongSize(entry, cause);
  }
}

async function readSmall(entry: TreeEntry): Promise<Buffer> {
  const handle = await openSource(entry);
  try {
    const content = await handle.readFile();
    if (content.length !== entry.size) throw wrongSize(entry);
    return content;
  } finally {
    await handle.close();
  }
}

/**
 * Buffers that are filled again after so many others: memory taken anew for each chunk made the collector run all the
 * time (half of the CPU of a transfer, measured). An SSH channel holds at most 2 MiB before it asks to wait, the ring 4.
 */
function createRing(): () => Buffer {
  const buffers: Buffer[] = [];
  let next = 0;
  return () => {
    const at = next++ % ringSize;
    return (buffers[at] ??= Buffer.allocUnsafeSlow(chunkBytes));
  };
}

async function* readLarge(entry: TreeEntry, ring: () => Buffer, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const handle = await openSource(entry);
  try {
    let left = entry.size;
    while (left > 0) {
      signal?.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(ring(), 0, Math.min(chunkBytes, left));
      if (bytesRead === 0) throw wrongSize(entry);
      left -= bytesRead;
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    }
    if ((await handle.stat()).size !== entry.size) throw wrongSize(entry);
  } finally {
    await handle.close();
  }
}

const types = { file: '0', link: '2', dir: '5' } as const;

function headerOf(entry: TreeEntry): Buffer {
  const name = entry.kind === 'dir' ? `${entry.path}/` : entry.path;
  const target = entry.kind === 'link' ? (entry.target ?? '') : '';
  const size = entry.kind === 'file' ? (entry.bytes?.length ?? entry.size) : 0;
  return Buffer.concat([
    ...longName('L', name),
    ...longName('K', target),
    header({ name, target, size, mode: entry.mode, type: types[entry.kind] }),
  ]);
}

/** GNU's way to carry a name of more than 100 bytes: an entry of its own before the entry. */
function longName(type: 'L' | 'K', name: string): Buffer[] {
  const bytes = Buffer.from(`${name}\0`);
  if (bytes.length <= 101) return [];
  return [header({ name: '././@LongLink', target: '', size: bytes.length, mode: 0, type }), bytes, paddingOf(bytes.length)];
}

function header(fields: { name: string; target: string; size: number; mode: number; type: string }): Buffer {
  const out = Buffer.alloc(block);
  Buffer.from(fields.name).copy(out, 0, 0, 100);
  octal(out, fields.mode & 0o7777, 100, 8);
  octal(out, 0, 108, 8);
  octal(out, 0, 116, 8);
  octal(out, fields.size, 124, 12);
  octal(out, mtime, 136, 12);
  out.fill(' ', 148, 156);
  out.write(fields.type, 156);
  Buffer.from(fields.target).copy(out, 157, 0, 100);
  out.write('ustar  \0', 257);
  let sum = 0;
  for (const byte of out) sum += byte;
  out.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return out;
}

/** Octal, or base 256 above 8 GiB as GNU tar writes it. */
function octal(out: Buffer, value: number, at: number, length: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    out.write(`${digits.padStart(length - 1, '0')}\0`, at);
    return;
  }
  out.writeBigUInt64BE(BigInt(value), at + length - 8);
  out[at] = 0x80;
}
