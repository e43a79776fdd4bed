import { type Command, quote } from '../command';
import { ClusterError } from '../errors';
import { count, matching, objectOf, readJson } from '../form';
import { stateDir } from '../host-paths';
import { snapshotDir, tools } from './etcd-tools';

/** What is known of a snapshot: of its content by etcd's own tool, of the file by its hash. */
export interface Snapshot {
  /** File name, e.g. `2026-11-30T01-36-13Z-task-3.db`. Names sort by time. */
  readonly name: string;
  /** Of the file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** etcd's hash over all keys, and how many; `revision` of the last change. */
  readonly hash: string;
  readonly revision: number;
  readonly keys: number;
}

/** A name that is a file and nothing else. */
export const isSnapshotName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.db$/.test(name);

/** The name of a snapshot that an operation takes now. */
export const snapshotName = (at: string, operation: string): string => `${at.replace(/\.\d+/, '').replaceAll(':', '-')}-${operation}.db`;

/** Whether the schedule has taken it. */
export const isScheduled = (name: string): boolean => name.endsWith('-scheduled.db');

/** Bash: what a command that was killed has left goes. It is older than any of these commands may last. */
const sweep = `find ${stateDir} -mindepth 1 -maxdepth 1 -type d -name 'etcd.??????' -mmin +120 2>/dev/null | while IFS= read -r old; do
  for mount in "$old"/image.*; do [ ! -d "$mount" ] || ctr -n k8s.io images unmount --rm "$mount" >/dev/null 2>&1; done
  rm -rf --one-file-system -- "$old"
done
find ${snapshotDir} -maxdepth 1 -type f -name '.*.part' -mmin +120 -delete 2>/dev/null
`;

const scratch = `umask 077
mkdir -p ${stateDir} ${snapshotDir} && chmod 700 ${snapshotDir} || exit 1
${sweep}work=$(mktemp -d ${stateDir}/etcd.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
`;

/** Takes a snapshot through this host's own member, unless it is there already. */
export const saveSnapshot = (name: string): Command<Snapshot> => ({
  title: 'etcdctl snapshot save',
  changes: true,
  timeoutMs: 15 * 60_000,
  script: `${scratch}${tools}
file=${snapshotDir}/${quote(name)}
if [ ! -s "$file" ]; then
  tool etcdctl "$work" || { echo 'there is no etcdctl in the image of etcd' >&2; exit 1; }
  local_etcd "$work" snapshot save "$work/new.db" >&2 || exit 1
  describe "$work" "$work/new.db" | grep -q '^status={' || { echo 'the snapshot cannot be read' >&2; exit 1; }
  mv -T "$work/new.db" "$file"
fi
describe "$work" "$file"`,
  parse: ({ stdout }) => readSnapshot(name, stdout),
});

/** Looks at a snapshot that lies on this host; undefined when it is not there. A file that is no snapshot is an error. */
export const lookAtSnapshot = (name: string): Command<Snapshot | undefined> => ({
  title: 'look at the snapshot',
  timeoutMs: 15 * 60_000,
  script: `${scratch}${tools}
file=${snapshotDir}/${quote(name)}
[ -s "$file" ] || exit 0
describe "$work" "$file"`,
  parse: ({ stdout }) => (stdout === '' ? undefined : readSnapshot(name, stdout)),
});

const described = objectOf({ hash: count, revision: count, totalKey: count });
const isSha256 = matching(/^[0-9a-f]{64}$/);

/** Reads the answer of `describe`. Throws InvalidSpec for a file that etcd's tool cannot make sense of, an Error for half an answer. */
export function readSnapshot(name: string, stdout: string): Snapshot {
  const said = new Map(stdout.trim().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const status = said.get('status') ?? '';
  if (!status.startsWith('{')) throw new ClusterError('InvalidSpec', `${name} is no snapshot of etcd, or it is damaged`, { todo: 'name another one' });
  const { hash, revision, totalKey } = readJson(status, described);
  const [sha256, bytes] = [said.get('sha256'), Number(said.get('bytes'))];
  if (!isSha256(sha256) || !count(bytes)) throw new Error('no hash or no size of the snapshot');
  return { name, sha256, bytes, hash: hash.toString(16), revision, keys: totalKey };
}

/** Takes a snapshot's file on stdin. It is there, with this hash, or nothing is. */
export const receiveSnapshot = (name: string, sha256: string): Command => ({
  title: 'receive the snapshot',
  changes: true,
  timeoutMs: 60 * 60_000,
  script: `umask 077
mkdir -p ${snapshotDir} && chmod 700 ${snapshotDir} && cd ${snapshotDir} || exit 1
part=.${quote(name)}.part
trap 'rm -f "$part"' EXIT
cat >"$part" || exit 1
[ "$(sha256sum <"$part" | cut -d ' ' -f 1)" = ${quote(sha256)} ] || { echo 'the snapshot arrived damaged' >&2; exit 1; }
mv -T "$part" ${quote(name)}`,
});

/** The hash of the snapshot's file on this host; empty when it is not there. */
export const hashSnapshot = (name: string): Command => ({
  title: 'hash the snapshot',
  timeoutMs: 15 * 60_000,
  script: `[ ! -s ${snapshotDir}/${quote(name)} ] || sha256sum <${snapshotDir}/${quote(name)} | cut -d ' ' -f 1`,
  parse: ({ stdout }) => {
    const hash = stdout.trim();
    if (hash !== '' && !isSha256(hash)) throw new Error('no hash of a file');
    return hash;
  },
});

/** Takes a snapshot away from this host. */
export const removeSnapshot = (name: string): Command => ({
  title: 'remove the snapshot', changes: true, script: `rm -f ${snapshotDir}/${quote(name)}`,
});

/** The snapshot's bytes on stdout. */
export const sendSnapshot = (name: string): Command => ({
  title: 'send the snapshot', timeoutMs: 60 * 60_000, script: `exec cat ${snapshotDir}/${quote(name)}`,
});

/** Keeps the newest snapshots only, of the schedule's so many and of all others so many; names sort by time. */
export const pruneSnapshots = (keep: number): Command => ({
  title: 'drop old snapshots',
  changes: true,
  script: `cd ${snapshotDir} 2>/dev/null || exit 0
for which in '' -v; do
  ls -1 | grep '^[0-9]\\{4\\}-.*\\.db$' | grep $which -e '-scheduled\\.db$' | sort | head -n -${keep} | while IFS= read -r name; do rm -f -- "$name"; done
done`,
});
