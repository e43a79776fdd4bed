import fc from 'fast-check';
import { ClusterError } from '../../domain/errors';
import { renderTemplate } from '../../domain/template/render';

const data = {
  registryDomain: 'sealos.hub', SEALOS_SYS_KUBE_VERSION: 'v1.27.3', SEALOS_SYS_RUN_MODE: 'master,amd64', empty: '', port: 5000,
  on: true, hosts: ['a', 'b'], map: { y: 2, x: 1 }, Env: { HOME_DIR: '/root' }, Values: { a: { b: 'deep' }, n: 3 },
};
const render = (source: string) => renderTemplate(source, data, { file: 'etc/x.tmpl' });

test.each([
  ['text without actions', 'plain }} text', 'plain }} text'],
  ['field', '{{ .registryDomain }}', 'sealos.hub'],
  ['nested field', '{{.Values.a.b}}', 'deep'],
  ['Env', '{{ .Env.HOME_DIR }}', '/root'],
  ['root variable', '{{ with .map }}{{ $.port }}{{ .x }}{{ end }}', '50001'],
  ['missing key', '[{{ .nope }}]', '[<no value>]'],
  ['missing below missing', '[{{ .nope.deeper.still }}]', '[<no value>]'],
  ['a name every object has is missing', '{{ .constructor }}{{ .map.toString }}', '<no value><no value>'],
  ['default of missing', '{{ default "/usr/bin" .BIN_DIR }}', '/usr/bin'],
  ['default of empty, piped', '{{ .empty | default "x" }}', 'x'],
  ['default of set', '{{ .registryDomain | default "x" }}', 'sealos.hub'],
  ['not of missing', '{{ if not .nope }}yes{{ end }}', 'yes'],
  ['if, else if, else', '{{ if .nope }}a{{ else if eq .port 5000 }}b{{ else }}c{{ end }}', 'b'],
  ['else', '{{ if .nope }}a{{ else if .empty }}b{{ else }}c{{ end }}', 'c'],
  ['or gives the value', '{{ or .empty .registryDomain }}', 'sealos.hub'],
  ['and gives the first false one', '[{{ and .on .empty .port }}]', '[]'],
  ['and stops early', '{{ and false (index .hosts 9) }}', 'false'],
  ['parentheses', '{{ if and (eq .port 5000) (not .empty) }}ok{{ end }}', 'ok'],
  ['field of parentheses', '{{ (dict "k" "v").k }}', 'v'],
  ['variables', '{{ $x := .port }}{{ $x }}{{ $x = 6 }}{{ $x }}', '50006'],
  ['variables end with their block', '{{ $x := 1 }}{{ if .on }}{{ $x := 2 }}{{ end }}{{ $x }}', '1'],
  ['assignment reaches out of a block', '{{ $x := 1 }}{{ if .on }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
  ['variable in if', '{{ if $v := .Values.n }}{{ $v }}{{ end }}', '3'],
  ['path of a variable', '{{ $v := .Values }}{{ $v.a.b }}', 'deep'],
  ['range of a list', '{{ range .hosts }}<{{ . }}>{{ end }}', '<a><b>'],
  ['range with index', '{{ range $i, $v := .hosts }}{{ $i }}={{ $v }};{{ end }}', '0=a;1=b;'],
  ['range of a map, by key', '{{ range $k, $v := .map }}{{ $k }}={{ $v }};{{ end }}', 'x=1;y=2;'],
  ['range else', '{{ range .nope }}x{{ else }}none{{ end }}', 'none'],
  ['with else', '{{ with .empty }}x{{ else }}none{{ end }}', 'none'],
  ['comment', 'a{{/* }} no */}}b', 'ab'],
  ['trimming comment', 'a\n{{- /* no */ -}}\nb', 'ab'],
  ['trim markers', 'a \n {{- .port -}} \n b', 'a5000b'],
  ['left only', 'a \n{{- .port }}\n b', 'a5000\n b'],
  ['negative number is no trim', '{{-3}}', '-3'],
  ['raw string', '{{ `a"b\\n` }}', 'a"b\\n'],
  ['string escapes', '{{ "a\\tb\\"}}" }}', 'a\tb"}}'],
  ['contains', '{{ contains "master" .SEALOS_SYS_RUN_MODE }}', 'true'],
  ['semverCompare', '{{ if semverCompare "^1.27.0" .SEALOS_SYS_KUBE_VERSION }}new{{ end }}', 'new'],
  ['quote', '{{ quote "a\\"b" 1 }} {{ squote "c" }}', '"a\\"b" "1" \'c\''],
  ['quote of missing', '[{{ quote .nope }}]', '[]'],
  ['b64', '{{ b64enc "grüße €" }} {{ b64enc "ab" | b64dec }}', 'Z3LDvMOfZSDigqw= ab'],
  ['trims', '{{ trim " a " }}{{ trimPrefix "v" "v1" }}{{ trimSuffix "-x" "y-x" }}{{ trimAll "/" "//z//" }}', 'a1yz'],
  ['ternary', '{{ ternary "a" "b" .on }}{{ .on | ternary "a" "b" }}', 'aa'],
  ['toYaml', '{{ toYaml .map }}', 'x: 1\n"y": 2'],
  ['toYaml with nindent', 'k:{{ toYaml .Values | nindent 2 }}', 'k:\n  a:\n    b: deep\n  "n": 3'],
  ['toJson', '{{ toJson .map }} {{ toJson .hosts }}', '{"x":1,"y":2} ["a","b"]'],
  ['comparisons', '{{ lt 1 2 }}{{ le 2 2 }}{{ gt 1 2 }}{{ ge 2 2 }}{{ ne "a" "b" }}', 'truetruefalsetruetrue'],
  ['eq with several', '{{ eq .port 1 2 5000 }}', 'true'],
  ['printf', '{{ printf "%s:%d %v %q 100%%" .registryDomain .port .hosts "z" }}', 'sealos.hub:5000 [a b] "z" 100%'],
  ['cases', '{{ upper "a" }}{{ lower "B" }}{{ replace "." "-" "1.2.3" }}', 'Ab1-2-3'],
  ['indent', '{{ indent 2 "a\\nb" }}', '  a\n  b'],
  ['prefixes', '{{ hasPrefix "v1" "v1.2" }}{{ hasSuffix "x" "v" }}', 'truefalse'],
  ['list, join, split', '{{ join "," (list "a" 1) }} {{ (split "/" "a/b")._1 }}', 'a,1 b'],
  ['empty, coalesce', '{{ empty .nope }}{{ coalesce .nope .empty "z" }}', 'truez'],
  ['int, len, index', '{{ int "42" }}{{ len .hosts }}{{ index .hosts 1 }}{{ index .map "x" }}', '422b1'],
  ['len counts bytes', '{{ len "aé€" }}', '6'],
  ['a map', '{{ .map }}', 'map[x:1 y:2]'],
])('%s', (_name, source, expected) => {
  expect(render(source)).toBe(expected);
});

test.each([
  ['unknown function', 'a\nb {{ nope 1 }}', 'etc/x.tmpl:2: template: unknown function nope: {{ nope 1 }}'],
  ['env', '{{ env "HOME" }}', 'env is refused'],
  ['define', '{{ define "x" }}{{ end }}', 'named templates are not supported'],
  ['no end', 'x\n{{ if .a }}', 'etc/x.tmpl:2: template: there is no {{ end }}'],
  ['end alone', '{{ end }}', 'end without if'],
  ['two elses', '{{ if .a }}{{ else }}{{ else }}{{ end }}', 'a second else'],
  ['open action', 'x {{ .a', 'not closed by }}'],
  ['open comment', '{{/* a', 'comment is not closed'],
  ['open string', '{{ "a }}', 'string is not closed'],
  ['arguments of a value', '{{ .a .b }}', 'only a function takes arguments'],
  ['wrong type', '{{ upper .port }}', 'upper wants a string, this is a number'],
  ['unlike types', '{{ eq .port "5000" }}', 'cannot compare a number with a string'],
  ['field of a string', '{{ .registryDomain.x }}', '.x asked of a string'],
  ['unknown variable', '{{ $x }}', 'there is no variable $x'],
  ['too few arguments', '{{ ternary 1 }}', 'ternary takes 3 arguments, not 1'],
  ['bad version', '{{ semverCompare "^1.2" .nope }}', 'semverCompare wants a string, this is nothing'],
  ['range of a string', '{{ range .registryDomain }}{{ end }}', 'range wants a list or a map'],
  ['strange letters', '{{ .a ! }}', 'no template grammar'],
  ['unknown verb', '{{ printf "%x" 1 }}', 'printf knows'],
])('refuses %s', (_name, source, message) => {
  expect(() => render(source)).toThrow(expect.objectContaining({ type: 'InvalidImage', message: expect.stringContaining(message) }));
});

test.each([
  ['^1.27.0', 'v1.28.1', true], ['^1.27.0', '1.26.9', false], ['~1.24.1', '1.24.9', true], ['~1.24.1', '1.25.0', false],
  ['>=1.24, <1.31', 'v1.30.9', true], ['>=1.24 <1.31', '1.31.0', false], ['<1.20 || >=1.34.0', 'v1.34.2', true], ['1.2.x', '1.2.9', true],
  ['!=1.2.3', '1.2.3', false], ['!=1.2.3', '1.2.4', true], ['>= 1.25', '1.25', true], ['1.2 - 1.4', '1.3.0', true], ['=v1.30.0', 'v1.30.0', true],
  ['^1.27.0', '1.28.0-rc.1', false],
])('semver %s of %s is %s', (constraint, version, expected) => {
  expect(render(`{{ semverCompare "${constraint}" "${version}" }}`)).toBe(String(expected));
});

test('the caller chooses the error type', () => {
  expect(() => renderTemplate('{{ nope }}', {}, { file: 'Clusterfile', errorType: 'InvalidSpec' })).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
});

test.each([
  ['nesting', '{{ if true }}'.repeat(100_000)],
  ['parentheses', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`],
  ['text that doubles', `{{ $x := "aaaaaaaaaa" }}${'{{ $x = printf "%s%s" $x $x }}'.repeat(60)}`],
  ['lists that double', `{{ $x := list 1 2 }}${'{{ $x = list $x $x }}'.repeat(60)}{{ toJson $x }}`],
  ['loops in loops', `{{ $l := splitList "" "${'a'.repeat(100)}" }}${'{{ range $l }}'.repeat(8)}x${'{{ end }}'.repeat(8)}`],
  ['a long else if', `{{ if false }}${'{{ else if false }}'.repeat(20_000)}{{ end }}`],
])('ends with an error: %s', (_name, source) => {
  expect(() => render(source)).toThrow(ClusterError);
});

test('never fails with anything but a ClusterError', () => {
  const word = fc.constantFrom('{{', '}}', '{{-', '-}}', ' ', '.a', '.', '$x', ':=', '=', '|', '(', ')', 'if', 'else', 'end', 'range', 'with', '"s"', '`r`', '1', '-',
    'eq', 'default', 'index', 'list', 'dict', 'printf', 'toYaml', 'semverCompare', 'int', 'len', 'b64dec', '.map', '.hosts', ',', '/*', '*/', '\n', '"', '\\');
  const template = fc.oneof(fc.array(word, { maxLength: 25 }).map((words) => words.join(' ')), fc.string().map((text) => `{{${text}}}`));
  fc.assert(fc.property(template, (source) => {
    try {
      expect(typeof render(source)).toBe('string');
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
  }), { numRuns: 3000 });
});
