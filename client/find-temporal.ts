import { accessSync, constants, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { TemporalUnavailable } from './temporal-unavailable';

/** The release of the Temporal CLI that Keelson is tested with. */
const tested = 'v1.5.1';

/**
 * The `temporal` program: TEMPORAL_CLI_PATH, then PATH, then Keelson's cache, then what the Temporal SDK has downloaded
 * for this user.
 * Throws TemporalUnavailable with the one command that builds it.
 */
export function findTemporal(env: NodeJS.ProcessEnv, checkout: string): string {
  const named = env['TEMPORAL_CLI_PATH'];
  if (named) {
    if (isProgram(named)) return named;
    throw new TemporalUnavailable(`TEMPORAL_CLI_PATH=${named} is no program`, { todo: 'correct the path, or unset it' });
  }
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'keelson', 'temporal');
  const places = [
    ...(env['PATH'] ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, 'temporal')),
    ...below(cache).map((folder) => join(folder, 'temporal')),
    ...below(env['TMPDIR'] || tmpdir()).filter((file) => /\/temporal-(cli|sdk-typescript)-[^/]*$/.test(file)).filter(isOurs),
  ];
  const found = places.find(isProgram);
  if (found) return found;
  throw new TemporalUnavailable('the Temporal CLI, which carries the embedded server, is not installed', {
    todo:
      `build it with \`make -C ${checkout} temporal\`, or with \`GOBIN=${join(cache, tested)} go install github.com/temporalio/cli/cmd/temporal@${tested}\`;` +
      ' or set TEMPORAL_CLI_PATH, or TEMPORAL_ADDRESS for a server of your own',
  });
}

/** The entries of a folder, newest names first; none when there is no folder. */
function below(folder: string): string[] {
  try {
    return readdirSync(folder).sort().reverse().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Everybody may write into /tmp: what lies there is run only where nobody but this user and root could have put or changed it. */
function isOurs(path: string): boolean {
  try {
    const [file, folder] = [lstatSync(path), statSync(dirname(path))];
    return file.isFile() && file.uid === process.getuid?.() && !othersWrite(file) && [0, file.uid].includes(folder.uid) && (isSticky(folder) || !othersWrite(folder));
  } catch {
    return false;
  }
}

const othersWrite = ({ mode }: Stats): boolean => (mode & 0o022) !== 0;
/** As /tmp is: only its owner can put another file in the place of this one. */
const isSticky = ({ mode }: Stats): boolean => (mode & 0o1000) !== 0;
