import { StringDecoder } from 'node:string_decoder';

const KEEP_FIRST = 1024 * 1024;
const KEEP_LAST = 64 * 1024;
const LONGEST_LINE = 64 * 1024;

/** What a process wrote, bounded: the first so many bytes (1 MiB where nothing is said) and the last 64 KiB. */
export class Capture {
  readonly #first: Buffer[] = [];
  #firstBytes = 0;
  #last: Buffer[] = [];
  #lastBytes = 0;
  #dropped = 0;

  constructor(private readonly keepFirst = KEEP_FIRST) {}

  add(chunk: Buffer): void {
    const room = this.keepFirst - this.#firstBytes;
    if (room > 0) {
      const part = chunk.subarray(0, room);
      this.#first.push(part);
      this.#firstBytes += part.length;
    }
    if (chunk.length <= room) return;
    const rest = chunk.subarray(Math.max(room, 0));
    this.#last.push(rest);
    this.#lastBytes += rest.length;
    while (this.#lastBytes - (this.#last[0]?.length ?? 0) >= KEEP_LAST) {
      const gone = this.#last.shift()?.length ?? 0;
      this.#lastBytes -= gone;
      this.#dropped += gone;
    }
  }

  text(): string {
    const last = Buffer.concat(this.#last);
    const cut = Math.max(last.length - KEEP_LAST, 0);
    const dropped = this.#dropped + cut;
    const note = dropped > 0 ? `\n[${dropped} bytes left out]\n` : '';
    return Buffer.concat(this.#first).toString('utf8') + note + last.subarray(cut).toString('utf8');
  }
}

/** Cuts a stream of bytes into lines. `done` hands over a last line without an end. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly line: (text: string) => void) {}

  add(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.line(part.endsWith('\r') ? part.slice(0, -1) : part);
    if (this.#rest.length > LONGEST_LINE) {
      this.line(this.#rest);
      this.#rest = '';
    }
  }

  done(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.line(rest);
  }
}

/** The last lines of several streams together, in the order in which they came. */
export class Tail {
  readonly #lines: string[] = [];

  constructor(private readonly size: number) {}

  add(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line);
    if (this.#lines.length > this.size) this.#lines.shift();
  }

  lines(clean: (text: string) => string): string[] {
    return this.#lines.map((line) => clean(line).slice(0, 500));
  }
}
