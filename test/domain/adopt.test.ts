import { recogniseCluster } from '../../domain/adopt';
import { digestOf } from '../../domain/digest';
import { newEntity } from '../../domain/entity';
import type { HostFacts } from '../../domain/facts';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import { copyOf, newestCopy, parseCopy, saysTheSame, stateFromCopy } from '../../domain/state-copy';
import { aCluster, aHost, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const spec = aCluster(2, 1);
const images = someImages();
/** Hosts as sealos leaves them. */
const sealosMade = (more: Record<string, Partial<HostFacts>> = {}): HostFacts[] => spec.hosts.map(({ id, roles }) => bareFacts(id, {
  joined: true, controlPlane: roles.includes('master'), kubeletVersion: 'v1.34.2', kubeletActive: true,
  ...(roles.includes('master') ? { apiReady: true } : {}), busyPorts: id === '10.0.0.1' ? [{ port: 5000, process: 'registry' }] : [],
  foreign: "/etc/kubernetes/kubelet.conf without Keelson's mark; sealos data of cluster default", ...more[id],
}));
const recognise = (facts: HostFacts[], more: Partial<Parameters<typeof recogniseCluster>[0]> = {}) =>
  recogniseCluster({ spec, facts, images, ours: false, uid: 'new', ...more });

test('a cluster that sealos made is recognised by its hosts, and afterwards there is nothing to do', () => {
  const { hosts, problems, facts, leader, found } = recognise(sealosMade());
  expect(problems).toEqual([]);
  expect(leader).toBe('10.0.0.1');
  expect(hosts.map(({ host, claim }) => [host, claim])).toEqual([['10.0.0.1', true], ['10.0.0.2', true], ['10.0.0.3', true]]);
  expect(hosts[0]?.marks).toEqual(expect.arrayContaining([marks.init, marks.prepared, marks.registry(images)]));
  expect(hosts[1]?.marks).toContain(marks.joinControlPlane);
  expect(planCluster({ spec, facts, images, problems: [] }).jobs).toEqual([]);
  expect(found[0]).toBe("10.0.0.1: control plane, v1.34.2, API ready, the images' files, serves the registry, commands of images have run");
});

test('the registry is looked for where it has moved to with the leader', () => {
  const { leader, hosts } = recognise(sealosMade({ '10.0.0.1': { apiReady: false, busyPorts: [] }, '10.0.0.2': { busyPorts: [{ port: 5000, process: 'registry' }] } }));
  expect(leader).toBe('10.0.0.2');
  expect(hosts.filter(({ marks: written }) => written.includes(marks.registry(images))).map(({ host }) => host)).toEqual(['10.0.0.2']);
});

test('what is missing stays to be done, and only that', () => {
  const wider = { ...spec, hosts: [...spec.hosts, aHost('10.0.0.4')] };
  const { problems, facts, hosts } = recognise([...sealosMade(), bareFacts('10.0.0.4')], { spec: wider });
  expect(problems.map(({ severity, host }) => [severity, host])).toEqual([['warning', '10.0.0.4']]);
  expect(hosts.map(({ host }) => host)).not.toContain('10.0.0.4');
  expect(new Set(planCluster({ spec: wider, facts, images, problems: [] }).jobs.filter(({ stage }) => stage !== 'PostProcess').flatMap(({ host }) => host ?? []))).toEqual(new Set(['10.0.0.4']));
});

test.each<[string, Partial<HostFacts>, RegExp]>([
  ['another version', { kubeletVersion: 'v1.33.1' }, /its kubelet is v1\.33\.1, the image is v1\.34\.2/],
  ['another role', { controlPlane: false }, /it is a worker, and the file says master/],
  ['of another cluster', { claim: { cluster: 'other', uid: 'x' } }, /it belongs to cluster other/],
  ['not reached', { reachable: false }, /cannot be reached/],
  ['made by Keelson from something else', { claim: { cluster: 'default', uid: 'new' }, done: ['mount:0000'] }, /from other images or settings/],
])('a host that is %s refuses the adoption', (_name, more, message) => {
  const { problems } = recognise(sealosMade({ '10.0.0.2': more }));
  expect(problems.filter(({ severity }) => severity === 'error').map(({ host, message: text }) => `${host ?? ''} ${text}`)).toEqual([expect.stringMatching(message)]);
});

test('without a living API, or without the image of Kubernetes, there is nothing to adopt', () => {
  const dead = Object.fromEntries(spec.hosts.map(({ id }) => [id, { apiReady: false }]));
  expect(recognise(sealosMade(dead)).problems.map(({ message }) => message)).toEqual([expect.stringMatching(/no control plane/)]);
  expect(recognise(sealosMade(), { images: images.slice(1) }).problems.map(({ message }) => message)).toEqual([expect.stringMatching(/none of the images/)]);
});

test('half of an adoption done: the same identity, and only the rest is written', () => {
  const claimed = { claim: { cluster: 'default', uid: 'first' }, done: recognise(sealosMade()).hosts[0]!.marks, foreign: '' };
  const { uid, hosts } = recognise(sealosMade({ '10.0.0.1': claimed }));
  expect(uid).toBe('first');
  expect(hosts.map(({ host }) => host)).toEqual(['10.0.0.2', '10.0.0.3']);
});

test('from a copy nothing is written, unless secrets were given anew', () => {
  const ours = sealosMade().map((facts) => ({ ...facts, foreign: '', claim: { cluster: 'default', uid: 'u' }, done: [marks.mount(spec, images, spec.hosts.find(({ id }) => id === facts.host)!, '10.0.0.1')] }));
  expect(recognise(ours, { ours: true, uid: 'u' })).toMatchObject({ hosts: [], problems: [] });
  const renewed = { ...spec, registryPassword: 'sealed:v1:new:fp:n:c' };
  expect(recognise(ours, { ours: true, uid: 'u', spec: renewed, before: spec }).hosts.map(({ claim, marks: these }) => [claim, these.length])).toEqual([[false, 1], [false, 1], [false, 1]]);
  expect(recognise(ours.map((facts) => ({ ...facts, claim: { cluster: 'other', uid: 'x' } })), { ours: true, uid: 'u' }).problems.map(({ type }) => type)).toContain('HostClaimed');
});

test('from a copy a cluster in the middle of an upgrade is taken over as it is, and the next apply goes on with whom it has not reached', () => {
  const behind = '10.0.0.3';
  const ours = sealosMade().map((facts) => ({
    ...facts, foreign: '', claim: { cluster: 'default', uid: 'u' }, done: allMarks(spec, images)[facts.host] ?? [], ...(facts.host === behind ? { kubeletVersion: 'v1.33.13' } : {}),
  }));
  const { problems, facts } = recognise(ours, { ours: true, uid: 'u' });
  expect(problems.map(({ severity, host, message }) => [severity, host, message])).toEqual([['warning', behind, expect.stringContaining('v1.33.13, the image is v1.34.2: an upgrade has not reached all hosts')]]);
  const { jobs } = planCluster({ spec, facts, images, problems: [], cluster: clusterFacts(spec.hosts, allMarks(spec, images))! });
  expect(jobs.filter(({ id, stage }) => stage === 'Upgrade' && !id.endsWith('/snapshot')).map(({ host }) => host)).toEqual([behind]);
});

describe('the copy of a state', () => {
  const desired = { spec, digest: digestOf(spec), by: 'ana', at: 't0', generation: 2 };
  const copy = copyOf({ ...newEntity('default'), uid: 'u', n: 7, desired }, desired, 't1');

  test('comes back as an entity that goes on behind all numbers that may have been used', () => {
    const state = stateFromCopy(parseCopy(JSON.stringify(copy), 'here'), 'bo', 't2');
    expect(state).toMatchObject({ uid: 'u', n: 1000, desired, log: [{ operation: 'adopt', by: 'bo' }] });
    expect(state).not.toHaveProperty('running');
    // Adopted and never changed, as far as the copy tells.
    expect(stateFromCopy({ ...copy, n: 0 }, 'bo', 't2').n).toBe(1000);
  });

  test('what is no copy is refused, and its content not repeated', () => {
    const secret = 'hunter2';
    for (const text of [secret, '{}', `{"v":2,"x":"${secret}"}`, JSON.stringify({ ...copy, uid: '' }), JSON.stringify({ ...copy, desired: { spec: { name: secret } } }), 'null', '[]']) {
      expect(() => parseCopy(text, 'here')).toThrow(expect.objectContaining({ name: 'InvalidSpec', message: expect.not.stringContaining(secret) }));
    }
  });

  test('is not written again for a time or a number', () => {
    expect(saysTheSame(copy, { ...copy, n: 9, writtenAt: 't9', log: [] })).toBe(true);
    expect(saysTheSame(copy, { ...copy, desired: { ...desired, spec: { ...spec, images: [] } } })).toBe(false);
  });

  test('the newest counts, and those of two clusters are refused', () => {
    expect(newestCopy([{ host: 'a', copy }, { host: 'b', copy: { ...copy, n: 8 } }])?.n).toBe(8);
    expect(() => newestCopy([{ host: 'a', copy }, { host: 'b', copy: { ...copy, uid: 'x' } }])).toThrow(/different clusters/);
    expect(newestCopy([])).toBeUndefined();
  });
});
