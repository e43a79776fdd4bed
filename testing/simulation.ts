import { DiskFull } from './files';
import type { Host } from './host';
import type { Reader } from './pattern';
import type { Speaker } from './program';

/** What a command was given. */
export interface Call {
  /** What was read out of its script. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Buffer;
  /** False when the connection broke before all of stdin was there: a shell sees an early end, and nothing else. */
  readonly whole: boolean;
  /** True: do a part of it, as a machine that loses power in the middle. Of use where half an effect is worth a test. */
  readonly half: boolean;
  readonly speaker?: Speaker;
}

/** What a command answers; exit code 0 and nothing when left out. */
export interface Answer {
  readonly code?: number;
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
}

/** One command of domain/commands on a simulated host: how its script is recognised, and what it does there. */
export interface Simulation {
  /** For the journal, and for faults and tests to name it. */
  readonly name: string;
  readonly reads: Reader;
  readonly act: (host: Host, call: Call) => Answer | undefined | void | Promise<Answer | undefined | void>;
}

/** A command that fails with these words. */
export const fail = (stderr: string, code = 1): Answer => ({ code, stderr: `${stderr}\n` });
/** An answer of whole lines. */
export const lines = (words: readonly string[]): Answer => ({ stdout: words.map((word) => `${word}\n`).join('') });
/** The parts of a list that ends each item with a NUL, or with a newline. */
export const items = (bytes: Buffer, end: '\0' | '\n'): string[] => bytes.toString('utf8').split(end).filter(Boolean);

/** What a command does on a host, and what it says; one that finds no room, or breaks, fails as a real one would. */
export async function acted(simulation: Simulation, host: Host, call: Call): Promise<Answer | undefined> {
  try {
    return (await simulation.act(host, call)) ?? undefined;
  } catch (error) {
    if (error instanceof DiskFull) return fail(error.message);
    return fail(`the simulation of ${simulation.name} broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, 126);
  }
}

/** The words for a script that no simulation knows. Whoever sent it adds its title when it fails. */
export const unknown = (script: string): string =>
  `the simulated host does not know this command: add it to testing/commands (testing/README.md says how); it begins: ${script.trim().slice(0, 160).replaceAll('\n', ' | ')}`;
