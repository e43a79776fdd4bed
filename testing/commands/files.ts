import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { readTar, TarFormatError } from '../../activities/adapters/read-tar';
import { activateFiles, hashFiles, lookAtSet, receiveFiles, removeStaged } from '../../domain/commands/files';
import type { FileEntry, Files } from '../files';
import type { Host } from '../host';
import { exactly } from '../pattern';
import { type Answer, type Call, fail, items, type Simulation } from '../simulation';

const set = { base: '/sample', name: 'sample' };
const packed = (text: string): Answer => ({ stdout: gzipSync(text, { level: 1 }).toString('base64') });
const plain = (path: string): string => path.replace(/^\.\//, '');
const letters = { file: 'f', link: 'l', dir: 'd' } as const;
const seen = (entry: FileEntry, path: string): string =>
  `${[letters[entry.kind], entry.size, entry.mode.toString(8), entry.target, path].join('\x01')}\0`;

const placeOf = ({ env }: Call) => {
  const base = env['BASE'] ?? '';
  const name = env['NAME'] ?? '';
  return { base, name, marker: `${base}/.keelson/${name}.json`, stage: `${base}/.staging/${name}` };
};

function lookAt({ files }: Host, call: Call): Answer {
  const { base, marker, stage } = placeOf(call);
  const digest = call.env['DIGEST'] ?? '';
  const text = files.text(marker) ?? '';
  const said = text.slice(0, 96).includes(`"${digest}"`) ? `{"digest":"${digest}","holds":{}}` : text;
  if (!files.has(base)) return packed(`${said}\0`);
  const target = items(call.stdin, '\0').flatMap((path) => {
    const entry = files.get(`${base}/${plain(path)}`);
    return entry ? [seen(entry, path)] : [];
  });
  const staged = files.below(`${stage}/tree`).map((path) => seen(files.get(path)!, path.slice(`${stage}/tree/`.length)));
  return packed(`${said}\0${target.join('')}\0${staged.join('')}`);
}

function hash({ files }: Host, call: Call): Answer {
  const { base } = placeOf(call);
  const found: string[] = [];
  for (const path of items(call.stdin, '\0')) {
    const entry = files.get(`${base}/${plain(path)}`);
    if (entry?.kind !== 'file') return fail(`${path}: No such file or directory`);
    found.push(`${entry.sha256} *${path}\n`);
  }
  return packed(found.join(''));
}

/** Unpacks what there is of an archive. One that ends too early leaves its last file in half, as tar does. */
async function unpack(files: Files, folder: string, archive: Buffer): Promise<Answer | undefined> {
  let open: { path: string; mode: number; parts: Buffer[] } | undefined;
  const close = (): void => {
    if (open) files.write(open.path, Buffer.concat(open.parts), open.mode);
    open = undefined;
  };
  try {
    await readTar(Readable.from([archive]), (member) => {
      const path = `${folder}/${member.name.replace(/\/$/, '')}`;
      if (member.type === 'dir') files.folder(path, member.mode);
      else if (member.type === 'symlink') files.link(path, member.linkName);
      else {
        const file = { path, mode: member.mode, parts: [] as Buffer[] };
        open = file;
        return Promise.resolve({ write: (piece: Buffer) => { file.parts.push(Buffer.from(piece)); }, end: close });
      }
      return Promise.resolve(undefined);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
    close();
    return fail('tar: Unexpected EOF in archive', 2);
  }
}

async function receive({ files }: Host, call: Call): Promise<Answer | undefined> {
  const { base, stage } = placeOf(call);
  for (const folder of [base, `${base}/.staging`, stage, `${stage}/tree`]) files.folder(folder, 0o700);
  return unpack(files, `${stage}/tree`, call.stdin);
}

async function activate({ files }: Host, call: Call): Promise<Answer | undefined> {
  const { base, marker, stage } = placeOf(call);
  for (const folder of [base, `${base}/.staging`, stage, `${stage}/tree`]) files.folder(folder, 0o700);
  const broken = await unpack(files, stage, call.stdin);
  if (broken) return broken;
  const list = (name: string): string[] => items(Buffer.from(files.text(`${stage}/${name}`) ?? ''), '\0').map((path) => `${base}/${plain(path)}`);
  for (const path of list('remove')) files.remove(path);
  const staged = files.below(`${stage}/tree`);
  for (const path of call.half ? staged.slice(0, staged.length / 2) : staged) {
    const target = `${base}/${path.slice(`${stage}/tree/`.length)}`;
    if (files.get(target)?.kind !== 'dir' || files.get(path)?.kind !== 'dir') files.put(target, files.get(path)!);
  }
  if (call.half) return undefined;
  for (const path of list('prune')) if (files.below(path).length === 0) files.remove(path);
  files.write(marker, files.text(`${stage}/marker.json`) ?? '');
  // Another set may wait in its own.
  files.remove(stage);
  if (files.below(`${base}/.staging`).length === 0) files.remove(`${base}/.staging`);
  return undefined;
}

/** Sets of files: look, hash, receive, put in place. */
export const files: readonly Simulation[] = [
  { name: 'look at the files', reads: exactly(lookAtSet(set, '', []).script), act: lookAt },
  { name: 'hash the files', reads: exactly(hashFiles(set, []).script), act: hash },
  {
    name: 'clear the staging', reads: exactly(removeStaged(set, []).script),
    act: (host, call) => {
      const { stage } = placeOf(call);
      if (!host.files.has(`${stage}/tree`)) return fail(`cd: ${stage}/tree: No such file or directory`);
      for (const path of items(call.stdin, '\0')) host.files.remove(`${stage}/tree/${plain(path)}`);
      return undefined;
    },
  },
  { name: 'receive the files', reads: exactly(receiveFiles(set).script), act: receive },
  { name: 'put the files in place', reads: exactly(activateFiles(set).script), act: activate },
];
