import type { TarMember } from '../../activities/adapters/read-tar';

/** A member of a made-up archive: what an honest tar would refuse to write. */
export type Made = Partial<Omit<TarMember, 'type' | 'size'>> & { readonly name: string; readonly type?: TarMember['type']; readonly body?: string };

const letters = { file: '0', hardlink: '1', symlink: '2', device: '3', dir: '5' } as const;

/** An archive with exactly these members, names as given. */
export const archiveOf = (members: readonly Made[]): Buffer => Buffer.concat([...members.flatMap(made), Buffer.alloc(1024)]);

function made({ name, type = 'file', body = '', linkName = '', mode = 0o644 }: Made): Buffer[] {
  const content = Buffer.from(body);
  return [...long('L', name), ...long('K', linkName), header(name, letters[type], content.length, linkName, mode), padded(content)];
}

const long = (letter: string, text: string): Buffer[] =>
  Buffer.byteLength(text) > 99 ? [header('././@LongLink', letter, Buffer.byteLength(text) + 1, '', 0), padded(Buffer.from(`${text}\0`))] : [];

const padded = (content: Buffer): Buffer => Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);

function header(name: string, letter: string, size: number, linkName: string, mode: number): Buffer {
  const out = Buffer.alloc(512);
  out.write(name.slice(0, 99), 0);
  out.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  out.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  out.write(`${'0'.repeat(11)}\0`, 136);
  out.write('        ', 148);
  out.write(letter, 156);
  out.write(linkName.slice(0, 99), 157);
  out.write('ustar  \0', 257);
  out.write(`${out.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return out;
}
