import { type Command, quote } from '../command';
import { fenceDir, fenceName } from '../host-paths';
import type { FileSet } from './files';

/** Where a copy goes on a host. */
export interface CopyPlace {
  readonly base: string;
  /** For a file: its name below the base. */
  readonly name: string;
}

/**
 * Finds out what the destination means on this host, as cp does: a file goes into a folder that is there, or that is written
 * with a slash at its end; anything else is its new name. The content of a folder goes into the destination. Makes the
 * folders that are missing; those that are there stay as they are.
 */
export const prepareCopy = (destination: string, source: { readonly kind: 'file' | 'dir'; readonly name: string; readonly mode: number }): Command<CopyPlace> => ({
  title: 'find the place for the copy',
  env: { DST: destination, NAME: source.name },
  changes: true,
  script: source.kind === 'dir' ? `
if [ -e "$DST" ] && [ ! -d "$DST" ]; then echo "$DST is there and no folder" >&2; exit 1; fi
[ -d "$DST" ] || { mkdir -p -- "$DST" && chmod ${source.mode.toString(8)} -- "$DST"; } || exit 1
printf '%s\\0%s' "$DST" "$NAME"` : `
case $DST in
  */) base=$DST ;;
  *) if [ -d "$DST" ]; then base=$DST; else base=$(dirname -- "$DST"); NAME=$(basename -- "$DST"); fi ;;
esac
mkdir -p -- "$base" || exit 1
printf '%s\\0%s' "$base" "$NAME"`,
  parse: ({ stdout }) => {
    const [base = '', name = '', ...more] = stdout.split('\0');
    if (base === '' || name === '' || more.length > 0) throw new Error('no place for the copy');
    let end = base.length;
    while (end > 1 && base[end - 1] === '/') end -= 1;
    return { base: base.slice(0, end), name };
  },
});

/**
 * Puts the staged files of a copy among those that are there: folders that are missing are made, files take the place of
 * files by a rename or a hard link. Nothing is removed. A folder in the place of a file, or the reverse, is refused.
 */
export const activateCopy = ({ base, name }: FileSet, step: string): Command => ({
  title: 'put the copied files in place',
  env: { BASE: base, NAME: name },
  changes: true,
  timeoutMs: 60 * 60_000,
  script: `
stage="$BASE/.staging/$NAME"
if cd "$stage/tree" 2>/dev/null; then
  find . -mindepth 1 -type d -printf '%m %P\\0' | while IFS= read -r -d '' line; do
    path=\${line#* }
    [ -d "$BASE/$path" ] || mkdir -m "\${line%% *}" -- "$BASE/$path" || exit 1
  done || exit 1
  find . -mindepth 1 ! -type d -printf '%P\\0' | while IFS= read -r -d '' path; do
    if [ -d "$BASE/$path" ] && [ ! -L "$BASE/$path" ]; then echo "$BASE/$path is a folder there" >&2; exit 1; fi
  done || exit 1
  # One program for all of them; across a mount, where there are no hard links, one for each.
  if ! find . -mindepth 1 ! -type d -print0 | xargs -0 -r cp -Pl --parents --remove-destination -t "$BASE" -- 2>/dev/null; then
    find . -mindepth 1 ! -type d -printf '%P\\0' | while IFS= read -r -d '' path; do mv -fT -- "./$path" "$BASE/$path" || exit 1; done || exit 1
  fi
  cd /
fi
rm -rf -- "$stage"
rmdir -- "$BASE/.staging" 2>/dev/null || true
rm -f -- ${quote(`${fenceDir}/${fenceName(step)}`)}
`,
});
