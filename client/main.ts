#!/usr/bin/env node
import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes';
import { createProgram } from './program';
import { hidePasswords } from './hide-passwords';

/** The program `keelson`. */
async function main(argv: readonly string[]): Promise<number> {
  // The background processes run in another folder, so a relative home must not depend on ours.
  if (process.env['KEELSON_HOME']) process.env['KEELSON_HOME'] = resolve(process.env['KEELSON_HOME']);
  const args = hidePasswords(argv);
  let code: number = exitCodes.done;
  const program = createProgram((given) => { code = given; });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride();
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return refusedArguments(error, args);
    const { reportError } = await import('./report-error.js');
    return reportError(error, { debug: args.includes('--debug'), json: args.includes('--json') });
  }
}

/** Commander has told people; programs get it in the form of every other error. */
function refusedArguments({ exitCode, message }: CommanderError, args: readonly string[]): number {
  if (exitCode === 0) return exitCodes.done;
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { type: 'InvalidSpec', message: message.replaceAll(/^error: /gm, '') }, exitCode: exitCodes.badInput })}\n`);
  return exitCodes.badInput;
}

// A reader that has seen enough (`keelson logs | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed));
}

main(process.argv.slice(2)).then(
  (code) => finish(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    finish(exitCodes.failed);
  },
);

/** Ends at once when all is written: a pipe may take its time, and an open connection must not hold us. */
function finish(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
