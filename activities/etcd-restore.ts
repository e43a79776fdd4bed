import type { HostTarget } from '../domain/cluster';
import {
  bringTools, etcdHealthy, forgetRestore, listMembers, ownApiReady, type OwnMember, readMember, restoreMember, startControlPlane, startEtcd, stopControlPlane, undoRestore,
} from '../domain/commands/etcd-restore';
import { readNodes } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import type { Where } from '../domain/where';
import { asked, isOutcome } from './asked';
import type { Deps } from './deps';
import { putThere } from './etcd-snapshot';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { inScope } from './scope';
import { operationId } from './step-job';

export interface RestoreInput {
  readonly where: Where;
  readonly host: HostTarget;
}

/** Before anything is stopped: the snapshot is on the host, and says how its member is called. */
export const prepareEtcdRestore = (deps: Deps) => async ({ where, host, name, sha256 }: RestoreInput & { name: string; sha256: string }): Promise<OwnMember> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await putThere(session, where.cluster, { name, sha256 });
    await session.run(bringTools);
    return session.run(readMember);
  });

/** A look that fails is one more "not yet": a cluster that is stopped must not stay so for one bad moment. */
const well = (look: () => Promise<boolean>, not: string) => async (): Promise<true | string> => {
  const answer = await asked(look);
  return answer === true || answer || not;
};

/** Stops etcd, API server, controller manager and scheduler of one host. */
export const stopForRestore = (deps: Deps) => async ({ where, host }: RestoreInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    await (await deps.remote.to(host, scope)).run(stopControlPlane);
  });

/** Makes one host's member anew from the snapshot. A second restore does not take the first one's work for its own. */
export const restoreEtcdMember = (deps: Deps) => async ({ where, host, name, member, members }: RestoreInput & { name: string; member: OwnMember; members: readonly OwnMember[] }): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    await (await deps.remote.to(host, scope)).run(restoreMember(operationId(where), name, member, members));
  });

/** Gives one host's member back what it had, where the restore could not be carried through on all hosts. */
export const undoEtcdRestore = (deps: Deps) => async ({ where, host }: RestoreInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    await (await deps.remote.to(host, scope)).run(undoRestore);
  });

/** Starts etcd on one host and waits until it has a leader: the others must start meanwhile. */
export const startRestoredEtcd = (deps: Deps) => async ({ where, host }: RestoreInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await session.run(startEtcd);
    await poll({ scope, host: host.id, what: 'an etcd that answers', everyMs: 1_000, timeoutMs: 300_000 }, well(() => session.run(etcdHealthy), 'not healthy'));
  });

/** Starts the rest of one control plane, waits for its API server, and looks at the members as this host sees them. */
export const startRestoredApi = (deps: Deps) => async ({ where, host, members }: RestoreInput & { members?: readonly OwnMember[] }): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await session.run(startControlPlane);
    await poll({ scope, host: host.id, what: 'a ready API server', everyMs: 1_000, timeoutMs: 300_000 }, well(() => session.run(ownApiReady), 'not ready'));
    if (!members) return;
    const seen = await session.run(listMembers);
    const wanted = members.map(({ name }) => name).sort();
    if (seen.join() !== wanted.join()) {
      throw new ClusterError('CommandFailed', `${host.id}: etcd has the members ${seen.join(', ')}, not ${wanted.join(', ')}`, { host: host.id, todo: 'look at the logs of etcd, then restore again' });
    }
  });

/** Drops what the restore has put aside on one host. Says which Nodes the cluster has now. */
export const finishEtcdRestore = (deps: Deps) => async ({ where, host }: RestoreInput): Promise<{ nodes: string[] }> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await forget(session, scope);
    const nodes = await session.run(readNodes);
    return { nodes: nodes.map(({ address }) => address) };
  });

/** One bad moment is no reason to leave a whole etcd beside the new one, which a later restore would take for its own. */
const forgetTries = 3;

async function forget(session: Session, scope: Scope): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void await session.run(forgetRestore);
    } catch (error) {
      if (!isOutcome(error) || tries === forgetTries) throw error;
      scope.log(`${forgetRestore.title}: not done: ${error.message}`);
    }
  }
}
