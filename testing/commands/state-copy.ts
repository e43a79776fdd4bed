import { forgetFiles, inspectHost } from '../../domain/commands/inspect';
import { readRegistryPassword, readStateCopy, writeStateCopy } from '../../domain/commands/state-copy';
import { hostPaths, stateDir } from '../../domain/host-paths';
import { exactly, like, rendered } from '../pattern';
import { fail, items, lines, type Simulation } from '../simulation';

const copyFile = `${stateDir}/state.json`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The copy of the cluster's state, and the look for drift. */
export const stateCopy: readonly Simulation[] = [
  { name: 'read the copy of the state', reads: exactly(readStateCopy.script), act: (host) => lines([`${stateDir}/claim.json`, copyFile].map((file) => base64(host.files.text(file) ?? ''))) },
  {
    name: 'write the copy of the state', reads: rendered((bytes: number) => writeStateCopy('x'.repeat(bytes)).script, (script): [number] => [Number(/ -eq (\d+) /.exec(script)?.[1] ?? 0)], (bytes) => [`${bytes}`]),
    act: (host, { stdin, whole }) => {
      if (!whole) return fail('cut short');
      return host.files.has(`${stateDir}/claim.json`) ? host.files.write(copyFile, stdin, 0o600) : undefined;
    },
  },
  {
    name: 'read the registry password', reads: like((cluster) => readRegistryPassword(cluster!).script, 'sample-cluster'),
    act: (host, { args: [cluster = ''] }) => {
      const text = host.files.text(`${hostPaths(cluster).rootfs}/etc/registry.yml`) ?? '';
      return lines([/^password: *(.*)$/m.exec(text)?.[1] ?? ''].filter(Boolean));
    },
  },
  {
    name: 'look at settings',
    reads: rendered((services: readonly string[]) => inspectHost([], services).script, (script): [string[]] | undefined => {
      const [, units] = /^for unit in (.*); do$/m.exec(script) ?? [];
      return units === undefined ? undefined : [[...units.matchAll(/'([^']*)'/g)].map(([, unit = '']) => unit)];
    }, (services) => services),
    act: (host, { args: units, stdin }) => lines([
      ...items(stdin, '\n').filter((file) => host.files.has(file)).map((file) => `file ${base64(file)} ${base64(host.files.text(file) ?? '')}`),
      ...units.map((unit) => `unit ${unit} ${host.isActive(unit) ? 'enabled active' : 'not-found inactive'}`),
    ]),
  },
  {
    name: 'forget what the files were', reads: like((data) => forgetFiles(data!).script, 'sample-folder'),
    act: (host, { args: [data = ''] }) => {
      for (const mark of host.marks()) if (mark.startsWith('mount:')) host.files.remove(`${stateDir}/done/${mark}`);
      host.files.remove(`${data}/.keelson/files.json`);
    },
  },
];
