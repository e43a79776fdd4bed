/**
 * Reads ENTRYPOINT or CMD of a cluster image: each element is a whole shell command. The shell form arrives as
 * `/bin/sh -c foo`; its first two words are no commands of the image.
 */
export const readCommands = (elements: readonly string[] | undefined): string[] =>
  (elements ?? []).filter((element) => element !== '/bin/sh' && element !== '-c' && element.trim() !== '');

/**
 * Puts values in place of `$(NAME)`, `${NAME}` and `$NAME`, whole names only. Names that `env` does not know, and forms
 * such as `${NAME:-x}`, `$1` and `$?`, stay exactly as written: they belong to the shell. `$$` is a plain `$`.
 * Values are put in once and not read again, so a value may hold a `$`.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\(([A-Za-z_]\w*)\)|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)/g,
    (whole, inParentheses?: string, inBraces?: string, bare?: string) => {
      if (whole === '$$') return '$';
      const name = inParentheses ?? inBraces ?? bare ?? '';
      return Object.hasOwn(env, name) ? env[name]! : whole;
    },
  );
}

/** What of an image its guest commands depend on. */
export interface GuestImage {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/**
 * The commands of an image in order, variables put in: ENTRYPOINT, then CMD or what the user gave in its place
 * (`spec.command`, for the first image only; the caller passes it for that image alone).
 */
export function guestCommands(image: GuestImage, env: Readonly<Record<string, string>>, instead: readonly string[] = []): string[] {
  const cmd = instead.length > 0 ? instead : image.cmd;
  return [...readCommands(image.entrypoint), ...readCommands(cmd)].map((command) => expandVariables(command, env));
}
