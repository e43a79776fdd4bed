import { ClusterError } from '../../domain/errors';
import { parseDuration, durationPattern } from '../../domain/clusterfile/duration';
import type { Problem } from '../../domain/problem';
import { followHosts } from '../follow-hosts';
import { mistake, noted, refuse } from '../one-report';
import { clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';

/** How a command says which hosts it is for. */
export interface HostSelectionFlags extends CommonFlags {
  readonly roles?: string;
  readonly hosts?: string;
  readonly ips?: string;
}

/**
 * `keelson exec [name] COMMAND`: on all hosts, or on those that are named or have a role. With --cluster every argument is
 * a command, one after the other, as in sealos.
 */
export async function exec(words: readonly string[], flags: HostSelectionFlags & { timeout?: string }): Promise<number> {
  const problems: Problem[] = [];
  const { cluster, command } = noted(problems, { cluster: '', command: '-' }, () => readWords(words, flags));
  if (command.trim() === '') problems.push(mistake('the command is empty', "keelson exec [name] 'COMMAND'"));
  const timeoutMs = noted(problems, longestMs, () => readTimeout(flags.timeout));
  const selection = selectionOf(flags, problems);
  refuse(problems);
  return withCluster(cluster, flags, async (client) => {
    const run = await client.exec(cluster, command, { ...selection, timeoutMs });
    return followHosts(run, { json: flags.json ?? false, embedded: isEmbedded(flags) });
  });
}

/** Hosts win over roles, as in sealos. A list that is given and empty is a mistake: a variable that is not set must not mean all hosts. */
export function selectionOf({ roles, hosts, ips }: HostSelectionFlags, problems: Problem[]): { hosts: string[]; roles: string[] } {
  const listOf = (flag: string, text: string | undefined): string[] => {
    const list = (text ?? '').split(',').map((one) => one.trim()).filter(Boolean);
    if (text !== undefined && list.length === 0) problems.push(mistake(`${flag} is empty`, 'leave it out for all hosts'));
    return list;
  };
  return { hosts: listOf(hosts === undefined ? '--ips' : '--hosts', hosts ?? ips), roles: listOf('--roles', roles) };
}

/** Cluster and command, as `exec` says them. Throws InvalidSpec for three words and more without --cluster. */
export function readWords(words: readonly string[], flags: CommonFlags): { cluster: string; command: string } {
  const [first = '', second, ...more] = words;
  if (flags.cluster !== undefined) return { cluster: flags.cluster, command: words.join('; ') };
  if (second === undefined) return { cluster: clusterOf(undefined, flags), command: first };
  if (more.length > 0) {
    throw new ClusterError('InvalidSpec', `${words.length} words where a cluster and a command belong`, { todo: "put the command in quotes: keelson exec NAME 'systemctl status kubelet'" });
  }
  return { cluster: first, command: second };
}

/** As good as none: a command that a person watches ends when the person says so. */
const longestMs = 24 * 3_600_000;

function readTimeout(text: string | undefined): number {
  if (text === undefined) return longestMs;
  const ms = durationPattern.test(text) ? parseDuration(text) : 0;
  if (ms < 1 || ms > longestMs) throw new ClusterError('InvalidSpec', `--timeout ${text} is no duration up to 24h`, { todo: 'write it as 30s, 5m or 1h30m' });
  return ms;
}
