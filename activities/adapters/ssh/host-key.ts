import { createHash } from 'node:crypto';
import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import { revokedKeys, welcomeKeys } from '../../../domain/host-key';

/** A host key as specs and states have it: `<type> <base64>`. */
export function formatHostKey(blob: Buffer): string {
  const length = blob.readUInt32BE(0);
  return `${blob.subarray(4, 4 + length).toString('ascii')} ${blob.toString('base64')}`;
}

/** As `ssh-keygen -l` prints it. */
export const fingerprintOfKey = (key: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(key.split(' ')[1] ?? '', 'base64')).digest('base64').replace(/=+$/, '')}`;

/**
 * The keys of which a host has to show one: those that its Clusterfile names, or else the recorded one, and what a person named (known_hosts, `keelson amend`). What
 * was seen earlier in the operation counts where nothing else is known. Empty: any, at first contact.
 */
export function expectedKeys({ pinnedKey, knownKeys = [], hostKeys = [] }: HostTarget, seenBefore?: string): string[] {
  if (hostKeys.length > 0) return [...hostKeys];
  const known = welcomeKeys(knownKeys);
  const recorded = pinnedKey ?? (known.length > 0 ? undefined : seenBefore);
  return [recorded, ...known].filter((key): key is string => key !== undefined && key !== '');
}

/** Whether a key is one of these. A person may have named it by its fingerprint alone: `[<type> ]SHA256:<base64>`. */
export function isExpected(shown: string, expected: readonly string[]): boolean {
  const fingerprint = fingerprintOfKey(shown);
  return [shown, fingerprint, `${typeOf(shown)} ${fingerprint}`].some((name) => expected.includes(name));
}

/**
 * Throws HostKeyMismatch when a host shows a key that known_hosts revokes, whoever else knows it (as OpenSSH does), another key
 * than the expected ones, or an unknown one where first contact is not allowed.
 */
export function checkHostKey(target: HostTarget, shown: string, expected: readonly string[]): void {
  const where = `${target.address}:${target.port}`;
  if (isExpected(shown, revokedKeys(target.knownKeys ?? []))) {
    throw new ClusterError('HostKeyMismatch', `${where} shows the host key ${inWords(shown)}, which known_hosts revokes: whoever has that key may be anybody`, {
      host: target.id, todo: `give ${target.id} new host keys at its console (ssh-keygen -A after removing the old ones); then keelson amend ${target.cluster} --host ${target.id} --host-key '<its fingerprint>'`,
    });
  }
  if (isExpected(shown, expected)) return;
  const how = `ssh-keyscan -p ${target.port} ${target.address} >> ~/.ssh/known_hosts`;
  const compare = `compare the fingerprint at the console of ${target.id} (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)`;
  if (expected.length > 0) {
    throw new ClusterError('HostKeyMismatch', `${where} shows the host key ${inWords(shown)}, but ${[...new Set(expected.map(inWords))].join(' or ')} is known for it: it is another machine, was installed anew, or somebody stands in between`, {
      host: target.id,
      todo: `${compare}; if it is right: keelson amend ${target.cluster} --host ${target.id} --host-key '${typeOf(shown)} ${fingerprintOfKey(shown)}'. Before there is such a cluster: ssh-keygen -R ${target.port === 22 ? target.address : `'[${target.address}]:${target.port}'`}; ${how}; then the same command again`,
    });
  }
  if (target.strictHostKeys) {
    throw new ClusterError('HostKeyMismatch', `the host key of ${where} is not known, and strict checking of host keys is on; it shows ${inWords(shown)}`, {
      host: target.id, todo: `${compare}, then: ${how}`,
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

/** A key for people, also one that is known by its fingerprint alone. */
function inWords(key: string): string {
  const [, type, fingerprint = ''] = /^(?:(\S+) )?(SHA256:\S+)$/.exec(key) ?? [undefined, typeOf(key), fingerprintOfKey(key)];
  return type ? `${fingerprint} (${type})` : fingerprint;
}
