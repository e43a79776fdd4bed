import { describeDifference } from '../../domain/drift/difference';
import { ClusterError } from '../../domain/errors';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, withCluster } from '../session';

/** `keelson drift [name]`: what on the hosts is not as it was applied. Exits with 10 when something differs, with 1 when a host could not be looked at or an image is missing. */
export async function drift(name: string | undefined, flags: CommonFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    if (!(await client.desired(cluster))) throw noSuchCluster(cluster);
    const report = await client.drift(cluster);
    if (report.skipped !== undefined) throw new ClusterError('ClusterBusy', `cluster ${cluster} was not looked at: ${report.skipped}`, { todo: `\`keelson why ${cluster}\` says what it does` });
    const { differences, unseen, unknown } = report;
    if (flags.json) console.log(JSON.stringify(report, undefined, 2));
    else {
      for (const one of differences) console.log(describeDifference(one));
      for (const { host, why } of unseen) console.log(`${host}: not looked at: ${why}`);
      if (unknown) console.log(`${cluster}: ${unknown.message}`);
      else if (differences.length + unseen.length === 0) console.log(`${cluster}: everything is as it was applied`);
    }
    return differences.length > 0 ? exitCodes.changes : unseen.length > 0 || unknown ? exitCodes.failed : exitCodes.done;
  });
}
