import type { ClusterRecord } from '../../domain/entity';
import { marks } from '../../domain/marks';
import { type Plan, planCluster } from '../../domain/plan';
import { notesAfterLook, recordAfterLook } from '../../domain/record';
import type { Seen } from '../../domain/seen';
import { aCluster, aHost, allMarks, bareFacts, someImages } from '../fixtures';

const images = someImages();
const spec = aCluster(1, 1);
const [leader, worker] = spec.hosts;
const leaver = aHost('10.0.0.9');
const member = (host = leaver) => ({ [host.id]: { host } });
const before: ClusterRecord = { conditions: [], hostKeys: { [leaver.id]: 'key' }, images: [], created: true, machineIds: { [leaver.id]: 'machine' }, members: member() };
const planOf = (seen: Seen, more: object = {}): Plan => planCluster({ spec, ...seen, problems: [], last: before, leaving: [leaver], ...more });
const look = (...facts: Seen['facts']): Seen => ({ images, facts, problems: [] });
const done = allMarks(spec, images);
const joined = spec.hosts.map(({ id }) => bareFacts(id, { done: done[id]!, hostKey: `key of ${id}` }));

test('a host that leaves stays on record until nothing is to be done on it', () => {
  const there = look(...joined, bareFacts(leaver.id, { done: [marks.prepared], hostKey: 'key' }));
  expect(recordAfterLook(before, { spec, seen: there, plan: planOf(there) })).toMatchObject({ members: member(), hostKeys: { [leaver.id]: 'key' }, machineIds: { [leaver.id]: leaver.id } });
  const bare = look(...joined, bareFacts(leaver.id, { hostKey: 'key' }));
  const after = recordAfterLook(before, { spec, seen: bare, plan: planOf(bare) });
  expect([after.members?.[leaver.id], after.hostKeys[leaver.id], after.machineIds?.[leaver.id]]).toEqual([undefined, undefined, undefined]);
});

test('a host is on record before the first change of it, and whoever has joined already', () => {
  const fresh = look(bareFacts(leader!.id), bareFacts(worker!.id));
  expect(Object.keys(recordAfterLook({ ...before, members: {} }, { spec, seen: fresh, plan: planOf(fresh, { last: undefined, leaving: [] }) }).members ?? {})).toEqual(spec.hosts.map(({ id }) => id));
  const there = look(...joined);
  expect(Object.keys(recordAfterLook({ ...before, members: {} }, { spec, seen: there, plan: planOf(there, { leaving: [] }) }).members ?? {})).toEqual(spec.hosts.map(({ id }) => id));
});

test('an application that has run is on record for the next leader, but not in a cluster that begins anew', () => {
  const there = look(...joined);
  const applications = images.filter(({ kind }) => kind === 'application').map(({ digest }) => digest);
  expect(recordAfterLook({ ...before, installed: ['sha256:gone'] }, { spec, seen: there, plan: planOf(there) }).installed).toEqual(applications);
  const bare = look(bareFacts(leader!.id), bareFacts(worker!.id));
  expect(recordAfterLook({ ...before, installed: applications }, { spec, seen: bare, plan: planOf(bare, { last: undefined, leaving: [] }) }).installed).toEqual([]);
});

test('people hear of warnings, and of every key that is met for the first time, once', () => {
  const seen: Seen = { ...look(bareFacts(leader!.id, { fingerprint: 'SHA256:a' }), bareFacts(worker!.id, { fingerprint: 'SHA256:b' })), problems: [
    { severity: 'warning', type: 'PreflightFailed', host: leader!.id, message: '1 CPU' }, { severity: 'error', type: 'PreflightFailed', message: 'no' },
  ] };
  const notes = notesAfterLook(['before'], seen, { [worker!.id]: 'known' });
  expect(notes).toEqual(['before', '10.0.0.1: first contact, host key SHA256:a', 'warning: 10.0.0.1: 1 CPU']);
  expect(notesAfterLook(notes, seen, { [worker!.id]: 'known' })).toEqual(notes);
});
