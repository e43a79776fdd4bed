import { open } from 'node:fs/promises';
import { ClusterError } from '../../domain/errors';
import type { TreeEntry } from '../ports';

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

/** One member of an archive, as its header has it: nothing is cleaned or judged yet. */
export interface TarMember {
  readonly name: string;
  readonly type: 'file' | 'hardlink' | 'symlink' | 'dir' | 'device';
  readonly mode: number;
  readonly size: number;
  readonly linkName: string;
}

/** Takes the body of a file, piece by piece; each piece is only valid until the promise settles. */
export interface MemberSink {
  write(piece: Buffer): Promise<void> | void;
  end(): Promise<void> | void;
}

/** What is wrong with an archive, in words; the caller knows which archive. */
export class TarFormatError extends Error {}

/**
 * Reads an archive (V7, ustar, pax, GNU), member by member, with memory for one piece at a time. `onMember` gives a sink
 * for a file's body, or undefined to pass over it. Throws TarFormatError for what is no archive or ends too early.
 */
export async function readTar(source: AsyncIterable<Buffer>, onMember: (member: TarMember) => Promise<MemberSink | undefined>): Promise<void> {
  const input = new Input(source);
  let next = new Overrides();
  for (;;) {
    const head = await input.exactly(block);
    if (!head || head.every((byte) => byte === 0)) break;
    const raw = parseHeader(head);
    if (next.takes(raw.type)) {
      next.read(raw.type, await input.body(raw.size));
      continue;
    }
    const member = next.apply(raw);
    next = next.following();
    const sink = await onMember(member);
    await input.pass(member.size, sink);
    await sink?.end();
  }
  await input.drain();
}

/** Reads exact numbers of bytes from pieces of any size. */
class Input {
  private readonly pieces: AsyncIterator<Buffer>;
  private held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.pieces = source[Symbol.asyncIterator]();
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.pieces.next();
    if (done) return false;
    this.held = value;
    return true;
  }

  /** So many bytes; undefined at the end of the input. */
  async exactly(count: number): Promise<Buffer | undefined> {
    if (this.held.length >= count) return this.cut(count);
    const parts: Buffer[] = [];
    let have = 0;
    while (have < count) {
      if (this.held.length === 0 && !(await this.more())) {
        if (have === 0) return undefined;
        throw new TarFormatError('the archive ends in the middle of a member');
      }
      const part = this.cut(Math.min(count - have, this.held.length));
      parts.push(part);
      have += part.length;
    }
    return Buffer.concat(parts, count);
  }

  private cut(count: number): Buffer {
    const part = this.held.subarray(0, count);
    this.held = this.held.subarray(count);
    return part;
  }

  /** A small body with its padding cut off. Long names and pax records only. */
  async body(size: number): Promise<Buffer> {
    if (size > 1024 * 1024) throw new TarFormatError('a name or a pax record of more than 1 MiB');
    const padded = await this.exactly(Math.ceil(size / block) * block);
    if (!padded) {
      if (size === 0) return Buffer.alloc(0);
      throw new TarFormatError('the archive ends in the middle of a member');
    }
    return Buffer.from(padded.subarray(0, size));
  }

  async pass(size: number, sink: MemberSink | undefined): Promise<void> {
    let left = size;
    while (left > 0) {
      if (this.held.length === 0 && !(await this.more())) throw new TarFormatError('the archive ends in the middle of a file');
      const piece = this.cut(Math.min(left, this.held.length));
      left -= piece.length;
      if (sink) await sink.write(piece);
    }
    const padding = (block - (size % block)) % block;
    if (padding > 0) await this.exactly(padding);
  }

  /** To the end, so that whoever counts or hashes the source has seen all of it. */
  async drain(): Promise<void> {
    while (await this.more());
  }
}

interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly type: string;
  readonly linkName: string;
}

const text = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  const cut = end < 0 ? bytes : bytes.subarray(0, end);
  const read = cut.toString('utf8');
  if (!Buffer.from(read).equals(cut)) throw new TarFormatError(`a name is not UTF-8: ${JSON.stringify(read)}`);
  return read;
};

function number(bytes: Buffer): number {
  if (bytes[0]! & 0x80) {
    let value = BigInt(bytes[0]! & 0x7f);
    for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
    return checked(Number(value));
  }
  const digits = bytes.toString('latin1').replace(/[\0 ]+$/, '').trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new TarFormatError('a header holds no octal number where one belongs');
  return checked(parseInt(digits, 8));
}

function checked(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new TarFormatError('a size out of all bounds');
  return value;
}

function parseHeader(head: Buffer): RawHeader {
  let sum = 0;
  for (let index = 0; index < block; index += 1) sum += index >= 148 && index < 156 ? 32 : head[index]!;
  if (sum !== number(head.subarray(148, 156))) throw new TarFormatError('a header with a wrong checksum');
  const prefix = head.toString('latin1', 257, 263) === 'ustar\0' ? text(head.subarray(345, 500)) : '';
  const name = text(head.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    mode: number(head.subarray(100, 108)) & 0o7777,
    size: number(head.subarray(124, 136)),
    type: String.fromCharCode(head[156]!),
    linkName: text(head.subarray(157, 257)),
  };
}

/** What extension members say about the member that follows them. */
class Overrides {
  private readonly values: Record<string, string> = {};

  constructor(private readonly global: Record<string, string> = {}) {}

  takes(type: string): boolean {
    return 'LKxg'.includes(type);
  }

  read(type: string, body: Buffer): void {
    if (type === 'L') this.values['path'] = text(body);
    else if (type === 'K') this.values['linkpath'] = text(body);
    else Object.assign(type === 'g' ? this.global : this.values, paxRecords(body));
  }

  following(): Overrides {
    return new Overrides(this.global);
  }

  apply(raw: RawHeader): TarMember {
    const set = { ...this.global, ...this.values };
    if (set[sparse] !== undefined) throw new TarFormatError('a sparse file, which nobody reads here');
    const type = typeOf(raw);
    const size = set['size'] === undefined ? raw.size : checked(/^\d{1,16}$/.test(set['size']) ? Number(set['size']) : Number.NaN);
    return {
      name: set['path'] ?? raw.name,
      linkName: set['linkpath'] ?? raw.linkName,
      mode: raw.mode,
      type,
      // Links and directories have no body, whatever an old archive says of a hard link's size.
      size: type === 'file' ? size : 0,
    };
  }
}

function typeOf({ type, name }: RawHeader): TarMember['type'] {
  if (type === '0' || type === '\0' || type === '7') return name.endsWith('/') && type === '\0' ? 'dir' : 'file';
  const known: Record<string, TarMember['type']> = { '1': 'hardlink', '2': 'symlink', '5': 'dir', '3': 'device', '4': 'device', '6': 'device' };
  const found = known[type];
  if (!found) throw new TarFormatError(`a member of the unknown type ${JSON.stringify(type)}`);
  return found;
}

/** The records that count. */
const heeded: ReadonlySet<string> = new Set(['path', 'linkpath', 'size']);
const sparse = 'GNU.sparse';

function paxRecords(body: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > body.length) {
      throw new TarFormatError('a pax record that cannot be read');
    }
    const record = body.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    const key = record.toString('latin1', 0, Math.max(equals, 0));
    // Others are not even kept: a stream of names that nobody reads would fill the memory.
    if (heeded.has(key)) records[key] = text(record.subarray(equals + 1));
    else if (key.startsWith('GNU.sparse')) records[sparse] = '';
    at += length;
  }
  return records;
}
