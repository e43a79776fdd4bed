import { createReadStream } from 'node:fs';
import type { HostTarget } from '../domain/cluster';
import { hashSnapshot, lookAtSnapshot, pruneSnapshots, receiveSnapshot, removeSnapshot, saveSnapshot, sendSnapshot, type Snapshot } from '../domain/commands/etcd-snapshots';
import { ClusterError } from '../domain/errors';
import type { Where } from '../domain/where';
import { hashOfFile, keepSnapshot, pruneKept, snapshotFile } from '../home/snapshots';
import type { Deps } from './deps';
import type { Session } from './ports';
import { inScope } from './scope';

export interface SaveSnapshotInput {
  readonly where: Where;
  /** A control plane whose member answers. */
  readonly host: HostTarget;
  /** What the snapshot shall be called; the same name twice is one snapshot. */
  readonly name: string;
  /** How many are kept on the host and here. */
  readonly keep: number;
}

/** Takes a snapshot of etcd on one control plane, and a copy of it to this machine: one that lies outside of the cluster. */
export const saveEtcdSnapshot = (deps: Deps) => async ({ where, host, name, keep }: SaveSnapshotInput): Promise<Snapshot> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const snapshot = await session.run(saveSnapshot(name));
    await bringHere(session, where.cluster, snapshot);
    await session.run(pruneSnapshots(keep));
    pruneKept(where.cluster, keep);
    scope.log(`${name}: revision ${snapshot.revision}, ${snapshot.keys} keys, ${snapshot.bytes} bytes, hash ${snapshot.hash}`);
    return snapshot;
  });

export interface PutSnapshotInput extends SaveSnapshotInput {
  readonly sha256: string;
}

/** Brings a snapshot from this machine to a control plane that has not got it. */
export const putEtcdSnapshot = (deps: Deps) => async ({ where, host, name, sha256, keep }: PutSnapshotInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await putThere(session, where.cluster, { name, sha256 });
    await session.run(pruneSnapshots(keep));
  });

export interface FindSnapshotInput {
  readonly where: Where;
  readonly host: HostTarget;
  readonly name: string;
}

/** Looks for a snapshot on a control plane, and brings it here; undefined when the host has none of that name. */
export const findEtcdSnapshot = (deps: Deps) => async ({ where, host, name }: FindSnapshotInput): Promise<Snapshot | undefined> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    // What lies here counts first: a person may have brought it back.
    const here = await hashOfFile(snapshotFile(where.cluster, name), scope.signal);
    if (here !== undefined) await putThere(session, where.cluster, { name, sha256: here });
    const snapshot = await session.run(lookAtSnapshot(name)).catch(async (error: unknown) => {
      // What we brought and what is no snapshot does not stay.
      if (here !== undefined && error instanceof ClusterError && error.type === 'InvalidSpec') await session.run(removeSnapshot(name));
      throw error;
    });
    if (snapshot && here === undefined) await bringHere(session, where.cluster, snapshot);
    return snapshot;
  });

async function bringHere(session: Session, cluster: string, snapshot: Pick<Snapshot, 'name' | 'sha256' | 'bytes'>): Promise<void> {
  const { name, sha256 } = snapshot;
  if ((await hashOfFile(snapshotFile(cluster, name))) === sha256) return;
  if (await keepSnapshot(cluster, snapshot, (write) => session.fetch(sendSnapshot(name), write))) return;
  throw new ClusterError('DigestMismatch', `${session.host}: the snapshot ${name} did not arrive whole`, { host: session.host, todo: 'nothing: it is fetched again' });
}

/** Sends the snapshot of this machine, unless the host has the very same file. */
export async function putThere(session: Session, cluster: string, { name, sha256 }: Pick<Snapshot, 'name' | 'sha256'>): Promise<void> {
  if ((await session.run(hashSnapshot(name))) === sha256) return;
  const file = snapshotFile(cluster, name);
  const here = await hashOfFile(file);
  if (here !== sha256) {
    throw new ClusterError('InvalidSpec', here === undefined ? `the snapshot ${name} is not on this Temporal worker's machine (${file})` : `${file} is not the snapshot that was taken`, {
      host: session.host, todo: 'copy it there, or name another snapshot',
    });
  }
  await session.feed(receiveSnapshot(name, sha256), createReadStream(file, { highWaterMark: 256 * 1024 }));
}
