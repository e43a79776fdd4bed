import { parseHostList } from '../domain/host-list';
import { errorsOf, type Problem } from '../domain/problem';
import { hostListProblems } from '../domain/spec-rules';
import { mistake, noted } from './one-report';
import type { WantedHost } from './wanted';

interface HostFlags {
  readonly masters?: string;
  readonly nodes?: string;
}

/** Hosts as far as they can be read, masters first, and what is wrong with the rest. */
interface ReadHosts {
  readonly hosts: readonly WantedHost[];
  readonly problems: readonly Problem[];
  /** A list cannot be read: nobody knows how many hosts there are. */
  readonly unread: boolean;
}

/** Said of a command that is about hosts. */
export const nobody = mistake('no host is named', 'name hosts with --masters or --nodes');

/** The hosts of --masters and --nodes. Throws nothing: all that is wrong with them is among the problems. */
export function readHosts({ masters, nodes }: HostFlags): ReadHosts {
  const problems: Problem[] = [];
  const listed = (flag: string, text: string | undefined, role: string): WantedHost[] =>
    noted(problems, [], () => parseHostList(text ?? '', undefined, flag).map((host) => ({ ...host, roles: [role], env: [] })));
  const hosts = [...listed('--masters', masters, 'master'), ...listed('--nodes', nodes, 'node')];
  return { hosts, unread: problems.length > 0, problems: [...problems, ...errorsOf(hostListProblems(hosts.map((host) => ({ ...host, id: host.address }))))] };
}

/** The same for a command that is about hosts: to name none is a mistake as well. */
export function readNamedHosts(flags: HostFlags): ReadHosts {
  const read = readHosts(flags);
  return read.hosts.length + read.problems.length > 0 ? read : { ...read, problems: [nobody] };
}
