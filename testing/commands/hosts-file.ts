import { isAddress } from '../../domain/ip-range';
import { type HostsLine, removeHosts, setHosts } from '../../domain/hosts-file';
import type { Host } from '../host';
import { like, rendered } from '../pattern';
import type { Simulation } from '../simulation';

const path = '/etc/hosts';
const tag = (cluster: string): string => ` # keelson ${cluster} `;

/** Our lines first, between two marks, and all others below as they were. */
function rewrite(host: Host, cluster: string, change: (ours: string[]) => string[]): void {
  const marks = [`# keelson ${cluster} begin`, `# keelson ${cluster} end`];
  const all = (host.files.text(path) ?? '').split('\n').filter((line) => !marks.includes(line));
  const ours = change(all.filter((line) => line.includes(tag(cluster))));
  const others = all.filter((line) => !line.includes(tag(cluster)));
  host.files.write(path, [...(ours.length > 0 ? [marks[0]!, ...ours, marks[1]!] : []), ...others].join('\n'));
}

function readLines(script: string): [string, string, HostsLine[]] | undefined {
  const [, cluster] = /begin='# keelson (\S+) begin'/.exec(script) ?? [];
  const [, own, section] = /^own=\((.*)\) section="\$tag"'([^']*)'$/m.exec(script) ?? [];
  if (cluster === undefined || own === undefined || section === undefined) return undefined;
  const lines = [...own.matchAll(/'([^']*)'/g)].map(([, text = '']) => text.replace(/ # keelson .*/, '').split(' '));
  return [cluster, section, lines.map(([address = '', ...names]) => ({ address, names }))];
}

export const hostsFile: readonly Simulation[] = [
  {
    name: 'set lines in /etc/hosts',
    reads: rendered((cluster: string, section: string, lines: HostsLine[]) => setHosts(cluster, section, lines).script, readLines,
      (cluster, section, lines) => [cluster, section, ...lines.map(({ address, names }) => `${address} ${names.join(' ')}`)]),
    act: (host, { args: [cluster = '', section = '', ...lines] }) => {
      const mine = `${tag(cluster)}${section}`;
      const own = lines.filter((line) => isAddress(line.split(' ')[0] ?? '')).map((line) => `${line}${mine}`);
      // A section keeps its place.
      rewrite(host, cluster, (ours) => {
        const at = ours.findIndex((line) => line.endsWith(mine));
        const others = ours.filter((line) => !line.endsWith(mine));
        return at < 0 ? [...others, ...own] : [...others.slice(0, at), ...own, ...others.slice(at)];
      });
    },
  },
  { name: 'take the lines out of /etc/hosts', reads: like((cluster) => removeHosts(cluster!).script, 'sample-cluster'), act: (host, { args: [cluster = ''] }) => rewrite(host, cluster, () => []) },
];
