import { linkRegistryData, registryAnswers, registryMissing, writePrivateFile } from '../../domain/commands/registry';
import type { Host } from '../host';
import { exactly, like } from '../pattern';
import { fail, items, lines, type Simulation } from '../simulation';
import { registryOf } from './bootstrap';

const access = { domain: '', port: '', username: '', password: '' };
const server = (host: Host, env: Readonly<Record<string, string>>): Host | undefined => registryOf(host, env['REGISTRY_HOST'] ?? '');

/** Whether the registry's storage has a name: a link to the data is followed. */
function serves({ files }: Host, name: string): boolean {
  const [repository = '', tag = ''] = name.split(/:(?=[^:]*$)/);
  const root = files.get('/var/lib/registry')?.target ?? '/var/lib/registry';
  return files.get(`${root}/docker/registry/v2/repositories/${repository}/_manifests/tags/${tag}/current/link`) !== undefined;
}

/** The cluster registry, and files that only their owner reads. */
export const registry: readonly Simulation[] = [
  {
    name: 'link the registry data', reads: like((data, target) => linkRegistryData(data!, target!).script, 'sample-data', 'sample-target'),
    act: ({ files }, { args: [data = '', target = ''] }) => {
      files.folder(target);
      if (files.get(data)?.kind !== 'link' && files.below(data).length > 0) return fail(`${data} is a folder with content of its own: move it away`);
      files.link(data, target);
      return undefined;
    },
  },
  {
    name: 'write a private file', reads: like((path, mode) => writePrivateFile('', path!, '', mode).script, 'sample-path', 'sample-mode'),
    // An early end of stdin looks like its end: half a file stands there, as on a real host.
    act: ({ files }, { args: [path = '', mode = '600'], stdin, half }) => { files.write(half ? `${path}.new` : path, stdin, parseInt(mode, 8)); return undefined; },
  },
  {
    name: 'does the registry answer', reads: exactly(registryAnswers(access).script),
    act: (host, { env }) => lines([server(host, env) ? '200' : '0']),
  },
  {
    name: 'what the registry lacks', reads: exactly(registryMissing(access, []).script),
    act: (host, { env, stdin }) => {
      const from = server(host, env);
      return lines(items(stdin, '\n').flatMap((name) => (from && serves(from, name) ? [] : [`${name} ${from ? '404' : 'no answer'}`])));
    },
  },
];
