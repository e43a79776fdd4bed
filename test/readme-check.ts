import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOf, type Executed, exceptions, missing } from './readme-commands';

/**
 * The last step of `make test`: every command that README.md shows was executed by a test. KEELSON_COMMANDS names the file
 * into which the tests have written what they ran (test/record.ts).
 */
const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
const file = process.env.KEELSON_COMMANDS ?? '';
const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
const left = missing(readme, lines.map((line) => JSON.parse(line) as Executed));
const excepted = commandsOf(readme).filter(({ text }) => exceptions.some(({ like }) => like.test(text))).length;
for (const { text, line } of left) console.log(`README.md:${line}: no test has executed: ${text}`);
console.log(`${commandsOf(readme).length} commands, ${excepted} excepted by name, ${left.length} not executed`);
process.exitCode = left.length === 0 ? 0 : 1;
