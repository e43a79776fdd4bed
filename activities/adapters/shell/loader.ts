import { ClusterError } from '../../../domain/errors';
import { quote } from '../../../domain/command';

/**
 * The only program that ever stands in a command line of ours. It holds no data: what it shall do comes on stdin, as
 *
 *     <mark> <length>\n<program of that many bytes, ending in #mark><stdin of the program>
 *
 * so that no quoting is ever rewritten and no secret is in an argv. It holds no quote, backslash or exclamation mark,
 * so that it reads the same in every login shell. Why each part:
 * - `read` and `head -c` never take more than they are asked for: the rest is left for the program. `read` takes single
 *   bytes from a pipe, which is slow for long programs, but saves the start of a process for the others;
 * - a program without its mark at the end came in half, as the link broke: it must not run;
 * - the program needs a process group of its own, which can be ended with all that it started: `timeout`, which stands before
 *   bash, makes one, also below sudo;
 * - both outputs begin with the mark: what login scripts print before it is not ours; the process group goes with it.
 */
const LOADER = [
  'cd /',
  'umask 022',
  'export LC_ALL=C',
  'PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'unset keelson_mark keelson_size keelson_program',
  'IFS=" " read -r keelson_mark keelson_size || exit 98',
  'if [ "$keelson_size" -lt 4000 ]; then read -r -N "$keelson_size" keelson_program; else keelson_program=$(head -c "$keelson_size"); fi',
  'case $keelson_program in *"#$keelson_mark") ;; *) exit 98 ;; esac',
  'echo "$keelson_mark"',
  'read -r REPLY </proc/$$/stat',
  'set -- ${REPLY##*) }',
  'echo "$keelson_mark $3" >&2',
  'set --',
  'eval "unset keelson_mark keelson_size keelson_program; $keelson_program"',
].join('; ');

/** Exit code of a program that was killed, by its limit or by somebody. */
export const KILLED = 137;

/**
 * Who waits for a command may be gone: the link breaks silently, this process dies. So its host ends it by itself after so many
 * milliseconds. Killed at once: `timeout` looks after a process group only as long as its leader lives, and children that do
 * not heed a milder signal would stay. A detached job has a session of its own and goes on; what a program leaves in the
 * background when it ends in time is left alone.
 */
const limited = (limitMs: number): string[] => ['timeout', '-s', 'KILL', `${Math.ceil(limitMs / 1000)}`];

/** Bash of its own: the user's login shell may be any other. `--norc`: bash under sshd would read ~/.bashrc again. */
const bash = ['bash', '--noprofile', '--norc', '-c'];

/** How the loader becomes root. */
export type Elevation = 'none' | 'sudo' | 'sudo-with-password';

const elevated: Readonly<Record<Elevation, string>> = {
  none: '',
  sudo: 'env LC_ALL=C sudo -n -H ',
  // -k: a cached login would leave the password on stdin, for the loader to read.
  'sudo-with-password': "env LC_ALL=C sudo -k -S -H -p '' ",
};

/**
 * The command line for a kind of elevation; only the limit in it ever changes (milliseconds, see `limited`). With a password,
 * the password is the first line on stdin.
 */
export const loaderLine = (elevation: Elevation, limitMs: number): string => `exec ${elevated[elevation]}${[...limited(limitMs), ...bash].join(' ')} '${LOADER}'`;

/**
 * The command lines by which a login finds out what sudo lets it do. -k: what sudo remembers from elsewhere would be forgotten
 * in the middle of an install.
 */
export const sudoProbe = {
  free: 'exec env LC_ALL=C sudo -k -n true',
  /** The password is the first line on stdin. */
  asked: "exec env LC_ALL=C sudo -k -S -p '' true",
} as const;

/** What sudo says when it lets nobody in; not every line of it bears its name. */
export const saidBySudo = /^sudo: |not in the sudoers file|not allowed to execute|may not run sudo/m;

/** The same as words, for machines without a shell in between. */
export const loaderWords = (limitMs: number): string[] => [...limited(limitMs), ...bash, LOADER];

/** Exit code of the loader when the program did not arrive whole. */
export const INCOMPLETE = 98;

/** What the loader gets on stdin, up to the program's own stdin. */
export function encodeProgram(mark: string, program: string): Buffer {
  const body = Buffer.from(`${program}\n#${mark}`);
  return Buffer.concat([Buffer.from(`${mark} ${body.length}\n`), body]);
}

/** Bash that exports variables with exactly these values. Throws InvalidSpec for names and values no shell can hold. */
export function exportLines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new ClusterError('InvalidSpec', `${JSON.stringify(name)} is no name of an environment variable`, {
        todo: 'use letters, digits and underscores, the first no digit',
      });
    }
    if (value.includes('\0')) {
      throw new ClusterError('InvalidSpec', `the value of environment variable ${name} holds a NUL byte`, { todo: 'remove it' });
    }
    return `export ${name}=${quote(value)}\n`;
  }).join('');
}

/** Bash that ends a process group and waits until nothing of it is left; exit 1 when something stays. */
export const endGroup = (group: number): string => `
kill -TERM -- -${group} 2>/dev/null
for try in {1..100}; do
  kill -0 -- -${group} 2>/dev/null || exit 0
  [ "$try" -ne 20 ] || kill -KILL -- -${group} 2>/dev/null
  read -r -t 0.1 <> <(:)
done
exit 1
`;
