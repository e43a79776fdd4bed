import { withoutHosts } from '../../client/without-hosts';
import { aCluster } from '../fixtures';

const spec = aCluster(3, 2);
const left = (named: Parameters<typeof withoutHosts>[1]): string[] => withoutHosts(spec, named).hosts.map(({ id }) => id);

test('the named hosts leave, the others stay in their order; ports and ranges are as in run', () => {
  expect(left({ nodes: '10.0.0.5' })).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  expect(left({ masters: '10.0.0.2-10.0.0.3', nodes: '10.0.0.4:22' })).toEqual(['10.0.0.1', '10.0.0.5']);
});

test('a stranger, the other role and the last control plane are refused', () => {
  expect(() => left({ nodes: '10.0.0.9' })).toThrow(expect.objectContaining({ type: 'InvalidSpec', message: 'cluster default has no host 10.0.0.9' }));
  expect(() => left({ nodes: '10.0.0.1' })).toThrow('10.0.0.1 is a control plane');
  expect(() => left({ masters: '10.0.0.1-10.0.0.3' })).toThrow(expect.objectContaining({ type: 'UnsafePlan' }));
});
