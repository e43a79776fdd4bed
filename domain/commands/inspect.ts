import { textOfBase64 } from '../base64';
import { type Command, quote } from '../command';

export interface Inspection {
  /** Content by path, of those that are there. */
  readonly files: ReadonlyMap<string, string>;
  readonly services: Readonly<Record<string, { readonly enabled: string; readonly active: string }>>;
}

/** Reads small files and the states of services. Changes nothing. What the files hold stays in the activity that asks. */
export const inspectHost = (paths: readonly string[], services: readonly string[]): Command<Inspection> => ({
  title: 'look at settings',
  stdin: paths.map((path) => `${path}\n`).join(''),
  script: `while IFS= read -r file; do
  [ ! -f "$file" ] || printf 'file %s %s\\n' "$(printf %s "$file" | base64 -w0)" "$(head -c 1048576 -- "$file" | base64 -w0)"
done
for unit in ${services.map(quote).join(' ')}; do
  printf 'unit %s %s %s\\n' "$unit" "$(systemctl is-enabled "$unit" 2>/dev/null | head -n1 | grep . || echo not-found)" "$(systemctl is-active "$unit" 2>/dev/null | head -n1 | grep . || echo unknown)"
done
true`,
  parse: ({ stdout }) => {
    const files = new Map<string, string>();
    const states = new Map<string, { enabled: string; active: string }>();
    for (const line of stdout.split('\n')) {
      const [kind, first = '', second = '', third = ''] = line.split(' ');
      if (kind === 'file') files.set(textOfBase64(first), textOfBase64(second));
      if (kind === 'unit') states.set(first, { enabled: second, active: third });
    }
    return { files, services: Object.fromEntries(states) };
  },
});

/** Makes the next look at a host's files hash them all: the mark of their step and their list go, the files stay. */
export const forgetFiles = (data: string): Command => ({
  title: 'forget what the files were',
  changes: true,
  script: `rm -f /var/lib/keelson/done/mount:* ${quote(data)}/.keelson/files.json`,
});
