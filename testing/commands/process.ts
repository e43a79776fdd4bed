import { endGroup } from '../../activities/adapters/shell/loader';
import { rendered } from '../pattern';
import type { Simulation } from '../simulation';

/** Ending what an earlier command started. */
export const process: readonly Simulation[] = [
  {
    name: 'end a process group',
    reads: rendered((group: number) => endGroup(group), (script): [number] | undefined => {
      const group = /^\nkill -TERM -- -(\d+)/.exec(script)?.[1];
      return group === undefined ? undefined : [Number(group)];
    }, (group) => [`${group}`]),
    act: (host, { args: [group] }) => {
      host.processes.get(Number(group))?.end();
      host.processes.delete(Number(group));
      return undefined;
    },
  },
];
