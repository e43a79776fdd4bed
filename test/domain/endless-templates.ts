import { ClusterError } from '../../domain/errors';
import { renderTemplate } from '../../domain/template/render';
import { readDocuments } from '../../domain/kubeadm/read';
import { longestMs, spentMs } from '../mutated';

/** Small texts that would become large, or take for ever; and what becomes of each. */
const megabyte = 1024 * 1024;
const a = 'a'.repeat(megabyte);
const x = `{{ $x := "${a}" }}`;
const many = (word: string, times: number): string => Array.from({ length: times }, () => word).join(' ');
const templates: Readonly<Record<string, string>> = {
  'replaces every letter by a megabyte': `${x}{{ replace "a" $x $x }}`,
  'puts a megabyte between letters': `${x}{{ replace "" $x $x }}`,
  'indents a megabyte of lines': `{{ $x := \`${'\n'.repeat(megabyte)}\` }}{{ indent 200 $x }}`,
  'joins by a megabyte': `${x}{{ join $x (list ${many('1', 900)}) }}`,
  'joins megabytes': `${x}{{ join "" (list ${many('$x', 900)}) }}`,
  'prints megabytes': `${x}{{ printf "${'%s'.repeat(99)}" ${many('$x', 99)} }}`,
  'prints a list of megabytes': `${x}{{ list ${many('$x', 900)} }}`,
  'quotes megabytes': `${x}{{ quote ${many('$x', 100)} }}`,
  'writes megabytes as JSON': `${x}{{ toJson (list ${many('$x', 900)}) }}`,
  'writes megabytes as YAML': `${x}{{ toYaml (list ${many('$x', 900)}) }}`,
  'writes very many values as YAML': `{{ $x := splitList "" "${'a'.repeat(150_000)}" }}{{ toYaml $x }}`,
  'splits a megabyte': `${x}{{ splitList "" $x }}`,
  'splits a megabyte into a map': `${x}{{ split "" $x }}`,
  'looks for a megabyte in megabytes': `${x}{{ contains (printf "b%s" $x) (printf "%s%s" $x $x) }}`,
  'trims a megabyte by a megabyte': `${x}{{ trimAll (printf "%sb" $x) (replace "a" "b" $x) }}`,
  'measures a megabyte very often': `${x}{{ range splitList "" "${'a'.repeat(30_000)}" }}{{ if eq (len $x) 1 }}y{{ end }}{{ end }}`,
  'encodes megabytes': `{{ $x := "${a.repeat(7)}" }}{{ b64enc $x }}`,
  'decodes megabytes': `{{ b64dec "${a.repeat(7)}" }}`,
  'decodes an equals sign very often': `{{ b64dec "${'='.repeat(4 * megabyte)}a===" }}`,
  'has very many words': `{{ ${'1 '.repeat(3 * megabyte)}}}`,
  'has many long words': `{{ list ${'"aaaaaaaa" '.repeat(90_000)}}}`,
  'has very many actions': '{{.}}'.repeat(megabyte),
  'has very many comments': '{{/**/}}'.repeat(megabyte),
  'has very many lines': `${'\n'.repeat(7 * megabyte)}{{ .a }}`,
  'has very many variables': `${Array.from({ length: 10_000 }, (_, n) => `{{ $v${n} := 1 }}`).join('')}{{ range splitList "" "${'a'.repeat(50_000)}" }}{{ $v0 }}{{ end }}`,
  'compares with blanks': `{{ semverCompare "${many('1 ', 60)}!" "1.0.0" }}`,
  'compares with a long range': `{{ semverCompare "${many('>=1.2.3-a.b ', 100_000)}!" "1.0.0" }}`,
  'compares with a short one': `{{ semverCompare "${' 1-1.-1.-1'.repeat(25)} !" "1.0.0" }}`,
};
const documents: Readonly<Record<string, string>> = {
  'has very many keys': Array.from({ length: 170_000 }, (_, n) => `k${n}:\n`).join(''),
  'has as many keys as are read': Array.from({ length: 49_000 }, (_, n) => `k${n}: a\n`).join(''),
  'has as many items as are read': '- a\n'.repeat(74_000),
  'has as many lists as are read': `[${'[],'.repeat(49_000)}]`,
  'has as many documents as are read': '---\n'.repeat(18_000),
  'has as many errors as are read': '@\n'.repeat(149_000),
  'has keys in one line': 'a: '.repeat(149_000),
  'has very many keys in one line': 'a: '.repeat(700_000),
  'has very many items': '- a\n'.repeat(500_000),
  'has very many lists in one line': `[${'[],'.repeat(650_000)}]`,
};

function outcome(work: () => unknown): string {
  const began = process.cpuUsage();
  let said = 'done';
  try {
    work();
  } catch (error) {
    said = error instanceof ClusterError ? 'refused' : String(error);
  }
  return spentMs(began) > longestMs ? `after ${Math.round(spentMs(began))} ms` : said;
}

console.log(JSON.stringify(Object.fromEntries([
  ...Object.entries(templates).map(([name, text]) => [name, outcome(() => renderTemplate(text, { a: 'b' }, { file: 'f' }))]),
  ...Object.entries(documents).map(([name, text]) => [name, outcome(() => readDocuments(text))]),
])));
