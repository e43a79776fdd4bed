import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';

const WORDS: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  ECONNREFUSED: ['the connection was refused: nothing listens there', 'check the port, and that sshd runs on the host (systemctl status ssh)'],
  ETIMEDOUT: ['there was no answer', 'check that the host is up, and that no firewall drops the port'],
  EHOSTUNREACH: ['there is no route to it, or the host is down', 'check that the host is up and in reach: ip route get, ping'],
  ENETUNREACH: ['there is no route to its network', 'check the address and the routes of this machine'],
  ECONNRESET: ['the connection was reset', 'check that the port is that of sshd, and look at its log on the host'],
  EPIPE: ['the connection was closed', 'look at the log of sshd on the host'],
  ENOTFOUND: ['the name is not known', 'check the spelling, or give an IP address'],
  EAI_AGAIN: ['the name server did not answer', 'check the name resolution of this machine, or give an IP address'],
};

/** A host that cannot be reached: the cause in words, and what to do. */
export function unreachable(target: HostTarget, cause: Error & { code?: string; level?: string }): ClusterError {
  const where = `${target.access.user}@${target.address}:${target.port}`;
  const [what, todo] = WORDS[cause.code ?? ''] ?? inWords(cause);
  return new ClusterError('HostUnreachable', `cannot reach ${where}: ${what}`, { host: target.id, todo }, { cause });
}

function inWords(cause: Error & { level?: string }): readonly [string, string] {
  if (/before handshake|ended by the host/.test(cause.message)) {
    return ['the host closed the connection before the greeting', 'sshd may be at its limit (MaxStartups), or refuse this address: look at its log on the host'];
  }
  if (/open failure/.test(cause.message)) {
    return ['it lets us in, but opens no session', 'check MaxSessions, ForceCommand and the shell of the user on the host'];
  }
  if (/no matching|algorithm|kex/i.test(cause.message)) {
    return [`the SSH handshake failed (${cause.message})`, 'the host offers only algorithms that are too old: update its sshd'];
  }
  if (cause.level === 'client-timeout' || /timed out|timeout/i.test(cause.message)) {
    return ['the host took the connection, but its sshd does not answer', 'look whether the host hangs: its load, its disk, the log of sshd'];
  }
  return [cause.message, 'try ssh by hand, and look at the log of sshd on the host'];
}

/** The link broke while something was under way. */
export const disconnected = (host: string, cause?: Error): ClusterError =>
  new ClusterError('Disconnected', `the connection to ${host} was lost${cause ? ` (${cause.message})` : ''}; what ran there may have gone on`, {
    host, todo: 'nothing: the host is asked what became of it, and the rest is done again',
  }, { cause });
