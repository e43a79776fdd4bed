import { type Command, quote } from './command';
import { ClusterError } from './errors';
import { isAddress } from './ip-range';

/** One line of /etc/hosts: an address and its names, the canonical one first. */
export interface HostsLine {
  readonly address: string;
  readonly names: readonly string[];
}

const path = '/etc/hosts';

/**
 * Our lines stand before all others: resolvers take the first line that bears a name, and a line that an earlier install
 * left behind must not win. Nothing below them is touched, so that taking them away gives the former file back, byte by
 * byte, even one without a newline at its end. Each line bears its cluster and section: a block that somebody has edited is
 * still told apart from that person's lines.
 */
const prelude = (cluster: string, file: string): string => `set -eu
export LC_ALL=C
file=${quote(file)} begin=${quote(`# keelson ${cluster} begin`)} end=${quote(`# keelson ${cluster} end`)} tag=${quote(` # keelson ${cluster} `)}
[ -e "$file" ] || install -m 644 /dev/null "$file"
exec {lock}<"$file"
flock "$lock"
mapfile all <"$file"
text=
[ "\${#all[@]}" = 0 ] || printf -v text %s "\${all[@]}"
[ "\${#text}" = "$(stat -Lc %s "$file")" ] || { echo "$file holds NUL bytes: it is not a file of lines" >&2; exit 1; }
`;

/**
 * Written in place and without emptying it first: the file may be a bind mount, which nothing can be renamed onto, and is
 * read all the time. The new content is complete beside it before the first byte changes.
 */
const rewrite = `
printf -v next %s "\${block[@]}" "\${others[@]}"
[ "$next" != "$text" ] || exit 0
new=$(mktemp)
trap 'rm -f "$new"' EXIT
printf %s "$next" >"$new"
cat "$new" 1<>"$file"
truncate -s "\${#next}" "$file"
`;

/**
 * Makes one section of the cluster's lines in /etc/hosts be exactly these; no lines take the section away. Other sections
 * and all other lines stay. Does not touch the file when it is right. Throws InvalidSpec for what is no address or name.
 */
export function setHosts(cluster: string, section: string, lines: readonly HostsLine[], file = path): Command {
  const own = lines.map(({ address, names }) => `${checked(address, names)} # keelson ${cluster} ${section}`);
  return {
    title: `set ${section} in ${path}`,
    changes: true,
    script: `${prelude(cluster, file)}
own=(${own.map(quote).join(' ')}) section="$tag"${quote(section)}
block=() others=() placed=
for line in "\${all[@]}"; do
  bare=\${line%$'\\n'}
  case $bare in
    "$begin" | "$end") ;;
    *"$section")
      [ -n "$placed" ] || for one in "\${own[@]}"; do block+=("$one"$'\\n'); done
      placed=yes ;;
    *"$tag"*) block+=("$bare"$'\\n') ;;
    *) others+=("$line") ;;
  esac
done
[ -n "$placed" ] || for one in "\${own[@]}"; do block+=("$one"$'\\n'); done
[ "\${#block[@]}" = 0 ] || block=("$begin"$'\\n' "\${block[@]}" "$end"$'\\n')
${rewrite}`,
  };
}

/** Takes all of the cluster's lines out of /etc/hosts. What others wrote, even between our markers, stays as it is. */
export const removeHosts = (cluster: string, file = path): Command => ({
  title: `take ${cluster} out of ${path}`,
  changes: true,
  script: `${prelude(cluster, file)}
block=() others=()
for line in "\${all[@]}"; do
  case \${line%$'\\n'} in "$begin" | "$end" | *"$tag"*) ;; *) others+=("$line") ;; esac
done
${rewrite}`,
});

function checked(address: string, names: readonly string[]): string {
  if (isAddress(address) && names.length > 0 && names.every((name) => /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name))) {
    return `${address} ${names.join(' ')}`;
  }
  throw new ClusterError('InvalidSpec', `no line for ${path}: address "${address}", names "${names.join(' ')}"`, {
    todo: 'use an IP address, and names of letters, digits, dots and dashes (registryDomain names the registry)',
  });
}
