/** Reads the arguments out of a script that one function of domain/commands has rendered; undefined for any other script. */
export type Reader = (script: string) => readonly string[] | undefined;

/** A script that takes no arguments. */
export const exactly = (script: string): Reader => (given) => (given === script ? [] : undefined);

/** Whatever the first of these readers finds. */
export const oneOf = (...readers: readonly Reader[]): Reader => (script) => {
  for (const read of readers) {
    const found = read(script);
    if (found) return found;
  }
  return undefined;
};

/**
 * The scripts that `render` makes of text arguments. `samples` are arguments that it takes, each a word that occurs nowhere
 * else: rendered once, they show where arguments stand. A script is taken for one of `render`'s only when rendering what was
 * read gives that very script again, so a change in domain/commands needs no change here.
 */
export function like(render: (...args: string[]) => string, ...samples: readonly string[]): Reader {
  const parts = cut(render(...samples), samples);
  return (script) => {
    const raw = capture(script, parts, samples.length);
    // An argument of which nothing is to be seen in the script is as good as its sample.
    const args = raw?.map((one, at) => one ?? samples[at]!);
    return args && [args.map(unquoted), args].find((some) => renders(render, some, script));
  };
}

/** As `like`, for arguments that are no text: `read` gets them out of the script, and rendering them must give it again. */
export const rendered = <A extends readonly unknown[]>(
  render: (...args: A) => string, read: (script: string) => NoInfer<A> | undefined, words: (...args: A) => readonly string[],
): Reader => (script) => {
  const args = read(script);
  return args && renders(render, args, script) ? words(...args) : undefined;
};

interface Part {
  readonly text: string;
  /** Number of the argument that follows the text; undefined at the end. */
  readonly hole?: number;
}

function cut(text: string, samples: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (let from = 0; ;) {
    const found = samples.map((sample, hole) => ({ hole, at: text.indexOf(sample, from) })).filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || samples[b.hole]!.length - samples[a.hole]!.length)[0];
    if (!found) return [...parts, { text: text.slice(from) }];
    parts.push({ text: text.slice(from, found.at), hole: found.hole });
    from = found.at + samples[found.hole]!.length;
  }
}

/** What stands in the holes, the shortest text that fits. */
function capture(script: string, parts: readonly Part[], count: number): (string | undefined)[] | undefined {
  const args: (string | undefined)[] = Array.from({ length: count });
  let at = 0;
  let open: number | undefined;
  for (const [index, { text, hole }] of parts.entries()) {
    const last = index === parts.length - 1;
    const found = open === undefined ? at : last ? script.length - text.length : script.indexOf(text, at);
    if (found < at || !script.startsWith(text, found)) return undefined;
    if (open !== undefined) {
      const value = script.slice(at, found);
      if (args[open] !== undefined && args[open] !== value) return undefined;
      args[open] = value;
    }
    at = found + text.length;
    open = hole;
  }
  return at === script.length ? args : undefined;
}

/** As it was before domain/command.ts put quotes around it. */
const unquoted = (text: string): string => text.replaceAll(`'\\''`, `'`);

function renders<A extends readonly unknown[]>(render: (...args: A) => string, args: A | readonly string[], script: string): boolean {
  try {
    return render(...args as A) === script;
  } catch {
    // Arguments that the function refuses are not its own.
    return false;
  }
}
