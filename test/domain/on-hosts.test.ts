import { exitCodeOfHosts, selectHosts } from '../../domain/on-hosts';
import { aCluster, aHost } from '../fixtures';

const spec = aCluster(1, 2, {
  hosts: [aHost('10.0.0.1', 'master', { roles: ['master', 'registry'] }), aHost('10.0.0.2', 'node'), aHost('10.0.0.3', 'node', { roles: ['node', 'gpu'] })],
});
const ids = (selection: Parameters<typeof selectHosts>[1]): string[] => selectHosts(spec, selection).map(({ id }) => id);

test('neither hosts nor roles mean all; hosts win over roles; the order is the cluster\'s', () => {
  expect(ids({})).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  expect(ids({ roles: ['gpu', 'registry'] })).toEqual(['10.0.0.1', '10.0.0.3']);
  expect(ids({ roles: ['master'], hosts: ['10.0.0.3', '10.0.0.2'] })).toEqual(['10.0.0.2', '10.0.0.3']);
});

test('a host or a role that the cluster has not is refused by name, and what it has is said (peers.md #12)', () => {
  expect(() => ids({ hosts: ['10.0.0.2', '10.0.0.9'] })).toThrow('has no host 10.0.0.9');
  expect(() => ids({ roles: ['node', 'storage'] })).toThrow('role storage');
});

test.each<[number, (number | undefined)[]]>([[0, [0, 0]], [7, [7, 7]], [1, [7, 0]], [1, [0, undefined]], [1, [undefined]], [1, []]])('exit code %s for %j', (code, all) => {
  expect(exitCodeOfHosts(all.map((one) => ({ host: 'h', ...(one === undefined ? { problem: { type: 'HostUnreachable', message: 'away' } } : { code: one }) })))).toBe(code);
});
