import { existsSync } from 'node:fs';
import { databaseFile } from '../home/paths';
import { usesEmbedded } from './connect';
import type { KeelsonClient } from './keelson-client';
import { noSuchCluster } from './no-such-cluster';

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

/** The cluster a command is about: its argument, or --cluster, or `default`. */
export const clusterOf = (name: string | undefined, { cluster }: CommonFlags): string => name ?? cluster ?? 'default';

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
  return withClient(flags, work);
}

/** Connects, works, and closes whatever happens. Lines about the embedded server go to stderr. */
export async function withClient<T>({ profile }: CommonFlags, work: (client: KeelsonClient) => Promise<T>): Promise<T> {
  const { KeelsonClient } = await import('./keelson-client.js');
  const client = await KeelsonClient.connect({ say: (line) => process.stderr.write(`${line}\n`), ...(profile ? { profile } : {}) });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
