import { createHash } from 'node:crypto';
import { ClusterError } from '../domain/errors';
import type { TreeEntry } from './ports';

/** What a host has at one path, as one look at it told. */
export interface SeenPath {
  readonly kind: 'file' | 'link' | 'dir' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly target: string;
  /** Hex; known only after the host has hashed the file. */
  readonly sha256?: string;
}

/** What a host has of a set of files. Paths are relative to the set's base. */
export interface SeenSet {
  /** Digest in the set's marker; undefined when there is none. */
  readonly digest?: string;
  /** Paths and what they hold, from the marker: the set as it was activated last. */
  readonly before: Readonly<Record<string, string>>;
  readonly target: ReadonlyMap<string, SeenPath>;
  readonly staging: ReadonlyMap<string, SeenPath>;
}

/** What is to be done on a host so that it has exactly the set. */
export interface SyncPlan {
  readonly digest: string;
  /** Nothing to do: the marker agrees, and so does the cheap look at every path. */
  readonly complete: boolean;
  /** Neither the target nor the staging has these. Folders first, as tar needs them. */
  readonly send: readonly TreeEntry[];
  /** Files that the target or the staging has already. */
  readonly keep: readonly TreeEntry[];
  /** Paths below the staging that are not the set's, or stand in its way. */
  readonly unstage: readonly string[];
  /** Files and links below the base to remove: no longer in the set, or of another kind than the set wants. */
  readonly remove: readonly string[];
  /** Folders that are no longer in the set, the deepest first; removed when empty, as others may use them. */
  readonly prune: readonly string[];
  /** What the marker will say of each path. */
  readonly holds: Readonly<Record<string, string>>;
}

/**
 * The entries of a set, sorted, each once (the last one counts: later images lie over earlier ones), with every folder
 * that they need. Throws InvalidImage for a path that could leave the base: absolute, `..`, below a link or a file.
 */
export function setOf(entries: readonly TreeEntry[]): TreeEntry[] {
  const byPath = new Map<string, TreeEntry>();
  for (const entry of entries) {
    refuseUnsafePath(entry.path);
    byPath.set(entry.path, entry);
  }
  for (const path of [...byPath.keys()]) addFolders(path, byPath);
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function refuseUnsafePath(path: string): void {
  const parts = path.split('/');
  // eslint-disable-next-line no-control-regex
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\0-\x1f\x7f]/.test(path)) {
    throw new ClusterError('InvalidImage', `a path that no host may be given: ${JSON.stringify(path)}`);
  }
}

function addFolders(path: string, byPath: Map<string, TreeEntry>): void {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const parent = path.slice(0, at);
    const there = byPath.get(parent);
    if (there && there.kind !== 'dir') {
      throw new ClusterError('InvalidImage', `${path} lies below ${parent}, which is a ${there.kind} in another image`, {
        todo: 'Use images that agree on what is a folder, or leave one of them out.',
      });
    }
    if (there) return;
    byPath.set(parent, { path: parent, kind: 'dir', mode: 0o755, size: 0 });
  }
}

/** What the marker says of an entry: its content, with the mode where that counts. */
function holdOf(entry: TreeEntry): string {
  if (entry.kind === 'dir') return 'dir';
  return entry.kind === 'link' ? `-> ${entry.target ?? ''}` : (entry.sha256 ?? '');
}

/** Identity of a set: the same paths, kinds, modes and contents have the same digest, in whatever order. */
export function digestOfSet(set: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of set) hash.update(`${JSON.stringify([entry.path, entry.kind, entry.kind === 'link' ? 0 : entry.mode, holdOf(entry)])}\n`);
  return `sha256:${hash.digest('hex')}`;
}

/** Whether what was seen can be the entry, by all that a look without hashing tells. */
export function looksLike(entry: TreeEntry, seen: SeenPath | undefined): boolean {
  if (seen?.kind !== entry.kind) return false;
  if (entry.kind === 'link') return seen.target === entry.target;
  return entry.kind === 'dir' || (seen.size === sizeOf(entry) && seen.mode === entry.mode);
}

/** Bytes of content that an entry brings. */
export const sizeOf = (entry: TreeEntry): number => (entry.kind === 'file' ? (entry.bytes?.length ?? entry.size) : 0);

/** The same of many. */
export const bytesOf = (entries: readonly TreeEntry[]): number => entries.reduce((sum, entry) => sum + sizeOf(entry), 0);

const isEntry = (entry: TreeEntry, seen: SeenPath | undefined): boolean =>
  looksLike(entry, seen) && (entry.kind !== 'file' || seen?.sha256 === entry.sha256);

export interface SyncOptions {
  /** What has left the set stays, and stays known, until a sync without this. */
  readonly keepOthers?: boolean;
}

/** What the marker calls the set. Laid over others it has another name: a later sync without them has something to do. */
export const identityOf = (set: readonly TreeEntry[], { keepOthers = false }: SyncOptions): string => {
  const digest = digestOfSet(set);
  return keepOthers ? `sha256:${createHash('sha256').update(`over others ${digest}`).digest('hex')}` : digest;
};

/** What a sync needs to do. Pure. `set` comes from setOf; hashes in `seen` decide what is kept. */
export function planSync(set: readonly TreeEntry[], seen: SeenSet, options: SyncOptions = {}): SyncPlan {
  const { keepOthers = false } = options;
  const digest = identityOf(set, options);
  const wanted = new Map(set.map((entry) => [entry.path, entry]));
  const holds = { ...(keepOthers ? seen.before : {}), ...Object.fromEntries(set.map((entry) => [entry.path, holdOf(entry)])) };
  const complete = seen.digest === digest && set.every((entry) => looksLike(entry, seen.target.get(entry.path)));
  const has = (entry: TreeEntry): boolean => isEntry(entry, seen.target.get(entry.path)) || isEntry(entry, seen.staging.get(entry.path));
  const files = set.filter(({ kind }) => kind === 'file');
  const gone = keepOthers ? [] : Object.keys(seen.before).filter((path) => !wanted.has(path) && !isBelowOther(path, wanted));
  const inTheWay = set.filter((entry) => {
    const there = seen.target.get(entry.path);
    return there !== undefined && there.kind !== entry.kind;
  });
  return {
    digest,
    complete,
    holds,
    send: complete ? [] : set.filter((entry) => !has(entry)),
    keep: files.filter((entry) => complete || has(entry)),
    unstage: outermost([...seen.staging].filter(([path, there]) => wanted.get(path)?.kind !== there.kind).map(([path]) => path)),
    remove: [...gone.filter((path) => seen.before[path] !== 'dir'), ...inTheWay.map(({ path }) => path)],
    prune: gone.filter((path) => seen.before[path] === 'dir').sort().reverse(),
  };
}

/** Below a path that is now a link or a file: it goes with what stands in the way, and a link may lead anywhere. */
function isBelowOther(path: string, wanted: ReadonlyMap<string, TreeEntry>): boolean {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const above = wanted.get(path.slice(0, at));
    if (above && above.kind !== 'dir') return true;
  }
  return false;
}

/** Paths that lie below none of the others. */
function outermost(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...paths].sort()) {
    const last = kept.at(-1);
    if (last === undefined || !path.startsWith(`${last}/`)) kept.push(path);
  }
  return kept;
}
