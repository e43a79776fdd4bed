import type { HostTarget } from '../domain/cluster';
import { activateCopy, prepareCopy } from '../domain/commands/copy';
import { ClusterError } from '../domain/errors';
import type { Where } from '../domain/where';
import { type FileTree, readFileTree } from '../home/file-tree';
import type { Deps } from './deps';
import type { Scope } from './ports';
import { inScope } from './scope';
import { lookAt, stageFiles } from './sync';
import type { SeenSet } from './sync-plan';

export interface CopyToHostInput {
  readonly where: Where;
  readonly host: HostTarget;
  readonly source: string;
  /** Of the tree that the client saw. */
  readonly digest: string;
  readonly destination: string;
}

/**
 * Copies a file or the content of a folder to one host: only what is missing there goes out, every file is hashed on the
 * host before it takes its place. An attempt that was cut off goes on with the files that are missing.
 */
export const copyToHost = (deps: Deps) => {
  const trees = new RecentTrees();
  return async ({ where, host, source, digest, destination }: CopyToHostInput): Promise<{ files: number; bytes: number }> =>
    inScope(deps, where, host.id, async (scope) => {
      const tree = await trees.read(where.operation, source, scope);
      if (tree.digest !== digest) throw changed(source);
      const session = await deps.remote.to(host, scope);
      const { base, name } = await session.run(prepareCopy(destination, tree));
      const entries = tree.kind === 'file' ? tree.entries.map((entry) => ({ ...entry, path: name })) : tree.entries;
      const request = { base, name: where.operation, entries, scope };
      const { set, seen } = await lookAt(session, request);
      refuseInTheWay(set, seen, `${host.id}:${base}`);
      const sent = await stageFiles(session, request, set, seen).catch((error: unknown) => {
        throw error instanceof ClusterError && error.type === 'InvalidImage' ? changed(source, error) : error;
      });
      await session.run(activateCopy(request, scope.step ?? scope.stage));
      scope.log(`${source} -> ${destination}: ${sent.files} files, ${sent.sentBytes} bytes sent; ${sent.keptBytes} bytes were there`);
      return { files: sent.files, bytes: sent.sentBytes };
    });
};

const changed = (source: string, cause?: unknown): ClusterError =>
  new ClusterError('InvalidSpec', `${source} is not what the client saw: it changed meanwhile, or the Temporal worker runs on another machine`, {
    todo: 'copy again when nobody writes to it; with a Temporal server of your own, from the machine of the Temporal worker',
  }, { cause });

function refuseInTheWay(set: Awaited<ReturnType<typeof lookAt>>['set'], { target }: SeenSet, where: string): void {
  for (const { path, kind } of set) {
    const there = target.get(path);
    if (there && there.kind !== 'link' && (kind === 'dir') !== (there.kind === 'dir')) {
      throw new ClusterError('InvalidSpec', `${where}/${path} is ${there.kind === 'dir' ? 'a folder' : 'no folder'} there`, { todo: 'name another destination, or move it away first' });
    }
  }
}

/** All hosts of one copy get the same tree: it is read and hashed once. */
class RecentTrees {
  private readonly recent = new Map<string, Promise<FileTree>>();

  read(operation: string, source: string, scope: Scope): Promise<FileTree> {
    const known = this.recent.get(operation);
    if (known) return known;
    const tree = readFileTree(source, scope.signal);
    this.recent.set(operation, tree);
    // A host that was cancelled, or a file that could not be read, must not fail the next attempt.
    tree.catch(() => this.recent.delete(operation));
    for (const oldest of this.recent.keys()) {
      if (this.recent.size <= 8) break;
      this.recent.delete(oldest);
    }
    return tree;
  }
}
