import type { Fault, Moment } from '../../testing';
import type { Made } from './stand';

/** Hangs the first time that this cluster's hosts are told this; `told` hears of it. */
export function hangs({ hosts }: Pick<Made, 'hosts'>, name: string, told: () => void = () => undefined): (moment: Moment) => Fault | undefined {
  let once = false;
  return (moment) => {
    if (once || moment.name !== name || !hosts.some(({ host }) => host.address === moment.host)) return undefined;
    once = true;
    told();
    return { kind: 'hang' };
  };
}

/** What of any command still runs on the hosts. */
export const busy = ({ hosts }: Pick<Made, 'hosts'>): string[] => hosts.flatMap(({ host }) => host.busyWith());
