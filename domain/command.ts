/**
 * What to say to a host, apart from saying it. A command is data: a bash script with its name, and how to read the
 * answer. Scripts run as root (sudo where the user is another one), travel on stdin, and never stand in an argv.
 */
export interface Command<T = string> {
  /** What a person reads in errors, logs and the journal, e.g. `kubeadm init`. Never a secret. */
  readonly title: string;
  /** Bash. Runs with `set -euo pipefail` off: a script that wants it says so. */
  readonly script: string;
  /** Exported before the script, values exactly as given. May hold secrets: they travel on stdin. */
  readonly env?: Readonly<Record<string, string>>;
  /** Handed to the script's stdin. */
  readonly stdin?: string;
  /** True when it changes the host: it is fenced and counted in the journal as a change. */
  readonly changes?: boolean;
  /** Changes the host, but is no step of an operation: no attempt of it is compared, and its log is what it prints. */
  readonly unfenced?: boolean;
  /** Milliseconds; default 60 000. The remote process group is ended when it passes. */
  readonly timeoutMs?: number;
  /** How much of stdout is kept, where it grows with the cluster; default 1 MiB. */
  readonly keepsBytes?: number;
  /** Exit codes that are no failure; default [0]. */
  readonly okCodes?: readonly number[];
  /** Runs although the scope was cancelled: it ends what the cancelled work left behind. */
  readonly cleanup?: boolean;
  /** Values that must not appear in output, errors and logs. */
  readonly secrets?: readonly string[];
  /** What it prints on stdout is a secret that nobody knows yet: it stands in no error and no log. So it is with all that `parse` reads. */
  readonly answerIsSecret?: boolean;
  /** Reads the answer; default: stdout as it is. */
  readonly parse?: (result: CommandResult) => T;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a script whose exit code is an answer, whatever it is. */
export const anyCode: readonly number[] = Array.from({ length: 256 }, (_, code) => code);

/** A word that bash reads back exactly as it was: single quotes around everything. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
