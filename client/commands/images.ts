import { exitCodes } from '../exit-codes';
import { runProgram } from '../run-program';
import { columns } from '../table';

interface Listing {
  readonly ref: string;
  readonly digest: string;
  readonly size: number;
  readonly created?: string;
  readonly kind: string;
}

/** `keelson images`: what the store of this machine holds. */
export async function images({ json }: { json?: boolean }): Promise<number> {
  const list = await runProgram<Listing[]>('images', { verb: 'list' });
  if (json) console.log(JSON.stringify(list, undefined, 2));
  else if (list.length === 0) console.error('no images yet; `keelson load -i FILE` brings one, `run` fetches what it needs');
  else for (const line of columns([['IMAGE', 'KIND', 'DIGEST', 'CREATED', 'SIZE'], ...list.map(row)])) console.log(line);
  return exitCodes.done;
}

const row = ({ ref, kind, digest, created, size }: Listing): string[] =>
  [ref, kind, digest.slice(0, 19), created?.slice(0, 10) ?? '-', `${(size / 1e6).toFixed(1)} MB`];
