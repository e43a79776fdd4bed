import { type IPv4, type IPv6, isValid, isValidCIDR, parse, parseCIDR } from 'ipaddr.js';

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

/** An address in one spelling, so that `fd00::1` and `fd00:0::1` are the same. What is no address stays as it is. */
export const normalAddress = (text: string): string => (isAddress(text) ? parse(text).toNormalizedString() : text);

/** Addresses that only the host itself, or none, answers at. */
export const isLoopback = (text: string): boolean => isAddress(text) && ['loopback', 'unspecified'].includes(parse(text).range());
