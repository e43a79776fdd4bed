import type { Lab } from './harness';

/**
 * Asks a DNS server for a name's IPv4 address from a lab host, over TCP with what bash has: the hosts have no resolver's tools.
 * Gives the address of a single answer; undefined when there is none.
 */
export function resolveOn(lab: Lab, host: string, server: string, name: string): string | undefined {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  // Id 1, recursion wanted, one question of type A in class IN (RFC 1035, section 4.1); TCP puts the length before it.
  const question = Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
  const message = Buffer.concat([Buffer.from([0, question.length]), question]);
  const script = `exec 3<>/dev/tcp/${server}/53 && base64 -d >&3 && read -r high low < <(timeout 3 head -c 2 <&3 | od -An -tu1) && timeout 3 head -c $((high * 256 + low)) <&3 | base64 -w0`;
  const answer = Buffer.from(lab.on(host, script, { input: message.toString('base64'), check: false }), 'base64');
  // One answer, and nothing after it: an address of type A ends the message.
  return answer.length > question.length && answer.readUInt16BE(6) === 1 ? [...answer.subarray(-4)].join('.') : undefined;
}
