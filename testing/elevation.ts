import { type Elevation, loaderLine, sudoProbe } from '../activities/adapters/shell/loader';
import type { Inlet } from './inlet';

/** What sudo lets a user do who is not root: all, all with the login's password, nothing. */
export type Sudo = 'free' | 'password' | 'denied';

/** Who logged in, and what sudo says to them. */
export interface Caller {
  readonly user: string;
  /** Absent: logged in with a key; sudo then takes any. */
  readonly password?: string;
  readonly sudo: Sudo;
}

/** What becomes of a command line: Keelson's loader as root, or an end with these words. */
export type Admitted = { readonly loader: true; /** When the host ends what it loads. */ readonly limitMs: number } | { readonly loader: false; readonly code: number; readonly stderr: string };

const ends = (code: number, stderr = ''): Admitted => ({ loader: false, code, stderr });
const asks = ends(1, 'sudo: a password is required\n');
const denies = (user: string): Admitted => ends(1, `${user} is not in the sudoers file.\n`);

/** Takes what sshd and sudo take of the few lines that Keelson ever sends; a password is the first line on stdin, as for sudo -S. */
export async function admit(line: string, { user, password, sudo }: Caller, stdin: Inlet): Promise<Admitted> {
  const isRoot = user === 'root';
  const withPassword = async (passed: Admitted): Promise<Admitted> => {
    if (isRoot || sudo === 'denied') return isRoot ? passed : denies(user);
    const said = await stdin.line();
    return sudo === 'free' || password === undefined || said === password ? passed : ends(1, 'Sorry, try again.\nsudo: 1 incorrect password attempt\n');
  };
  const free = (passed: Admitted): Admitted => (isRoot || sudo === 'free' ? passed : sudo === 'denied' ? denies(user) : asks);
  const limitMs = Number(/ timeout -s KILL (\d+) /.exec(line)?.[1]) * 1000;
  const loader: Admitted = { loader: true, limitMs };
  const loaded = (elevation: Elevation): string => loaderLine(elevation, limitMs);
  const ways: Readonly<Record<string, () => Admitted | Promise<Admitted>>> = {
    [loaded('none')]: () => (isRoot ? loader : ends(126, `the simulated host does everything as root, and ${user} came without sudo\n`)),
    [loaded('sudo')]: () => free(loader),
    [loaded('sudo-with-password')]: () => withPassword(loader),
    [sudoProbe.free]: () => free(ends(0)),
    [sudoProbe.asked]: () => withPassword(ends(0)),
  };
  return ways[line]?.() ?? ends(127, `the simulated host takes Keelson's loader and nothing else, not: ${line.slice(0, 120)}\n`);
}
