import { claimHost, dropMarks, markDone, readMarks } from '../../domain/commands/state';
import { readClaim } from '../../domain/commands/reset/owner';
import { stateDir } from '../../domain/host-paths';
import { exactly, like, rendered } from '../pattern';
import { lines, type Simulation } from '../simulation';

const claimFile = `${stateDir}/claim.json`;

export const state: readonly Simulation[] = [
  {
    name: 'claim the host', reads: like((cluster, uid) => claimHost(cluster!, uid!).script, 'sample-cluster', 'sample-uid'),
    act: (host, { args: [cluster, uid] }) => {
      if (!host.files.text(claimFile)) host.files.write(claimFile, `${JSON.stringify({ cluster, uid })}\n`, 0o600);
      return { stdout: host.files.text(claimFile) ?? '' };
    },
  },
  { name: 'read whose the host is', reads: exactly(readClaim.script), act: (host) => ({ stdout: host.files.text(claimFile) ?? '' }) },
  {
    name: 'mark', reads: markReader(false),
    act: (host, { args: [mark = ''] }) => {
      const step = mark.slice(0, mark.indexOf(':') + 1);
      host.files.write(`${stateDir}/done/${mark}`, '', 0o600);
      for (const other of host.marks()) if (step !== '' && other.startsWith(step) && other !== mark) host.files.remove(`${stateDir}/done/${other}`);
    },
  },
  { name: 'mark', reads: markReader(true), act: (host, { args: [mark = ''] }) => host.files.write(`${stateDir}/done/${mark}`, '', 0o600) },
  {
    name: 'drop marks',
    reads: rendered((...marks: string[]) => dropMarks(marks).script, (script): string[] | undefined => {
      const words = /^rm -f -- (.*)$/m.exec(script)?.[1];
      return words === undefined ? undefined : [...words.matchAll(/'([^']*)'/g)].map(([, mark = '']) => mark);
    }, (...marks) => marks),
    act: (host, { args }) => { for (const mark of args) host.files.remove(`${stateDir}/done/${mark}`); },
  },
  { name: 'read the marks', reads: exactly(readMarks.script), act: (host) => lines(host.marks()) },
];

/** Where others of the same step go with it, the script says so. */
function markReader(keepOthers: boolean) {
  return rendered((mark: string) => markDone(mark, { keepOthers }).script, (script): [string] | undefined => {
    const mark = /^: > '(.*)'$/m.exec(script)?.[1];
    return mark === undefined ? undefined : [mark];
  }, (mark) => [mark]);
}
