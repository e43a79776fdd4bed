import type { Lab } from './harness';

/**
 * Asks a DNS server for a name's IPv4 address from a lab host, over TCP with what bash has: the hosts have no resolver's tools.
 * Gives the first address of the answer; undefined when there is none.
 */
export function resolveOn(lab: Lab, host: string, server: string, name: string): string | undefined {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  // Id 1, recursion wanted, one question of type A in class IN (RFC 1035, section 4.1); TCP puts the length before it.
  const question = Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
  const message = Buffer.concat([Buffer.from([0, question.length]), question]);
  const said = lab.on(host, `exec 3<>/dev/tcp/${server}/53 && base64 -d >&3 && timeout 3 head -c ${message.length + 16} <&3 | base64 -w0`, { input: message.toString('base64'), check: false });
  const answer = Buffer.from(said, 'base64');
  const answers = answer.length > 9 ? answer.readUInt16BE(8) : 0;
  // The answer repeats the question; then a pointer to the name, type, class, lifetime and length: 12 bytes before the address.
  return answers > 0 && answer.length >= message.length + 16 ? [...answer.subarray(message.length + 12, message.length + 16)].join('.') : undefined;
}
