import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import { type Elevation, sudoProbe } from '../shell/loader';
import type { Process } from '../shell/machine';

type Start = (line: string) => Promise<Process>;

/** sudo asks PAM and name services, which may be slow. */
const ANSWER_MS = 15_000;

/**
 * How a user becomes root on a host: asked once per connection. The sudo password is the one of the login. Throws
 * SudoDenied with what sudo said, CommandTimedOut when it says nothing within `answerMs` milliseconds.
 */
export async function probeSudo(target: HostTarget, password: string | undefined, start: Start, answerMs = ANSWER_MS): Promise<Elevation> {
  if (target.access.user === 'root') return 'none';
  const ask = (line: string, stdin?: string) => answer(target, answerMs, start, line, stdin);
  const free = await ask(sudoProbe.free);
  if (free.code === 0) return 'sudo';
  if (password === undefined || !/password is required/.test(free.said)) throw denied(target, free.said, password !== undefined);
  const asked = await ask(sudoProbe.asked, `${password}\n`);
  if (asked.code === 0) return 'sudo-with-password';
  throw denied(target, asked.said, true);
}

async function answer(target: HostTarget, withinMs: number, start: Start, line: string, stdin = ''): Promise<{ code: number; said: string }> {
  const process = await start(line);
  let said = '';
  const hear = (chunk: Buffer): void => { said = (said + chunk.toString('utf8')).slice(-4_096); };
  process.stdout.on('data', hear);
  process.stderr.on('data', hear);
  process.stdin.on('error', () => undefined);
  process.stdin.end(stdin);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => resolve(undefined), withinMs); });
  const code = await Promise.race([process.exit, late]).finally(() => clearTimeout(timer));
  if (code !== undefined) return { code, said };
  process.abandon();
  throw new ClusterError('CommandTimedOut', `sudo did not say within ${Math.round(withinMs / 1000)} s whether ${target.access.user} may become root on ${target.id}`, {
    host: target.id, command: 'sudo', todo: 'try by hand on the host: sudo -n true; name servers and directories that it asks may not answer',
  });
}

function denied(target: HostTarget, said: string, hasPassword: boolean): ClusterError {
  const { user } = target.access;
  const [what, todo] = reason(said, user, hasPassword);
  return new ClusterError('SudoDenied', `${user} cannot become root on ${target.id}: ${what}`, {
    host: target.id, command: 'sudo', tail: said.split('\n').filter((line) => line.trim() !== '').slice(-5), todo,
  });
}

function reason(said: string, user: string, hasPassword: boolean): readonly [what: string, todo: string] {
  const rule = `let an administrator add to /etc/sudoers.d: ${user} ALL=(ALL) NOPASSWD: ALL`;
  if (/must have a tty|no tty present/.test(said)) return ['sudo asks for a terminal there', `add to /etc/sudoers.d: Defaults:${user} !requiretty`];
  if (/not in the sudoers file|not allowed to|may not run sudo/.test(said)) return ['it has no sudo rights', `${rule}; or log in as root`];
  if (/not found|No such file/.test(said)) return ['there is no sudo', 'install sudo, or log in as root'];
  if (/[Ss]orry, try again|incorrect password|password attempt/.test(said)) return ['sudo does not take the login password', `give the password that sudo takes, or ${rule}`];
  if (/password is required/.test(said) && !hasPassword) return ['sudo asks for a password, and none was given', `give it with --passwd, or ${rule}`];
  return ['sudo failed', `try by hand on the host: sudo -n true; or ${rule}`];
}
