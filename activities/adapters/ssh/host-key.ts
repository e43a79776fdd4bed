import { createHash } from 'node:crypto';
import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';

/** A host key as specs and states have it: `<type> <base64>`. */
export function formatHostKey(blob: Buffer): string {
  const length = blob.readUInt32BE(0);
  return `${blob.subarray(4, 4 + length).toString('ascii')} ${blob.toString('base64')}`;
}

/** As `ssh-keygen -l` prints it. */
export const fingerprintOfKey = (key: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(key.split(' ')[1] ?? '', 'base64')).digest('base64').replace(/=+$/, '')}`;

/** The key a host has to show: the recorded one, and what a person put into known_hosts. Empty: any, at first contact. */
export const expectedKeys = (target: HostTarget, seenBefore?: string): string[] =>
  [target.pinnedKey ?? seenBefore, ...target.knownKeys ?? []].filter((key): key is string => key !== undefined && key !== '');

/**
 * Throws HostKeyMismatch when a host shows another key than the expected ones, or an unknown one where first contact is
 * not allowed. known_hosts counts beside the recorded key: changing it is how a person says that a host is new.
 */
export function checkHostKey(target: HostTarget, shown: string, expected: readonly string[]): void {
  if (expected.includes(shown)) return;
  const where = `${target.address}:${target.port}`;
  const how = `ssh-keyscan -p ${target.port} ${target.address} >> ~/.ssh/known_hosts`;
  if (expected.length > 0) {
    throw new ClusterError('HostKeyMismatch', `${where} shows the host key ${fingerprintOfKey(shown)} (${typeOf(shown)}), but ${expected.map((key) => `${fingerprintOfKey(key)} (${typeOf(key)})`).join(' or ')} is known for it: it is another machine, was installed anew, or somebody stands in between`, {
      host: target.id,
      todo: `compare the fingerprint at the console of ${target.id} (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it is right: ssh-keygen -R ${target.port === 22 ? target.address : `'[${target.address}]:${target.port}'`}; ${how}; then the same command again`,
    });
  }
  if (target.strictHostKeys) {
    throw new ClusterError('HostKeyMismatch', `the host key of ${where} is not known, and strict checking of host keys is on; it shows ${fingerprintOfKey(shown)} (${typeOf(shown)})`, {
      host: target.id, todo: `compare the fingerprint at the console of ${target.id}, then: ${how}`,
    });
  }
}

/** Key algorithms to ask a host for: those of the expected keys, as a host with several keys shows the first we name. */
export function algorithmsFor(expected: readonly string[]): string[] {
  const types = [...new Set(expected.map(typeOf))];
  const wanted = types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]));
  return [...new Set([...wanted.filter((name) => ALL.includes(name)), ...ALL])];
}

const ALL = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'];
const typeOf = (key: string): string => key.split(' ')[0] ?? '';
