/** The commands that README.md shows, and whether a test has executed them. */

export interface Shown {
  /** As a person would type it, on one line. */
  readonly text: string;
  readonly line: number;
}

/** What tests ran: the arguments of the CLI, or the text of a shell command as it stands in the README. */
export type Executed = { readonly keelson: readonly string[] } | { readonly shell: string };

/** Not executed here, and why; docker-compose.yml's programs run from packages in test/e2e/team.test.ts. */
export const exceptions: readonly { readonly like: RegExp; readonly why: string }[] = [
  { like: /^git clone /, why: 'the checkout is there' },
  { like: /^docker compose /, why: 'needs an engine of containers and a public registry' },
  { like: /^make (bench-install|test|test-all)$/, why: 'longer than all tests together, or what runs this' },
];

const typed = /^(?:[A-Z_]+=\S+ )*(?:npx keelson|keelson|make|git|docker|npm|node|echo|mkdir)\b/;

/** Commands of indented and fenced code blocks, and those in back quotes in the text. */
export function commandsOf(readme: string): Shown[] {
  const shown: Shown[] = [];
  let fenced = false;
  let open: Shown | undefined;
  readme.split('\n').forEach((raw, at) => {
    if (raw.startsWith('```')) fenced = !fenced;
    const isCode = fenced || raw.startsWith('    ');
    if (!isCode) {
      open = undefined;
      // Only whole commands: `keelson` with a verb, or make with a word. A back quote may open on the line before.
      for (const [, text = ''] of raw.matchAll(/`((?:npx )?keelson [a-z-][^`]*|make [a-z][^`]*|node dist[^`]*)`/g)) shown.push({ text, line: at + 1 });
      return;
    }
    const code = raw.trim().replace(/\s{2,}#.*$/, '');
    const text = open ? `${open.text} ${code}` : code;
    if (!open && !typed.test(text)) return;
    const whole = { text: text.replace(/\s*\\$/, ''), line: open?.line ?? at + 1 };
    open = text.endsWith('\\') ? whole : undefined;
    if (!open) shown.push(whole);
  });
  return shown;
}

/** The CLI's arguments of a shown command; undefined for what is no call of it. */
export function argumentsOf(text: string): string[] | undefined {
  const found = /^(?:[A-Z_]+=\S+ )*(?:npx )?keelson (.*)$/.exec(text);
  return found?.[1]?.match(/'[^']*'|"[^"]*"|\S+/g)?.map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** Verbs with verbs of their own. */
const groups = new Set(['local', 'key', 'etcd', 'completion']);
const verbsOf = (args: readonly string[]): string => args.slice(0, groups.has(args[0] ?? '') ? 2 : 1).join(' ');
const flagsOf = (args: readonly string[]): string[] => args.filter((arg) => /^--?[a-z]/.test(arg)).map((arg) => arg.replace(/=.*/, ''));

/** Whether a test ran it: the same verb with at least its flags; any other command word for word. */
export function wasExecuted({ text }: Shown, executed: readonly Executed[]): boolean {
  const args = argumentsOf(text);
  if (!args) return executed.some((one) => 'shell' in one && one.shell.split(' && ').concat(one.shell).includes(text));
  return executed.some((one) => {
    if (!('keelson' in one)) return false;
    const flags = new Set(flagsOf(one.keelson));
    return verbsOf(one.keelson) === verbsOf(args) && flagsOf(args).every((flag) => flags.has(flag));
  });
}

/** The commands that no test has executed. */
export const missing = (readme: string, executed: readonly Executed[]): Shown[] =>
  commandsOf(readme).filter((shown) => !exceptions.some(({ like }) => like.test(shown.text)) && !wasExecuted(shown, executed));
