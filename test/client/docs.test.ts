import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodeHelp } from '../../client/exit-codes';
import { createProgram } from '../../client/program';

/** The README and docs/ against the program: what it takes and gives stands there. */

const root = join(__dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const docs = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].map(read).join('\n');

const program = createProgram(() => undefined);
const leaves = (command: Command, path = ''): { path: string; command: Command }[] =>
  command.commands.flatMap((one) => (one.commands.length > 0 ? leaves(one, `${path}${one.name()} `) : [{ path: `${path}${one.name()}`, command: one }]));
const hasWord = (text: string, word: string): boolean => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text);

test.each(leaves(program))('keelson $path and each of its flags stand in the README or in docs/', ({ path, command }) => {
  const [first = '', second] = path.split(' ');
  const shown = second ? new RegExp(`keelson ${first} (\\S*\\|)?${second}\\b|\`${second}\``) : new RegExp(`keelson ${first}\\b|\`${first}\``);
  expect(shown.test(docs)).toBe(true);
  expect(command.options.filter(({ long, hidden }) => long && !hidden && !hasWord(docs, long)).map(({ long }) => long)).toEqual([]);
});

test('the table of flags of run has them all', () => {
  const table = /## Flags of run\n([\s\S]*?)\n\n`keelson --help`/.exec(readme)?.[1] ?? '';
  const run = program.commands.find((one) => one.name() === 'run');
  expect(run?.options.filter(({ long, short }) => !hasWord(table, long ?? '') || (short && !hasWord(table, short))).map(({ flags }) => flags)).toEqual([]);
});

test('the table of exit codes is that of --help', () => {
  const told = [...exitCodeHelp.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, text]) => [code, text]);
  const table = /\| exit code \| meaning \|\n[\s\S]*?\n\n/.exec(readme)?.[0] ?? '';
  expect([...table.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, text]) => [code, text?.replaceAll('`', '')])).toEqual(told);
});

test('every variable that is read stands in the table', () => {
  const folders = ['client', 'home', 'activities', 'workers'];
  const files = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => read(join(folder, name))));
  const names = new Set(files.flatMap((text) => [...text.matchAll(/\b(?:process\.)?env(?:\.|\[')((?:KEELSON|TEMPORAL)_[A-Z_]+|NO_COLOR|KUBECONFIG|SSH_AUTH_SOCK)\b/g)].map(([, name]) => name ?? '')));
  expect(names.size).toBeGreaterThan(8);
  expect([...names].filter((name) => !new RegExp(`^\\| [^|]*\`${name}\``, 'm').test(readme))).toEqual([]);
});
