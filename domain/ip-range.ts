import { IPv4, IPv6, isValid, isValidCIDR, parse, parseCIDR } from 'ipaddr.js';

/** A range of addresses: an address and how many leading bits count. */
export type Range = readonly [IPv4 | IPv6, number];

/** A whole IP address: four numbers for IPv4, since `10.1` and `012.1.1.1` mean something else to others; no zone. */
export const isAddress = (text: string): boolean =>
  text.includes(':') ? isValid(text) && !text.includes('%') : /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text) && isValid(text);

/** A CIDR range; undefined when it is none. */
export function rangeOf(text: string): Range | undefined {
  const trimmed = text.trim();
  return isValidCIDR(trimmed) && isAddress(trimmed.split('/')[0] ?? '') ? parseCIDR(trimmed) : undefined;
}

/** A range by its first address, as the API writes it: `100.64.1.1/24` is `100.64.1.0/24`. Undefined for what is none. */
export function networkOf(text: string): string | undefined {
  const range = rangeOf(text);
  if (!range) return undefined;
  const [address, bits] = range;
  const written = `${address.toString()}/${bits}`;
  return address.kind() === 'ipv6' ? `${IPv6.networkAddressFromCIDR(written).toRFC5952String()}/${bits}` : `${IPv4.networkAddressFromCIDR(written).toString()}/${bits}`;
}

/** Whether an address lies in a CIDR range. False where one of the two is malformed, or their families differ. */
export function isInside(address: string, cidr: string): boolean {
  const range = rangeOf(cidr);
  return isAddress(address) && range !== undefined && covers(range, parse(address));
}

/** Whether two CIDR ranges share an address. False where one is malformed, or their families differ. */
export function overlaps(a: string, b: string): boolean {
  const [one, other] = [rangeOf(a), rangeOf(b)];
  if (!one || !other) return false;
  return one[1] <= other[1] ? covers(one, other[0]) : covers(other, one[0]);
}

const covers = (range: Range, address: IPv4 | IPv6): boolean =>
  address.kind() === range[0].kind() && address.match(range as [IPv4 | IPv6, number]);

/** An address as Kubernetes writes it (RFC 5952), so that `FD00::1` and `fd00:0::1` are the same. What is no address stays as it is. */
export const normalAddress = (text: string): string => {
  if (!isAddress(text)) return text;
  const address = parse(text);
  return address.kind() === 'ipv6' ? (address as IPv6).toRFC5952String() : address.toString();
};

/** Whether two texts are one address, however they are written. An IPv4 address has one spelling only. */
export const sameAddress = (one: string, other: string): boolean =>
  one === other || (one.includes(':') && other.includes(':') && normalAddress(one) === normalAddress(other));

/** Addresses that only the host itself, or none, answers at. */
export const isLoopback = (text: string): boolean => isAddress(text) && ['loopback', 'unspecified'].includes(parse(text).range());
