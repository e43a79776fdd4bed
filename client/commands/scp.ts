import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Problem } from '../../domain/problem';
import { followHosts } from '../follow-hosts';
import { mistake, refuse } from '../one-report';
import { clusterOf, isEmbedded, withCluster } from '../session';
import { type HostSelectionFlags, selectionOf } from './exec';

/** `keelson scp [name] SRC DST`: a file or the content of a folder to all hosts, or to those that are named or have a role. */
export async function scp(words: readonly string[], flags: HostSelectionFlags): Promise<number> {
  const [destination = '', source = '', name, ...more] = [...words].reverse();
  const problems: Problem[] = [];
  if (words.length < 2 || more.length > 0) problems.push(mistake('a source and a destination are needed', 'keelson scp [name] SRC DST'));
  else {
    if (!existsSync(resolve(source))) problems.push(mistake(`${resolve(source)} is not there`, 'check the path'));
    if (!destination.startsWith('/')) problems.push(mistake(`the destination ${destination} is not absolute`, 'hosts need the whole path, e.g. /etc/motd'));
  }
  const selection = selectionOf(flags, problems);
  refuse(problems);
  return withCluster(clusterOf(name, flags), flags, async (client) => {
    const run = await client.copy(clusterOf(name, flags), { source: resolve(source), destination }, selection);
    const code = await followHosts(run, { json: flags.json ?? false, embedded: isEmbedded(flags), quiet: true });
    if (code === 0 && !flags.json) process.stderr.write(`${source} is on ${run.hosts.length} ${run.hosts.length === 1 ? 'host' : 'hosts'}, verified there\n`);
    return code;
  });
}
