import { describe as lines } from '../../client/commands/status';
import { newEntity, type EntityState, viewOf } from '../../domain/entity';
import { aCluster } from '../fixtures';

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
