import { ClusterError } from '../domain/errors';
import { parseHostList } from '../domain/host-list';
import { errorsOf, formatProblems } from '../domain/problem';
import { addressProblems } from '../domain/spec-rules';
import type { WantedHost } from './wanted';

/** The hosts of --masters and --nodes, masters first. Throws InvalidSpec with all that is wrong with them. */
export function hostsFrom({ masters, nodes }: { readonly masters?: string; readonly nodes?: string }): WantedHost[] {
  const wrong: ClusterError[] = [];
  const hosts = [...listed('--masters', masters, 'master', wrong), ...listed('--nodes', nodes, 'node', wrong)];
  const [first, second] = wrong;
  const unusable = errorsOf(hosts.flatMap(({ address }) => addressProblems(address)));
  if (!first && unusable.length > 0) throw new ClusterError('InvalidSpec', formatProblems(unusable), { todo: 'nothing was started' });
  if (!first) return hosts;
  throw second ? new ClusterError(first.type, `${first.message}; ${second.message}`, first.details) : first;
}

function listed(flag: string, text: string | undefined, role: string, wrong: ClusterError[]): WantedHost[] {
  try {
    return parseHostList(text ?? '', undefined, flag).map((host) => ({ ...host, roles: [role], env: [] }));
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    wrong.push(error);
    return [];
  }
}
