import { targetOf } from '../../domain/cluster';
import { resetInput } from '../../workflows/reset-host';
import { aCluster, aHost } from '../fixtures';

test('a host that is reset forgets the ways to all others, those that leave as well: they are the pod network\'s', () => {
  const spec = aCluster(1, 1);
  const [leader, worker] = spec.hosts;
  const leaver = aHost('10.0.0.9');
  const record = { images: [], members: Object.fromEntries([worker!, leaver].map((host) => [host.id, { host }])) };
  const { peers } = resetInput({ spec, uid: 'u', operation: 'reset-2', record }, targetOf(spec, worker!));
  expect(peers).toEqual([leader!.address, leaver.address]);
});
