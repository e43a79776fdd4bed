import { fateOf } from '../../domain/membership';
import { aHost, clusterFacts } from '../fixtures';

const [cp, six] = [aHost('10.0.0.1', 'master'), aHost('fd00::5')];
const last = { conditions: [], hostKeys: {}, images: [], created: true };
const cluster = clusterFacts([cp, six], { [cp.id]: ['init'], [six.id]: ['join:worker-1'] });
const fate = (...forget: string[]) => fateOf(six, { facts: undefined, cluster, last, forget });

test('a host that cannot be reached is given up by its address in any notation, and by no other', () => {
  expect([fate(), fate('fd00::6'), fate('fd00::5'), fate('FD00:0::5')]).toEqual(['refuse', 'refuse', 'forget', 'forget']);
});
