import { ClusterError } from './errors';
import { isAddress, normalAddress } from './ip-range';

export interface ListedHost {
  readonly address: string;
  /** The item's own port, or else the default; absent where there is neither. */
  readonly port?: number;
}

/** More hosts than any cluster has; it keeps a mistyped range from filling the memory. */
const mostHosts = 4096;

/**
 * The hosts of `--masters` or `--nodes`: items with commas between, each an address, `address:port` (IPv6: `[address]:port`),
 * a range `10.0.0.1-10.0.0.9` (or `10.0.0.1-9`), or a CIDR, of which the network's own and the broadcast address are left
 * out (not of /31 and /32). In the order written. `label` names the list in errors. Throws ClusterError InvalidSpec with
 * everything that is malformed or there twice, and its position.
 */
export function parseHostList(text: string, defaultPort?: number, label = 'the host list'): ListedHost[] {
  if (text.trim() === '') return [];
  const problems: string[] = [];
  const hosts: ListedHost[] = [];
  const seen = new Map<string, number>();
  text.split(',').forEach((raw, index) => {
    const item = raw.trim();
    const say = (message: string) => problems.push(`item ${index + 1} (${JSON.stringify(item.length > 100 ? `${item.slice(0, 100)}...` : item)}) ${message}`);
    const { addresses, port, problem } = readItem(item, mostHosts - hosts.length);
    if (problem !== undefined) return void say(problem);
    const twice: string[] = [];
    for (const address of addresses) {
      const first = seen.get(normalAddress(address));
      if (first === undefined) seen.set(normalAddress(address), index + 1);
      else twice.push(`${address} as item ${first} has it`);
      const used = port ?? defaultPort;
      hosts.push({ address, ...(used === undefined ? {} : { port: used }) });
    }
    if (twice.length > 0) say(`repeats ${twice.slice(0, 3).join(', ')}${twice.length > 3 ? ` and ${twice.length - 3} more` : ''}`);
  });
  if (problems.length === 0) return hosts;
  throw new ClusterError('InvalidSpec', `${label}: ${problems.slice(0, 50).join('; ')}${problems.length > 50 ? '; ...' : ''}`, {
    todo: 'Write hosts as 10.0.0.1, 10.0.0.1:22, 10.0.0.1-10.0.0.9 or 10.0.0.0/28, with commas between.',
  });
}

/** `address`, `address:port` or `[address]:port`; undefined when it is none of them. */
export function parseHost(text: string): ListedHost | undefined {
  const { addresses: [address], port, problem } = readAddress(text);
  if (address === undefined || problem !== undefined) return undefined;
  return { address, ...(port === undefined ? {} : { port }) };
}

/** `address:port`, which parseHost() reads back. */
export const hostText = ({ address, port }: { readonly address: string; readonly port: number }): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

interface Item {
  readonly addresses: readonly string[];
  readonly port?: number;
  readonly problem?: string;
}

const refuse = (problem: string): Item => ({ addresses: [], problem });

function readItem(item: string, room: number): Item {
  if (item === '') return refuse('is empty');
  const range = /^([^-/]+)-([^-/]+)$/.exec(item);
  if (range) return readRange((range[1] ?? '').trim(), (range[2] ?? '').trim(), room);
  const cidr = /^([^/]+)\/(\d{1,3})$/.exec(item);
  if (cidr) return readCidr(cidr[1] ?? '', Number(cidr[2]), room);
  const one = readAddress(item);
  return one.problem === undefined && room < 1 ? refuse(`makes it more than ${mostHosts} hosts`) : one;
}

function readAddress(item: string): Item {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(item) ?? [];
  const address = bracketed ?? plain ?? item;
  if (!isAddress(address) || (bracketed !== undefined && !address.includes(':'))) return refuse('is no IP address');
  if (port === undefined) return { addresses: [address] };
  return Number(port) > 0 && Number(port) < 65_536 ? { addresses: [address], port: Number(port) } : refuse(`has no port: ${port}`);
}

function readRange(from: string, to: string, room: number): Item {
  const last = /^\d{1,3}$/.test(to) ? from.replace(/\d+$/, to) : to;
  if (!isIpv4(from) || !isIpv4(last)) return refuse('is no range of IPv4 addresses');
  const [low, high] = [toNumber(from), toNumber(last)];
  return low > high ? refuse('ends before it begins') : expand(low, high, room);
}

function readCidr(base: string, bits: number, room: number): Item {
  if (!isIpv4(base) || bits > 32) return refuse('is no IPv4 range in CIDR form');
  const size = 2 ** (32 - bits);
  const low = Math.floor(toNumber(base) / size) * size;
  return bits >= 31 ? expand(low, low + size - 1, room) : expand(low + 1, low + size - 2, room);
}

function expand(low: number, high: number, room: number): Item {
  if (high - low + 1 > room) return refuse(`makes it more than ${mostHosts} hosts`);
  return { addresses: Array.from({ length: high - low + 1 }, (_, index) => toText(low + index)) };
}

const isIpv4 = (text: string): boolean => !text.includes(':') && isAddress(text);
const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
