import { quote } from '../command';

/** Bash: keeps these paths, as they are, below an absolute folder, by their paths. Those that are not there are passed over. `cp --parents` of coreutils 9.1 looks for them below where it stands. */
export const putAside = (paths: readonly string[], folder: string): string => `mkdir -p ${folder}
for path in ${paths.map(quote).join(' ')}; do [ ! -e "$path" ] || (cd / && cp -a --parents "$path" ${folder}); done`;

/** Bash: files that were kept below a folder by their paths come back where they differ; `also` is done for each of them. */
export const putBack = (folder: string, also = ':'): string => `shopt -s nullglob dotglob globstar
cd ${folder} || exit 1
for path in **; do
  [ -f "$path" ] || [ -L "$path" ] || continue
  if cmp -s "$path" "/$path"; then continue; fi
  ${also}
  mkdir -p "/$(dirname "$path")" && cp -a "$path" "/$path.before" && mv -fT "/$path.before" "/$path" || exit 1
done`;
