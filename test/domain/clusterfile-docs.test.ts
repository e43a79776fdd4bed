import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldTables, jsonSchema } from '../../domain/clusterfile/reference';
import { functions } from '../../domain/template/functions';

/** `UPDATE_DOCS=1 npx jest test/domain/clusterfile-docs.test.ts` writes what is generated. */
const update = process.env['UPDATE_DOCS'] === '1';
const pathOf = (name: string) => join(__dirname, '../../docs', name);

const functionList = () => ['and', 'or', ...functions.keys()].sort().map((name) => `\`${name}\``).join(' ');

function withSection(text: string, name: string, content: string): string {
  const section = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  expect(text).toMatch(section);
  return text.replace(section, (_all, open: string, close: string) => `${open}\n${content}\n\n${close}`);
}

function expectFile(name: string, content: string): void {
  if (update) writeFileSync(pathOf(name), content);
  expect(readFileSync(pathOf(name), 'utf8')).toBe(content);
}

test('the reference of the Clusterfile says what the parser checks', () => {
  const text = readFileSync(pathOf('clusterfile.md'), 'utf8');
  expectFile('clusterfile.md', withSection(withSection(text, 'fields', fieldTables()), 'functions', functionList()));
});

test('the JSON Schema says what the parser checks', () => {
  expectFile('clusterfile.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
});

test('every field is described', () => {
  expect(fieldTables().split('\n').filter((row) => /^\| `/.test(row) && row.endsWith('|  |'))).toEqual([]);
});
