import { activateCopy, prepareCopy } from '../../domain/commands/copy';
import { execScript } from '../../domain/commands/exec';
import { fenceDir } from '../../domain/host-paths';
import type { Host } from '../host';
import { exactly, like, rendered } from '../pattern';
import { type Answer, type Call, fail, type Simulation } from '../simulation';

/** The place of a copy, as cp understands a destination. */
function place({ files }: Host, { env }: Call, kind: 'file' | 'dir'): Answer {
  const [wanted, name] = [env['DST'] ?? '', env['NAME'] ?? ''];
  const into = wanted.endsWith('/') || files.get(wanted)?.kind === 'dir' || files.below(wanted).length > 0;
  if (kind === 'dir' && files.has(wanted) && !into) return fail(`${wanted} is there and no folder`);
  const [base, called] = kind === 'dir' || into ? [wanted, name] : [wanted.slice(0, wanted.lastIndexOf('/')), wanted.slice(wanted.lastIndexOf('/') + 1)];
  files.folder(base.replace(/(.)\/+$/, '$1'));
  return { stdout: `${base}\0${called}` };
}

/** What was staged comes among what is there; nothing is removed. */
function activate({ files }: Host, { env, args: [step = ''] }: Call): void {
  const stage = `${env['BASE'] ?? ''}/.staging/${env['NAME'] ?? ''}`;
  for (const path of files.below(`${stage}/tree`)) files.put(`${env['BASE'] ?? ''}${path.slice(`${stage}/tree`.length)}`, files.get(path)!);
  files.remove(`${env['BASE'] ?? ''}/.staging`);
  files.remove(`${fenceDir}/${step}`);
}

/** What people do on hosts beside the cluster's operations: commands, copies. */
export const people: readonly Simulation[] = [
  { name: 'a command of a person', reads: like((text) => execScript(text!), 'sample-text'), act: (host, { args: [text = ''] }) => { host.did('a command of a person', [text]); return { stdout: `ran ${text}\n` }; } },
  {
    name: 'find the place for a file', act: (host, call) => place(host, call, 'file'),
    reads: exactly(prepareCopy('', { kind: 'file', name: '', mode: 0 }).script),
  },
  {
    name: 'find the place for a folder', act: (host, call) => place(host, call, 'dir'),
    reads: rendered((mode: number) => prepareCopy('', { kind: 'dir', name: '', mode }).script, (script): [number] => [parseInt(/chmod (\d+) --/.exec(script)?.[1] ?? '0', 8)], () => []),
  },
  { name: 'put the copied files in place', reads: like((step) => activateCopy({ base: '', name: '' }, step!).script, 'sample-step'), act: activate },
];
