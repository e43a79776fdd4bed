import type { HostTarget, Sealed } from '../domain/cluster';
import { markDone } from '../domain/commands/state';
import { readRegistryPassword, readStateCopy, writeStateCopy } from '../domain/commands/state-copy';
import { ClusterError } from '../domain/errors';
import { parseCopy, saysTheSame, type StateCopy } from '../domain/state-copy';
import type { Where } from '../domain/where';
import { loadKeys } from '../home/key';
import { registryField, seal } from '../home/seal';
import { claim } from './claim';
import type { Deps } from './deps';
import { inScope } from './scope';

export interface SaveStateInput {
  readonly where: Where;
  readonly host: HostTarget;
  readonly copy: StateCopy;
}

/** Leaves a copy of the cluster's state on a control plane. A host that is not ours (any more) is left alone, one that has it is not written to. */
export const saveState = (deps: Deps) => async ({ where, host, copy }: SaveStateInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const there = await session.run(readStateCopy);
    if (uidOf(there.claim) !== copy.uid) throw new ClusterError('HostClaimed', `${host.id} does not bear the claim of cluster ${copy.name}`, { host: host.id });
    const before = there.copy === '' ? undefined : readable(there.copy, host.id);
    if (before?.uid === copy.uid && (saysTheSame(before, copy) || before.n > copy.n)) return;
    await session.run(writeStateCopy(JSON.stringify(copy)));
  });

function readable(text: string, host: string): StateCopy | undefined {
  try {
    return parseCopy(text, host);
  } catch (error) {
    if (error instanceof ClusterError) return undefined;
    throw error;
  }
}

function uidOf(claim: string): string | undefined {
  try {
    return (JSON.parse(claim) as { uid?: string }).uid;
  } catch {
    return undefined;
  }
}

export interface ReadStateInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** Whose files to look at where there is no copy. */
  readonly cluster?: string;
}

export interface FoundState {
  readonly copy?: StateCopy;
  /** The registry's password, sealed anew with the key of this Temporal worker: for a cluster whose key is lost. */
  readonly registryPassword?: Sealed;
}

/**
 * Reads the copy that lies on a host, and changes nothing. Throws InvalidSpec for one that is damaged, and KeyMissing where this
 * Temporal worker has no key: one that it made by itself would be nobody else's.
 */
export const readState = (deps: Deps) => async ({ where, host, cluster }: ReadStateInput): Promise<FoundState> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const { copy: text } = await session.run(readStateCopy);
    const copy = text === '' ? undefined : parseCopy(text, host.id);
    const name = copy?.name ?? cluster;
    const password = name === undefined ? '' : await session.run(readRegistryPassword(name));
    return { ...(copy ? { copy } : {}), ...(password && name !== undefined ? { registryPassword: seal(password, { cluster: name, field: registryField }, loadKeys()) } : {}) };
  });

export interface AdoptHostInput {
  readonly where: Where;
  readonly host: HostTarget;
  readonly marks: readonly string[];
}

/** Takes a host that somebody else has made for the cluster: our claim and our marks, and nothing beyond that. */
export const adoptHost = (deps: Deps) => async ({ where, host, marks }: AdoptHostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await claim(session, host.id, where);
    for (const mark of marks) await session.run(markDone(mark, { keepOthers: !/^(mount|registry|join):/.test(mark) }));
  });
