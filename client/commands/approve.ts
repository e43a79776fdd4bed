import { ClusterError } from '../../domain/errors';
import { agree, showApprovals } from '../agree';
import { exitCodes } from '../exit-codes';
import type { KeelsonClient } from '../keelson-client';
import { noSuchCluster } from '../no-such-cluster';
import { refuse } from '../one-report';
import { sayAndFollow } from '../say-and-follow';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';
import { hashProblems } from '../spec-flags';

/** `keelson approve [name]`: a person's leave for the plan that waits; then follows it. Without a hash the plan is shown and asked; with --yes it is shown. */
export async function approve(name: string | undefined, flags: CommonFlags & { wait?: boolean; planHash?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  refuse(hashProblems(flags));
  const planHash = flags.planHash ?? await withCluster(cluster, flags, (client) => planToApprove(client, cluster, flags));
  if (planHash === undefined) {
    console.error('nothing was approved');
    return exitCodes.refused;
  }
  return sayAndFollow(cluster, flags, (client) => client.approve(cluster, { ...actorOf(flags), planHash }));
}

/** The hash of the plan that waits, when the person agrees to it: on the terminal, or by --yes. Throws InvalidSpec when none waits, or nobody can be asked. */
export async function planToApprove(client: KeelsonClient, cluster: string, { yes }: Pick<CommonFlags, 'yes'>): Promise<string | undefined> {
  const report = await client.status(cluster);
  if (!report) throw noSuchCluster(cluster);
  const waiting = report.view?.running?.waiting;
  if (waiting?.kind !== 'approval') throw new ClusterError('InvalidSpec', `no plan of cluster ${cluster} waits for approval`, { todo: `\`keelson why ${cluster}\` says what it waits for` });
  if (yes) {
    showApprovals(waiting);
    return waiting.planHash;
  }
  if (!process.stdin.isTTY) throw new ClusterError('InvalidSpec', 'say which plan', { todo: `the one that waits is --plan-hash ${waiting.planHash ?? ''}; --yes gives leave for whatever waits` });
  return await agree(waiting) ? waiting.planHash : undefined;
}
