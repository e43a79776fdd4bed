import { fateOf } from '../../domain/membership';
import { machineProblems, strangerIsAway } from '../../domain/other-machine';
import { hasMajority, membersWithout } from '../../domain/quorum';
import { aHost, bareFacts, clusterFacts } from '../fixtures';

const [cp, six] = [aHost('10.0.0.1', 'master'), aHost('fd00::5')];
const last = { conditions: [], hostKeys: {}, images: [], created: true };
const cluster = clusterFacts([cp, six], { [cp.id]: ['init'], [six.id]: ['join:worker-1'] });
const fate = (...forget: string[]) => fateOf(six, { facts: undefined, cluster, last, forget });

test('a host that cannot be reached is given up by its address in any notation, and by no other', () => {
  expect([fate(), fate('fd00::6'), fate('fd00::5'), fate('FD00:0::5')]).toEqual(['refuse', 'refuse', 'forget', 'forget']);
});

describe('another machine at the address of a member', () => {
  const known = { ...last, machineIds: { [cp.id]: 'one' } };
  const at = (more: object) => bareFacts(cp.id, { machineId: 'two', ...more });

  test('that is to stay is refused, with the safe order', () => {
    expect(machineProblems(known, [at({})])).toEqual([{
      severity: 'error', type: 'UnsafePlan', host: cp.id, message: 'another machine answers at its address: machine-id two, the cluster knows one',
      todo: expect.stringContaining('keelson delete it with --force; then add this one') as string,
    }]);
  });

  test('is the same one, or nobody knows: nothing is said', () => {
    const { machineId: _none, ...unnamed } = bareFacts(cp.id);
    expect(machineProblems(known, [at({ machineId: 'one' }), unnamed, { ...at({}), reachable: false }, bareFacts(six.id)])).toEqual([]);
    expect(machineProblems(last, [at({})])).toEqual([]);
  });

  test('that is to leave is not ours to reset: the cluster can only forget it, and only by a word', () => {
    const stranger = strangerIsAway(at({}), 'ours', known);
    expect(stranger).toMatchObject({ reachable: false, problem: { type: 'HostClaimed', message: expect.stringContaining('machine-id two, not one') as string } });
    const of = (forget: readonly string[]) => fateOf(cp, { facts: stranger, cluster, last, forget });
    expect([of([]), of([cp.id])]).toEqual(['refuse', 'forget']);
  });

  test('that another cluster has claimed is not ours either; our own is', () => {
    const claimed = (uid: string) => strangerIsAway(at({ machineId: 'one', claim: { cluster: 'other', uid } }), 'ours', known);
    expect(claimed('theirs')).toMatchObject({ reachable: false, problem: { type: 'HostClaimed', message: 'it belongs to cluster other by now' } });
    expect(claimed('ours')).toMatchObject({ reachable: true });
    expect(strangerIsAway(at({ machineId: 'one' }), 'ours', known)).toMatchObject({ reachable: true });
  });
});

test.each([
  [5, 1, true], [5, 2, false], [4, 1, true], [3, 1, false], [3, 0, true], [2, 0, true],
])('of %i members with %i dead, one that is well may leave: %s', (count, dead, may) => {
  const members = Array.from({ length: count }, (_, at) => ({ address: `10.0.0.${at + 1}`, healthy: at >= dead }));
  expect(hasMajority(membersWithout(members, `10.0.0.${count}`))).toBe(may);
});
