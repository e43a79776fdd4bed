import { existsSync } from 'node:fs';
import { databaseFile } from '../home/paths';
import { usesEmbedded } from './connect';
import { keepLocalAlive } from './keep-alive';
import { keepHistories } from './keep-histories';
import type { KeelsonClient } from './keelson-client';
import { noSuchCluster } from './no-such-cluster';
import { mistake, refusal } from './one-report';

/** What all commands about clusters take. */
export interface CommonFlags {
  readonly profile?: string;
  readonly cluster?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly by?: string;
}

/** Who asks, when the flags say so. */
export const actorOf = ({ by }: CommonFlags): { by?: string } => (by ? { by } : {});

/** The cluster a command is about: its argument, or --cluster, or `default`. Throws InvalidSpec when the two name different ones. */
export function clusterOf(name: string | undefined, { cluster }: CommonFlags): string {
  if (name !== undefined && cluster !== undefined && name !== cluster) throw refusal([mistake(`two clusters are named, ${name} and --cluster ${cluster}`, 'name the one that is meant')]);
  return name ?? cluster ?? 'default';
}

/** Whether Keelson's own server is used. */
export const isEmbedded = ({ profile }: CommonFlags): boolean => usesEmbedded(profile ? { profile } : {});

/** Whether anything was ever done with Keelson's own server: without its database there is no cluster. True for other servers. */
export const mayHaveClusters = (flags: CommonFlags): boolean => !isEmbedded(flags) || existsSync(databaseFile());

/**
 * As withClient, for a command about a cluster that must be there: where no cluster can be, nothing is started to say so.
 * Throws InvalidSpec then. A cluster that a running server does not know is for `work` to refuse.
 */
export async function withCluster<T>(cluster: string, flags: CommonFlags, work: (client: KeelsonClient) => Promise<T>): Promise<T> {
  if (!mayHaveClusters(flags)) throw noSuchCluster(cluster);
  return withClient(flags, async (client) => {
    const answer = await work(client);
    await keepUnwatched(client, cluster, flags);
    return answer;
  });
}

/** What has ended and was not watched is kept, where the embedded server will forget it. A cluster that nobody knows has nothing. */
export async function keepUnwatched(client: KeelsonClient, cluster: string, flags: CommonFlags): Promise<void> {
  if (!isEmbedded(flags)) return;
  const report = await client.status(cluster).catch(() => undefined);
  await keepHistories(client, cluster, report?.view?.log ?? []);
}

/** Connects, works, and closes whatever happens. The embedded server is kept alive meanwhile; lines about it go to stderr. */
export async function withClient<T>(flags: CommonFlags, work: (client: KeelsonClient) => Promise<T>): Promise<T> {
  const { profile } = flags;
  const { KeelsonClient } = await import('./keelson-client.js');
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const client = await KeelsonClient.connect({ say, ...(profile ? { profile } : {}) });
  const stopKeeping = isEmbedded(flags) ? keepLocalAlive(say) : () => undefined;
  try {
    return await work(client);
  } finally {
    stopKeeping();
    await client.close();
  }
}
