import fc from 'fast-check';
import { recogniseCluster } from '../../domain/adopt';
import { targetOf } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { newEntity, viewOf } from '../../domain/entity';
import { specProblems } from '../../domain/spec-rules';
import { copyOf, newestCopy, parseCopy, saysTheSame, stateFromCopy } from '../../domain/state-copy';
import { mutated } from '../mutated';
import { aCluster, bareFacts, someImages } from '../fixtures';

const spec = aCluster(2, 1, {
  credentials: { default: { user: 'root', password: 'sealed:v1:k:f:n:c' } }, env: [{ name: 'A', value: 'b' }], command: ['x'], kubeadm: { cluster: { clusterName: 'a' } },
  configs: [{ name: 'c', path: 'etc/a.yml', strategy: 'merge', data: 'a: 1' }], registryPassword: 'sealed:v1:k:f:n:d', controlPlaneEndpoint: 'api.example.com:6443',
});
Object.assign(spec.hosts[0]!, { hostKeys: ['SHA256:abc'], nodeName: 'one', nodeLabels: { disk: 'fast' }, nodeTaints: ['a=b:NoSchedule'] });
const desired = { spec, digest: digestOf(spec), by: 'ana', at: 't0', generation: 2, file: 'sealed:v1:k:f:n:e' };
const [first] = spec.hosts;
const copy = copyOf({
  ...newEntity('default'), uid: 'u', n: 7, desired,
  log: [{ operation: 'init-1', by: 'ana', startedAt: 't0', endedAt: 't1', outcome: 'Success', message: 'done' }],
  current: {
    phase: 'ClusterSuccess', conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'all', lastTransitionTime: 't1', observedGeneration: 2 }],
    hostKeys: { '10.0.0.1': 'ssh-ed25519 AAAA' }, images: [{ ref: 'kubernetes', digest: 'sha256:0', kind: 'rootfs', version: 'v1.34.2', since: 't1' }], created: true,
    hosts: { '10.0.0.2': { error: { at: 't1', operation: 'init-1', stage: 'Join', message: 'm' } } }, leader: '10.0.0.1', installed: ['sha256:1'], machineIds: { '10.0.0.1': 'm' },
    members: { '10.0.0.1': { host: first!, access: { user: 'root' } } }, fixed: { 'KubeProxyConfiguration.mode': 'ipvs', 'ClusterConfiguration.networking.podSubnet': null },
    madeFrom: { images: { kubernetes: 'sha256:0' }, configs: { c: '1' }, env: '2' },
  },
}, desired, 't1');

/** The ways to every value of a document, the document itself left out. */
const waysTo = (value: unknown, way: readonly string[] = []): string[][] => typeof value !== 'object' || value === null ? [] :
  Object.entries(value).flatMap(([key, inner]) => [[...way, key], ...waysTo(inner, [...way, key])]);
const withAt = (value: unknown, [key = '', ...rest]: readonly string[], put: unknown): unknown => {
  if (Array.isArray(value)) return value.map((one: unknown, at) => (`${at}` === key ? (rest.length === 0 ? put : withAt(one, rest, put)) : one));
  return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, name !== key ? one as unknown : rest.length === 0 ? put : withAt(one, rest, put)]));
};

/** Takes the cluster over from a text, as keelson adopt does it; or it is refused. */
function takeOver(text: string): 'refused' | 'taken' {
  let read;
  try {
    read = parseCopy(text, 'here');
  } catch (error) {
    expect(error).toMatchObject({ name: 'InvalidSpec' });
    return 'refused';
  }
  const found = newestCopy([{ host: 'a', copy: read }, { host: 'b', copy: read }])!;
  const { desired: { spec: wanted }, current } = found;
  const state = stateFromCopy(found, 'bo', 't2');
  viewOf(state);
  saysTheSame(found, copy);
  specProblems(wanted);
  for (const host of [...wanted.hosts, ...Object.values(current.members ?? {}).map((member) => member.host)]) targetOf(wanted, host, current.hostKeys[host.id]);
  recogniseCluster({ spec: wanted, ours: true, uid: found.uid, facts: spec.hosts.map(({ id }) => bareFacts(id)), images: someImages() });
  return 'taken';
}

test('a whole copy is taken over', () => {
  expect(parseCopy(JSON.stringify(copy), 'here')).toEqual(copy);
  expect(takeOver(JSON.stringify(copy))).toBe('taken');
  expect(takeOver(JSON.stringify({ ...copy, more: { of: 'a newer Keelson' } }))).toBe('taken');
});

test.each(waysTo(copy).map((way) => [way.join('.'), way] as const))('%s with another kind of value in its place is refused', (name, way) => {
  const was = way.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], copy);
  // kubeadm's documents are kubeadm's, and a null there takes a default away: so it does in a fixed setting.
  if (/\.kubeadm\.cluster\./.test(name)) return;
  const fixed = /\.fixed\./.test(name);
  for (const put of [null, 1.5, -1, 'x', true, [null], [1], {}, { x: 1 }]) {
    const outcome = takeOver(JSON.stringify(withAt(copy, way, put)));
    if (fixed && (put === null || put === 'x')) expect(outcome).toBe('taken');
    else if (put === null || Array.isArray(put) || typeof put !== typeof was || Array.isArray(was)) expect([put, outcome]).toEqual([put, 'refused']);
  }
});

test('a text changed anywhere is refused or taken over', () => {
  fc.assert(fc.property(mutated(JSON.stringify(copy)), (text) => { takeOver(text); }), { numRuns: 200 });
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => { expect(takeOver(text)).toBe('refused'); }));
});

test('a copy that is nested without end is refused', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  for (const place of ['"clusterName":"a"', '"spec":{', '"v":1']) {
    const text = JSON.stringify(copy);
    expect(text).toContain(place);
    expect(takeOver(text.replace(place, place.endsWith('{') ? `${place}"deep":${deep},` : `${place},"deep":${deep}`))).toBe('refused');
  }
});
