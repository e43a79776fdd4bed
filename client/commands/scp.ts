import { resolve } from 'node:path';
import { ClusterError } from '../../domain/errors';
import { followHosts } from '../follow-hosts';
import { clusterOf, isEmbedded, withCluster } from '../session';
import { type HostSelectionFlags, selectionOf } from './exec';

/** `keelson scp [name] SRC DST`: a file or the content of a folder to all hosts, or to those that are named or have a role. */
export async function scp(words: readonly string[], flags: HostSelectionFlags): Promise<number> {
  const [destination = '', source = '', name, ...more] = [...words].reverse();
  if (words.length < 2 || more.length > 0) throw new ClusterError('InvalidSpec', 'a source and a destination are needed', { todo: 'keelson scp [name] SRC DST' });
  if (!destination.startsWith('/')) throw new ClusterError('InvalidSpec', `the destination ${destination} is not absolute`, { todo: 'hosts need the whole path, e.g. /etc/motd' });
  return withCluster(clusterOf(name, flags), flags, async (client) => {
    const run = await client.copy(clusterOf(name, flags), { source: resolve(source), destination }, selectionOf(flags));
    const code = await followHosts(run, { json: flags.json ?? false, embedded: isEmbedded(flags), quiet: true });
    if (code === 0 && !flags.json) process.stderr.write(`${source} is on ${run.hosts.length} ${run.hosts.length === 1 ? 'host' : 'hosts'}, verified there\n`);
    return code;
  });
}
