import { describe as lines, status, table } from '../../client/commands/status';
import { conditionsNow, hostStates } from '../../client/host-table';
import { newEntity, type EntityState, viewOf } from '../../domain/entity';
import type { KeelsonClient } from '../../client/keelson-client';
import * as session from '../../client/session';
import { aCluster, bareFacts } from '../fixtures';

jest.mock('../../client/session', () => ({ ...jest.requireActual<typeof session>('../../client/session'), mayHaveClusters: () => true, withCluster: jest.fn() }));

const [, , leaver] = aCluster(1, 2).hosts;
const spec = aCluster(1, 1);
const at = '2026-01-01T00:00:00.000Z';
const state: EntityState = {
  ...newEntity('default'), desired: { spec, digest: 'd', by: 'ana', at },
  current: { conditions: [], hostKeys: {}, images: [], created: true, members: Object.fromEntries([...spec.hosts, leaver!].map((host) => [host.id, { host }])) },
};
const shown = (of: EntityState): string => lines(viewOf(of), undefined, { asked: false, now: new Date(at) }).join('\n');

test('a host that is on its way out is shown, and what to do when its removal was cut off', () => {
  expect(shown(state)).toContain('still to be removed: 10.0.0.3; the next apply goes on with it, or `keelson delete`');
  expect(shown({ ...state, running: { kind: 'reconcile', operation: 'reconcile-2', digest: 'd', by: 'ana', at } })).toContain('  leaving: 10.0.0.3\n');
  expect(shown({ ...state, current: { ...state.current, members: {} } })).not.toMatch(/leaving|to be removed/);
});

test('a cluster that somebody holds still says so, whether an operation runs or not', () => {
  const paused = { by: 'bo@desk', at, reason: 'the rack is moved' };
  const words = '  held still by bo@desk (the rack is moved) 0 s ago: nothing is begun; `keelson resume default`';
  expect(shown({ ...state, paused }).split('\n')).toContain(words);
  expect(shown({ ...state, paused, running: { kind: 'reconcile', operation: 'reconcile-2', digest: 'd', by: 'ana', at } }).split('\n')).toContain(words);
  expect(shown(state)).not.toContain('held still');
  expect(table([{ name: 'default', running: [], view: viewOf({ ...state, paused }) }])[1]).toMatch(/held still by bo@desk \(the rack is moved\)$/);
});

test('Ready is what a look finds now, not what the last operation left: a host that is away is named with since when it is known', () => {
  const ready = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: '2 nodes Ready', lastTransitionTime: at };
  const view = viewOf({ ...state, current: { ...state.current, conditions: [ready] } });
  const facts = (reachable: boolean) => spec.hosts.map(({ id }, n) => ({ ...bareFacts(id), reachable: n > 0 || reachable, joined: true, kubeletActive: true, apiReady: true }));
  const later = '2026-01-01T01:00:00.000Z';
  expect(conditionsNow(view, { at: later, facts: facts(true) })).toEqual([ready]);
  expect(conditionsNow(view, { at: later, facts: facts(false) })).toEqual([{ ...ready, status: 'False', reason: 'HostUnreachable', message: '10.0.0.1 is unreachable', lastTransitionTime: later }]);
  expect(conditionsNow(view, undefined)).toEqual([ready]);
  // An operation that runs says itself how far it is.
  expect(conditionsNow({ ...view, running: { kind: 'reconcile', operation: 'reconcile-2', digest: 'd', by: 'ana', at } }, { at: later, facts: facts(false) })).toEqual([ready]);
});

test('a host whose Node is cordoned is shown so, as kubectl says it, and is ready all the same', () => {
  const view = viewOf(state);
  const facts = spec.hosts.map(({ id }) => ({ ...bareFacts(id), joined: true, kubeletActive: true, apiReady: true }));
  const [first, second] = spec.hosts.map(({ id }) => id) as [string, string];
  const hostLines = (cordoned?: readonly string[]) => lines(view, { at, facts, ...(cordoned ? { cordoned } : {}) }, { asked: true, now: new Date(at) }).filter((line) => line.startsWith(`  ${first} `) || line.startsWith(`  ${second} `));
  expect(hostLines([second])).toEqual([expect.not.stringContaining('SchedulingDisabled'), expect.stringMatching(/ ready, SchedulingDisabled /)]);
  expect(hostLines([]).join()).not.toContain('SchedulingDisabled');
  expect(hostLines().join()).not.toContain('SchedulingDisabled');
  expect(hostStates(view, { at, facts, cordoned: [second] })).toEqual([expect.not.objectContaining({ unschedulable: true }), expect.objectContaining({ state: 'ready', unschedulable: true })]);
});

describe('the exit code', () => {
  const parked = { kind: 'reconcile' as const, operation: 'reconcile-2', digest: 'd', by: 'ana', at, waiting: { since: at, message: 'which one?' } };
  const views = { done: viewOf(state), parked: viewOf({ ...state, running: parked as never }), silent: undefined };
  test.each<[keyof typeof views, number]>([['done', 0], ['parked', 3], ['silent', 5]])('of a cluster that is %s is the same for people and for scripts', async (which, code) => {
    const view = views[which];
    const client = { status: () => Promise.resolve({ name: 'default', running: [], ...(view ? { view } : {}) }), operation: () => ({ status: () => Promise.reject(new Error('silence')) }) };
    jest.mocked(session.withCluster).mockImplementation((_cluster, _flags, work) => work(client as unknown as KeelsonClient));
    const said = jest.spyOn(console, 'log').mockReturnValue();
    try {
      expect([await status('default', { look: false }), await status('default', { look: false, json: true })]).toEqual([code, code]);
    } finally {
      said.mockRestore();
    }
  });
});
