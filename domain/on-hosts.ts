import type { ClusterSpec, Credential, Host, Sealed } from './cluster';
import { ClusterError } from './errors';

/**
 * What a person does on hosts past the cluster's own operations: a command, a copy. It changes nothing that Keelson knows,
 * so it runs beside them.
 */
export interface HostsWork {
  readonly cluster: string;
  readonly uid: string;
  /** Names the logs and the journal, e.g. `exec-4f1c09d2`; the workflow is `cluster/<name>/<operation>`. */
  readonly operation: string;
  readonly hosts: readonly Host[];
  readonly credentials: Readonly<Record<string, Credential>>;
  /** Keys the hosts showed, by host id. */
  readonly hostKeys: Readonly<Record<string, string>>;
  readonly strictHostKeys: boolean;
}

export interface ExecInput extends HostsWork {
  /** The command's text, sealed for `exec/<operation>`: it may hold secrets. */
  readonly command: Sealed;
  /** Milliseconds on each host. */
  readonly timeoutMs: number;
}

export interface CopyInput extends HostsWork {
  /** Absolute path on the machine of the Temporal worker, and the digest of what the client saw there. */
  readonly source: string;
  readonly digest: string;
  /** Absolute path on the hosts. */
  readonly destination: string;
}

/** How it went on one host: an exit code, or why there is none. */
export interface HostResult {
  readonly host: string;
  readonly code?: number;
  /** For a copy: what was sent. */
  readonly files?: number;
  readonly bytes?: number;
  readonly problem?: { readonly type: string; readonly message: string };
}

/** Where the text of a command is sealed for. */
export const execField = (operation: string): string => `exec/${operation}`;

/**
 * The hosts that are meant: those named, or else those with one of the roles, or else all; in the cluster's order.
 * Throws InvalidSpec for a host or a role that the cluster has not: a command that silently reaches nobody helps nobody.
 */
export function selectHosts(spec: Pick<ClusterSpec, 'name' | 'hosts'>, { hosts = [], roles = [] }: { hosts?: readonly string[]; roles?: readonly string[] }): Host[] {
  const known = (id: string): boolean => spec.hosts.some((host) => host.id === id);
  const strangers = hosts.filter((id) => !known(id));
  if (strangers.length > 0) {
    throw new ClusterError('InvalidSpec', `cluster ${spec.name} has no host ${strangers.join(', ')}`, { todo: `its hosts are ${spec.hosts.map(({ id }) => id).join(', ')}` });
  }
  if (hosts.length > 0) return spec.hosts.filter(({ id }) => hosts.includes(id));
  const empty = roles.filter((role) => !spec.hosts.some((host) => host.roles.includes(role)));
  if (empty.length > 0) {
    const there = [...new Set(spec.hosts.flatMap((host) => host.roles))];
    throw new ClusterError('InvalidSpec', `no host of cluster ${spec.name} has the role ${empty.join(', ')}`, { todo: `its roles are ${there.join(', ')}` });
  }
  return roles.length > 0 ? spec.hosts.filter((host) => host.roles.some((role) => roles.includes(role))) : [...spec.hosts];
}

/** The exit code for all hosts together: that of the command where it is the same on every host, else 1. */
export function exitCodeOfHosts(results: readonly HostResult[]): number {
  const codes = new Set(results.map(({ code }) => code));
  const [code] = codes;
  return codes.size === 1 && code !== undefined ? code : 1;
}
