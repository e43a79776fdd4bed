/** Bytes of a block of the format. */
const block = 512;

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
