import type { Command } from 'commander';

/** What the files that add commands to the program get from it. */
export interface ProgramParts {
  /** Makes a command of the program. */
  command(name: string, description: string): Command;
  /** Adds what all commands about clusters take. */
  withCluster(command: Command): Command;
  /** Adds what logging in takes. */
  withLogin(command: Command): Command;
  /** Takes a command's exit code. */
  done(code: number): void;
}

/** For a flag that may stand several times. */
export const collect = (value: string, before: string[]): string[] => [...before, value];
