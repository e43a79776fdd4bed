import { networkInterfaces } from 'node:os';

/** This machine's IPv4 addresses, in the order of its interfaces; loopback last. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ family }) => family === 'IPv4');
  return [...all.filter(({ internal }) => !internal), ...all.filter(({ internal }) => internal)].map(({ address }) => address);
}
