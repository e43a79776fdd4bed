import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseClusterfile } from '../../domain/clusterfile';
import { parseProbe } from '../../domain/commands/parse-probe';
import { defaultPolicy } from '../../domain/cluster';
import { applyConfig } from '../../domain/config-merge';
import { canonicalJson } from '../../domain/digest';
import { ClusterError } from '../../domain/errors';
import { parseHostList } from '../../domain/host-list';
import { factsOf, mountNameOf } from '../../domain/image-labels';
import { readDocuments } from '../../domain/kubeadm/read';
import { withSetting } from '../../domain/policy-settings';
import { servedNames } from '../../domain/registry-layout';
import { renderTemplate } from '../../domain/template/render';
import { inLimitedHeap } from '../limited-heap';
import { longestMs, mutated, spentMs } from '../mutated';

/** Runs a reader on an input from outside: it may answer or refuse in our own words, soon; nothing else. */
function survives(read: () => unknown): void {
  const began = process.cpuUsage();
  try {
    read();
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    expect(error.message.length).toBeLessThan(100_000);
  }
  expect(spentMs(began)).toBeLessThan(longestMs);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

const deep = (open: string, close: string, times: number): string => open.repeat(times) + close.repeat(times);
/** Texts that are small and mean much, for whoever reads YAML. */
const bombs: Readonly<Record<string, string>> = {
  'aliases that double': ['a0: &a0 [x, x, x, x, x, x, x, x, x]', ...Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`)].join('\n'),
  'merges that double': ['a0: &a0 {x: 1}', ...Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} {<<: [*a${n}, *a${n}], y${n}: 1}`)].join('\n'),
  'an alias of itself': 'kind: Cluster\na: &a [*a]\n',
  'a merge of itself': 'kind: Cluster\na: &a\n  <<: *a\n',
  'lists in lists': deep('[', ']', 50_000),
  'maps in maps': deep('{a: ', '}', 50_000),
  'lists never closed': '['.repeat(100_000),
  'dashes in dashes': '- '.repeat(50_000),
  'a long key': `${'k'.repeat(1_000_000)}: 1`,
  'many documents': '---\na: 1\n'.repeat(20_000),
  'prototype keys': '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\nkind: Cluster\napiVersion: apps.sealos.io/v1beta1\nmetadata: {name: x, __proto__: {polluted: 1}}\n',
  'huge numbers': 'kind: Cluster\napiVersion: apps.sealos.io/v1beta1\nmetadata: {name: x}\nspec: {image: [a], hosts: [{ips: ["10.0.0.1:99999999999"], roles: [master]}], ssh: {port: 1e400}}\n',
  'a binary tag': 'kind: !!binary "////"\n',
  'a date and a set': 'a: !!timestamp 2001-12-14t21:59:43.10-05:00\nb: !!set {x, y}\nc: !!omap [a: 1]\n',
};

const cluster = readFileSync(join(__dirname, '../../examples/cluster.yaml'), 'utf8');

describe.each<[string, (text: string) => unknown, string]>([
  ['a Clusterfile', (text) => parseClusterfile(text, { file: 'Clusterfile' }), cluster],
  ['a file of values', (text) => parseClusterfile('{{ .Values.a }}', { file: 'Clusterfile', values: [{ file: 'values', text }] }), 'a: 1\nb: {c: [1, two]}\n'],
  ['documents of --config-file', (text) => parseClusterfile(cluster, { file: 'Clusterfile', extra: [{ file: 'extra', text }] }), cluster],
  ['kubeadm defaults of an image', readDocuments, 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: {podSubnet: 10.0.0.0/8}\n---\nkind: KubeletConfiguration\n'],
  ['the data of a Config', (data) => applyConfig('a: {b: 1}\n', { name: 'x', path: 'p', strategy: 'merge', data }), 'a:\n  c: &x [1]\n  d: *x\n'],
  ['a file that a Config changes', (old) => applyConfig(old, { name: 'x', path: 'p', strategy: 'merge', data: 'a: {b: 1}\n' }), 'a:\n  c: &x [1]\n  d: *x\n---\nz: 1\n'],
])('%s', (_what, read, sample) => {
  test.each(Object.entries(bombs))('with %s is refused or read, soon', (_name, text) => survives(() => read(text)));

  test('changed anywhere is refused or read', () => {
    fc.assert(fc.property(mutated(sample), (text) => survives(() => read(text))), { numRuns: 60 });
  });

  test('that is any text is refused or read', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 })), (text) => survives(() => read(text))));
  });
});

describe('a template', () => {
  test.each<[string, string]>([
    ['nested deeply', deep('{{ if true }}', '{{ end }}', 5_000)], ['with parentheses', `{{ ${deep('(', ')', 20_000)} }}`], ['never closed', '{{ '.repeat(50_000)],
    ['with endless pipes', `{{ 1 ${'| quote '.repeat(20_000)} }}`], ['that prints much', `{{ range list ${'1 '.repeat(900)}}}{{ range list ${'1 '.repeat(900)}}}{{ range list ${'1 '.repeat(900)}}}x{{ end }}{{ end }}{{ end }}`],
    ['that grows a text', `{{ $x := "aaaaaaaaaa" }}${'{{ $x = printf "%s%s%s%s" $x $x $x $x }}'.repeat(30)}{{ $x }}`],
    ['that grows by replacing', `{{ $x := "aaaaaaaaaaaaaaaaaaaa" }}${'{{ $x = replace "a" "aaaaaaaaaaaaaaaaaaaa" $x }}'.repeat(12)}{{ $x }}`],
    ['that grows by indenting', `{{ $x := "a\\na\\na\\na" }}${'{{ $x = indent 200 $x }}'.repeat(300)}{{ $x }}`],
    ['that grows a list', `{{ $x := list 1 2 3 4 5 6 7 8 }}${'{{ $x = list $x $x $x $x $x $x $x $x }}'.repeat(40)}{{ toJson $x }}`],
    ['that goes for the prototype', '{{ .__proto__.polluted }}{{ .constructor.name }}{{ index . "__proto__" }}{{ (dict "__proto__" "x").polluted }}'],
    ['with a long blank', `{{${' '.repeat(1_000_000)}}}`], ['with a long word', `{{ ${'a'.repeat(1_000_000)} }}`],
  ])('%s ends soon', (_what, text) => survives(() => renderTemplate(text, { a: 'b' }, { file: 'f' })));

  test('changed anywhere is refused or rendered', () => {
    const sample = '{{- $x := .a | default "b" | quote }}{{ range $i, $v := list 1 2 }}{{ if eq $v 1 }}{{ printf "%s-%d" $x $i }}{{ else if not .b }}x{{ else }}{{ toYaml $ }}{{ end }}{{ end }}{{/* c */}}';
    fc.assert(fc.property(mutated(sample), (text) => survives(() => renderTemplate(text, { a: 'b' }, { file: 'f' }))), { numRuns: 200 });
  });
});

test('small templates and documents that mean much end soon, in the memory of an embedded Temporal worker', async () => {
  const outcomes = await inLimitedHeap(join(__dirname, 'endless-templates.ts')) as Record<string, string>;
  expect(Object.entries(outcomes).filter(([, how]) => how !== 'refused' && how !== 'done')).toEqual([]);
  expect(Object.keys(outcomes).length).toBeGreaterThan(25);
}, 120_000);

test('YAML that is nested without end is refused, and does not end the process', async () => {
  expect(await inLimitedHeap(join(__dirname, 'deep-yaml.ts'))).toEqual(Array.from({ length: 5 }, () => 'refused'));
}, 120_000);

test('a list of hosts is refused or read, whatever it is, and is never longer than any cluster', () => {
  const item = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string(), fc.constantFrom('10.0.0.0/0', '0.0.0.0-255.255.255.255', '::/0', '[::1]:22', '10.0.0.1:99999', '-', '/', '1e9', '10.0.0.1-', '0x7f.1'));
  fc.assert(fc.property(fc.array(item).map((items) => items.join(',')), (text) => survives(() => expect(parseHostList(text).length).toBeLessThanOrEqual(4096))));
  survives(() => parseHostList('10.0.0.1,'.repeat(100_000)));
  survives(() => parseHostList(`10.0.0.1${'-'.repeat(200_000)}`));
});

test('an answer of the probe changed anywhere is refused or read', () => {
  const sample = ['keelson-probe 1', 'clock=1000050000000', 'hostname=node-1', 'kernel=6.1.0', 'arch=x86_64', 'cpus=2', 'memoryMiB=3904', 'free=123 /tmp', 'free=1 __proto__', 'port=22 sshd', 'tree=__proto__ polluted', 'claim={"cluster":"c","uid":"u","__proto__":{"polluted":1}}', 'done=init', 'keelson-probe end', ''].join('\n');
  fc.assert(fc.property(mutated(sample), (text) => survives(() => parseProbe(text, { host: 'h', sentAtMs: 0, receivedAtMs: 1 }))), { numRuns: 200 });
  survives(() => parseProbe(sample.replace('cpus=2', `cpus=${'9'.repeat(100_000)}`), { host: 'h', sentAtMs: 0, receivedAtMs: 1 }));
});

test('the name of an image\'s folder on hosts is one part of a path, whatever the reference', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('..', '.', 'a', '-rf', '', ':', '@sha256:', ' ', '$(x)')).map((parts) => parts.join('/'))), fc.string({ minLength: 8 }), (ref, digest) => {
    expect(mountNameOf(ref, `sha256:${digest.replaceAll(/[^0-9a-f]/g, '0')}`)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
  }));
});

test('labels of an image lead to facts or to a refusal', () => {
  const label = fc.constantFrom('sealos.io.type', 'sealos.io.version', 'version', 'vip', 'sealos.io.distribution', 'keelson.dev/run-at', '__proto__', 'init');
  const value = fc.oneof(fc.string(), fc.constantFrom('rootfs', 'patch', 'v1.34.2', 'v1beta1', '$(x)', '${__proto__}', '$constructor'));
  fc.assert(fc.property(fc.array(fc.tuple(label, value)), (labels) => survives(() => factsOf({
    ref: 'r', digest: `sha256:${'0'.repeat(64)}`, unpackedBytes: 1, config: { labels: Object.fromEntries(labels), env: Object.fromEntries(labels), entrypoint: [], cmd: [] },
  }))));
});

/** Names that every object has, though nobody has given them. */
const inherited = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];

test.each(inherited)('%s is no setting of a policy, no keyword of a template and no known architecture', (name) => {
  expect(() => withSetting(defaultPolicy, name, '1')).toThrow(`there is no setting ${name}`);
  expect(() => renderTemplate(`{{ ${name} }}`, {}, { file: 'f' })).toThrow(`unknown function ${name}`);
  const answer = ['keelson-probe 1', 'clock=1', 'hostname=h', 'kernel=6', `arch=${name}`, 'cpus=2', 'memoryMiB=1', 'keelson-probe end', ''].join('\n');
  expect(parseProbe(answer, { host: 'h', sentAtMs: 0, receivedAtMs: 1 }).arch).toBe(name);
});

test('what a registry\'s folder holds is read in time', () => {
  survives(() => servedNames([`${'docker/registry/v2/repositories/'.repeat(20_000)}x/_manifests/tags/y/current/link`, 'a'.repeat(1_000_000)]));
});

test('the canonical text keeps every key', () => {
  fc.assert(fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.jsonValue()), (value) => {
    const own = JSON.parse(JSON.stringify(value)) as object;
    expect(Object.keys(JSON.parse(canonicalJson(own)) as object).sort()).toEqual(Object.keys(own).sort());
  }));
});
