import type { Command } from '../command';
import { partsOf } from '../parts';

/** Where one set of files lives on a host. */
export interface FileSet {
  /** Absolute path of the folder that the set's paths are relative to. */
  readonly base: string;
  /** Name of the set: letters, digits, `-` and `.`. */
  readonly name: string;
}

const setEnv = ({ base, name }: FileSet): Record<string, string> => ({ BASE: base, NAME: name });

/** Long answers travel packed: only so many bytes of an answer are kept, and one cut short must not look whole. */
const packed = '| gzip -1 | base64 -w 0';

/** Fields of one line about a path: type, size, octal mode, link target, path; then NUL. */
const format = String.raw`%y\001%s\001%m\001%l\001%P\0`;
const formatOfOne = String.raw`%y\001%s\001%m\001%l\001%p\0`;

/**
 * One look at a set: its marker (only the digest when it is the expected one), what the target has of the paths given,
 * and all that the staging holds. Reads without hashing: some milliseconds for thousands of paths. The answer is packed
 * (gzip, base64).
 */
export const lookAtSet = (set: FileSet, digest: string, paths: readonly string[]): Command => ({
  title: `look at the files of ${set.name}`,
  env: { ...setEnv(set), DIGEST: digest },
  stdin: paths.map((path) => `./${path}\0`).join(''),
  timeoutMs: 120_000,
  script: `
look() {
marker="$BASE/.keelson/$NAME.json"
if [ -f "$marker" ]; then
  head=$(head -c 96 "$marker")
  case $head in
    *"\\"$DIGEST\\""*) printf '{"digest":"%s","holds":{}}' "$DIGEST" ;;
    *) cat "$marker" ;;
  esac
fi
printf '\\0'
cd "$BASE" 2>/dev/null || { cat >/dev/null; return 0; }
xargs -0 -r sh -c 'exec find "$@" -maxdepth 0 -printf "${formatOfOne}"' sh 2>/dev/null
printf '\\0'
cd "$BASE/.staging/$NAME/tree" 2>/dev/null || return 0
find . -mindepth 1 -printf '${format}'
}
look ${packed}
`,
});

/** Files to hash, NUL after each, on stdin; with all cores. openssl where it is there: it is four times as fast. */
const hashScript = `
cd "$BASE" || exit 1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
if command -v openssl >/dev/null; then hash='openssl dgst -sha256 -r'; else hash=sha256sum; fi
xargs -0 -r -P "$(nproc)" -n 16 sh -c 'hash=$1 out=$2; shift 2; $hash "$@" >>"$out/$$"' sh "$hash" "$out" || exit 1
find "$out" -type f -exec cat {} + ${packed}
`;

/**
 * SHA-256 of files of a host, to be read by readHashes once it is unpacked (gzip, base64). A file that cannot be read is
 * an error. Paths are relative to the base.
 */
export const hashFiles = (set: FileSet, paths: readonly string[]): Command => ({
  title: `hash the files of ${set.name}`,
  env: setEnv(set),
  stdin: paths.map((path) => `./${path}\0`).join(''),
  timeoutMs: 30 * 60_000,
  script: hashScript,
});

/**
 * Reads lines of `openssl dgst -r` and sha256sum, at most so many. sha256sum marks a name with a backslash by one in front of
 * the line. Throws an Error for more lines.
 */
export function readHashes(stdout: string, most: number): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of partsOf(stdout, '\n', most + 1)) {
    const found = /^(\\?)([0-9a-f]{64}) [ *]\.\/(.*)$/.exec(line);
    if (found) hashes.set(found[1] ? found[3]!.replaceAll('\\\\', '\\') : found[3]!, found[2]!);
  }
  return hashes;
}

/** Removes paths below the staging; NUL after each on stdin. */
export const removeStaged = (set: FileSet, paths: readonly string[]): Command => ({
  title: `clear the staging of ${set.name}`,
  env: setEnv(set),
  stdin: paths.map((path) => `./${path}\0`).join(''),
  changes: true,
  script: 'cd "$BASE/.staging/$NAME/tree" && xargs -0 -r rm -rf --',
});

/**
 * Takes a tar stream into the staging, which lies on the target's own file system: a data folder may be a mount. What is
 * there already stays, so an interrupted stream goes on where it was, file by file. The folder is root's alone: rendered
 * files hold the registry's password, with the modes that the image gave their templates. A staging that somebody else has
 * made, where a copy goes to a folder like /tmp, is refused: whoever owns it would see and change what lies in it.
 */
export const receiveFiles = (set: FileSet): Command => ({
  title: `receive the files of ${set.name}`,
  env: setEnv(set),
  changes: true,
  timeoutMs: 4 * 3_600_000,
  script: `
umask 022
mkdir -p -m 0700 "$BASE" && mkdir -p -m 0700 "$BASE/.staging" || exit 1
if [ -L "$BASE/.staging" ] || [ ! -O "$BASE/.staging" ]; then
  echo "$BASE/.staging is not root's own folder: somebody else has made it; look at it, and remove it" >&2
  exit 1
fi
mkdir -p -m 0700 "$BASE/.staging/$NAME/tree" || exit 1
exec tar xBmf - --no-same-owner -p -C "$BASE/.staging/$NAME/tree"
`,
});

/**
 * Puts the staged files in their places. On stdin a tar with \`marker.json\`, \`remove\` and \`prune\` (paths, NUL after each).
 * A top folder that the target lacks is renamed whole; into one that is there files go as hard links, each in place of the
 * old one, so that a running program keeps the file it has opened. The marker comes last: without it the set is not there.
 * Before it all is on the disk: whoever finds the marker does not look at the files.
 */
export const activateFiles = (set: FileSet): Command => ({
  title: `put the files of ${set.name} in place`,
  env: setEnv(set),
  changes: true,
  timeoutMs: 10 * 60_000,
  script: `
set -e
umask 022
stage="$BASE/.staging/$NAME"
mkdir -p -m 0700 "$BASE"
# Also one that was there: a mount of the user's, or of a cluster that sealos made.
chmod 0700 "$BASE"
mkdir -p "$BASE/.keelson"
mkdir -p -m 0700 "$BASE/.staging" "$stage/tree"
tar xBmf - --no-same-owner -C "$stage"
cd "$BASE"
xargs -0 -r rm -rf -- <"$stage/remove"
for top in "$stage/tree"/* "$stage/tree"/.[!.]* "$stage/tree"/..?*; do
  [ -e "$top" ] || [ -L "$top" ] || continue
  name=\${top##*/}
  if [ -e "$name" ] || [ -L "$name" ]; then
    if [ -d "$top" ] && [ ! -L "$top" ]; then cp -al --remove-destination -T -- "$top" "$name"; else mv -fT -- "$top" "$name"; fi
  else
    mv -T -- "$top" "$name"
  fi
done
xargs -0 -r rmdir --ignore-fail-on-non-empty -- <"$stage/prune" 2>/dev/null || true
sync -f . 2>/dev/null || sync
mv -fT -- "$stage/marker.json" ".keelson/$NAME.json"
rm -rf -- "$stage"
rmdir -- .staging 2>/dev/null || true
`,
});
