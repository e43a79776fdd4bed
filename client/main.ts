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
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
    const { reportError } = await import('./report-error.js');
    return reportError(error, { debug: args.includes('--debug'), json: args.includes('--json') });
  }
}

// A reader that has seen enough (`keelson logs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed));

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
