import { networkInterfaces } from 'node:os';
import { ClusterError } from '../domain/errors';
import type { WantedHost } from './wanted';

/** This machine's IPv4 addresses, in the order of its interfaces; loopback last. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ family }) => family === 'IPv4');
  return [...all.filter(({ internal }) => !internal), ...all.filter(({ internal }) => internal)].map(({ address }) => address);
}

/** This machine as the one control plane of a cluster whose hosts were not named. Throws InvalidSpec without a network. */
export function thisMachine(): WantedHost {
  const [address] = ownAddresses();
  if (!address || address.startsWith('127.')) {
    throw new ClusterError('InvalidSpec', 'no hosts were named, and this machine has no IPv4 address of its own', { todo: 'name a control plane with --masters' });
  }
  return { address, roles: ['master'], env: [] };
}
