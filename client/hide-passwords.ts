/** Flags whose value is a secret. */
const secretFlags = ['-p', '--passwd', '--pk-passwd'];

/**
 * Takes passwords out of what other users of this machine see of us (`ps`), and says what cannot be helped: the shell has
 * written them down. Gives the arguments unchanged.
 */
export function hidePasswords(args: readonly string[]): string[] {
  const isSecret = args.some((arg) => secretFlags.some((flag) => arg === flag || arg.startsWith(`${flag}=`) || (flag === '-p' && /^-p./.test(arg) && !arg.startsWith('--'))));
  if (isSecret) {
    // Node.js writes the title over the original arguments.
    process.title = 'keelson';
    process.stderr.write('warning: the password on the command line is in your shell\'s history; --ask-passwd, --passwd-file or KEELSON_SSH_PASSWORD keep it out\n');
  }
  return [...args];
}
