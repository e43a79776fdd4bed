import { ClusterError } from '../domain/errors';
import { activateFiles, hashFiles, lookAtSet, readHashes, receiveFiles, removeStaged, type FileSet } from '../domain/commands/files';
import { writeTar } from './adapters/write-tar';
import type { Scope, Session, TreeEntry } from './ports';
import { readSet, unpacked } from './seen-set';
import { bytesOf, identityOf, looksLike, planSync, setOf, sizeOf, type SeenPath, type SeenSet, type SyncPlan } from './sync-plan';

/** A set of files for one host. */
export interface SyncRequest extends FileSet {
  /** All of the set, paths relative to the base; of two entries with one path the later counts. */
  readonly entries: readonly TreeEntry[];
  readonly scope: Scope;
  /** What has left the set stays on the host, until a sync without this. */
  readonly keepOthers?: boolean;
  /** Other hosts wait for these bytes. */
  readonly first?: boolean;
}

/** What a sync did: content bytes, and the number of files that were sent. */
export interface SyncReport {
  readonly digest: string;
  readonly sentBytes: number;
  readonly keptBytes: number;
  readonly files: number;
}

/** A set that a host has in its staging, whole and verified, or in its place already. */
export interface StagedSet {
  readonly report: SyncReport;
  /** Puts it in its place. Of two sets with one base, one after the other: both may bring the same top folder. */
  activate(): Promise<void>;
}

/**
 * Makes a host have exactly these files below `base`, and remembers it there. A host that has them costs one command and
 * no bytes; one that was interrupted gets only the files that are missing; files that left the set are removed. Everything
 * sent is hashed on the host before it is put in place. Running it again is safe at any point.
 * Throws InvalidImage for unsafe paths, DigestMismatch when a file arrives wrong twice, and what Session throws.
 */
export async function syncTree(session: Session, request: SyncRequest): Promise<SyncReport> {
  const { report, activate } = await stageTree(session, request);
  await activate();
  return report;
}

/** The first half of syncTree: brings what is missing, and changes nothing outside of the staging. */
export async function stageTree(session: Session, request: SyncRequest): Promise<StagedSet> {
  const fileSet = checked(request);
  const { set, seen } = await lookAt(session, request);
  const glance = planSync(set, seen, request);
  if (glance.complete) return { report: reportOf(glance), activate: () => Promise.resolve() };

  const plan = await stage(session, request, set, seen);
  return { report: reportOf(plan), activate: async () => { await session.feed(activateFiles(fileSet), writeTar(notes(plan))); } };
}

/** What a host has of a set, told without hashing anything. */
export async function lookAt(session: Session, request: SyncRequest): Promise<{ set: TreeEntry[]; seen: SeenSet }> {
  const set = setOf(request.entries);
  const answer = await session.run(lookAtSet(checked(request), identityOf(set, request), set.map(({ path }) => path)));
  return { set, seen: unpacked(answer, session.host, (list) => readSet(list, set.length)) };
}

/** Brings what the host lacks of a set into its staging, each file hashed there. What is to become of it is for the caller. */
export const stageFiles = async (session: Session, request: SyncRequest, set: readonly TreeEntry[], seen: SeenSet): Promise<SyncReport> =>
  reportOf(await stage(session, request, set, seen));

async function stage(session: Session, request: SyncRequest, set: readonly TreeEntry[], seen: SeenSet): Promise<SyncPlan> {
  const fileSet = checked(request);
  const plan = planSync(set, await withHashes(session, fileSet, set, seen), request);
  if (plan.unstage.length > 0) await session.run(removeStaged(fileSet, plan.unstage));
  await sendVerified(session, fileSet, plan.send, request);
  return plan;
}

function checked({ base, name }: FileSet): FileSet {
  const set = { base, name };
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(set.name) || !set.base.startsWith('/')) {
    throw new ClusterError('InvalidSpec', `no place for a set of files: ${set.base}, ${set.name}`);
  }
  return set;
}

const reportOf = ({ digest, send, keep }: SyncPlan): SyncReport => ({
  digest, sentBytes: bytesOf(send), keptBytes: bytesOf(keep), files: send.filter(({ kind }) => kind === 'file').length,
});

const staged = (name: string, path: string): string => `.staging/${name}/tree/${path}`;

const hashesOf = async (session: Session, fileSet: FileSet, paths: readonly string[]): Promise<Map<string, string>> =>
  unpacked(await session.run(hashFiles(fileSet, paths)), session.host, (list) => readHashes(list, paths.length));

/** Has the host hash what could be right: files of the target and of the staging with the right size and mode. */
async function withHashes(session: Session, fileSet: FileSet, set: readonly TreeEntry[], seen: SeenSet): Promise<SeenSet> {
  const files = set.filter(({ kind }) => kind === 'file');
  const inTarget = files.filter((entry) => looksLike(entry, seen.target.get(entry.path)));
  const inStaging = files.filter((entry) => looksLike(entry, seen.staging.get(entry.path)));
  const paths = [...inTarget.map(({ path }) => path), ...inStaging.map(({ path }) => staged(fileSet.name, path))];
  if (paths.length === 0) return seen;
  const hashes = await hashesOf(session, fileSet, paths);
  const hashed = (there: ReadonlyMap<string, SeenPath>, place: (path: string) => string): Map<string, SeenPath> =>
    new Map([...there].map(([path, one]) => {
      const sha256 = hashes.get(place(path));
      return [path, sha256 ? { ...one, sha256 } : one];
    }));
  return { ...seen, target: hashed(seen.target, (path) => path), staging: hashed(seen.staging, (path) => staged(fileSet.name, path)) };
}

/** Sends entries into the staging and has the host hash them; those that arrived wrong are sent once more. */
async function sendVerified(session: Session, fileSet: FileSet, send: readonly TreeEntry[], request: SyncRequest): Promise<void> {
  let left = send;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    await session.send(receiveFiles(fileSet), left, { first: request.first === true, told: progress(left, request) });
    left = await arrivedWrong(session, fileSet, left);
    if (left.length === 0) return;
    await session.run(removeStaged(fileSet, left.map(({ path }) => path)));
    if (attempt === 2) throw mismatch(session.host, left);
  }
}

async function arrivedWrong(session: Session, fileSet: FileSet, sent: readonly TreeEntry[]): Promise<TreeEntry[]> {
  const files = sent.filter(({ kind }) => kind === 'file');
  if (files.length === 0) return [];
  const hashes = await hashesOf(session, fileSet, files.map(({ path }) => staged(fileSet.name, path)));
  return files.filter((entry) => hashes.get(staged(fileSet.name, entry.path)) !== entry.sha256);
}

const mismatch = (host: string, wrong: readonly TreeEntry[]): ClusterError =>
  new ClusterError('DigestMismatch', `${host}: ${wrong.length} files arrived with a wrong content twice, first ${wrong[0]?.path}`, {
    host, todo: 'Check the disks and the memory of the host and of this machine; the image in the store may be damaged: remove it and fetch it again.',
  });

/** Tells a person, and Temporal, how far a stream is. */
function progress(entries: readonly TreeEntry[], { name, scope }: SyncRequest): (sent: number) => void {
  const total = bytesOf(entries);
  return (sent) => scope.beat(`${name}: ${mebibytes(sent)} of ${mebibytes(total)} MiB`);
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);

/** What activation needs to know, as small files. */
function notes(plan: SyncPlan): TreeEntry[] {
  const list = (paths: readonly string[]): string => paths.map((path) => `./${path}\0`).join('');
  const note = (path: string, text: string): TreeEntry => ({ path, kind: 'file', mode: 0o644, size: Buffer.byteLength(text), bytes: Buffer.from(text) });
  return [
    note('remove', list(plan.remove)),
    note('prune', list(plan.prune)),
    note('marker.json', JSON.stringify({ digest: plan.digest, holds: plan.holds })),
  ];
}

/** A file of a set that is not on the host as the set has it. */
export interface FileDifference {
  readonly entry: TreeEntry;
  readonly why: 'missing' | 'kind' | 'mode' | 'target' | 'content';
}

/** What of a set is otherwise on the host, every file hashed there whatever the host's own list says. Changes nothing. */
export async function differingFiles(session: Session, request: SyncRequest): Promise<FileDifference[]> {
  const { set, seen } = await lookAt(session, request);
  const { target } = await withHashes(session, checked(request), set, { ...seen, staging: new Map() });
  return set.flatMap((entry): FileDifference[] => {
    const there = target.get(entry.path);
    if (!there) return [{ entry, why: 'missing' }];
    if (there.kind !== entry.kind) return [{ entry, why: 'kind' }];
    if (entry.kind === 'link') return there.target === entry.target ? [] : [{ entry, why: 'target' }];
    if (entry.kind === 'dir') return [];
    if (there.size !== sizeOf(entry)) return [{ entry, why: 'content' }];
    if (there.mode !== entry.mode) return [{ entry, why: 'mode' }];
    return there.sha256 === entry.sha256 ? [] : [{ entry, why: 'content' }];
  });
}
