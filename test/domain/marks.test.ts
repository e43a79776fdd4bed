import { marks } from '../../domain/marks';
import { aCluster, aHost, anImage, someImages } from '../fixtures';

const images = someImages();
const leader = '10.0.0.1';
const host = aHost('10.0.0.2');
const mount = (spec = aCluster(1, 1), on = host, of = images) => marks.mount(spec, of, on, leader);

test('every mark is a safe file name', () => {
  const all = [mount(), marks.registry(images), marks.bootstrap(aCluster(1, 1), images, host), marks.prepared, marks.init, marks.joinControlPlane, marks.joinWorker([{ address: leader }]), marks.guest(images[0]!.digest), marks.guestCommand(images[0]!.digest, 3)];
  for (const mark of all) expect(mark).toMatch(/^[a-z0-9:-]{1,60}$/);
  expect(new Set(all).size).toBe(all.length);
});

describe('the mark of a host\'s files', () => {
  test('does not know the operation, the policy or how to log in', () => {
    const spec = aCluster(1, 1);
    const other = { ...spec, credentials: { default: { user: 'ana' } }, policy: { ...spec.policy, parallel: 1 }, force: true };
    expect(mount(other, { ...host, port: 2222, credential: 'other' })).toBe(mount(spec));
  });

  test.each([
    ['an image\'s digest', () => mount(aCluster(1, 1), host, [{ ...images[0]!, digest: 'sha256:other' }, ...images.slice(1)])],
    ['a Config document', () => mount(aCluster(1, 1, { configs: [{ name: 'c', path: 'etc/x', strategy: 'merge', data: 'a: 1' }] }))],
    ['a variable of the cluster', () => mount(aCluster(1, 1, { env: [{ name: 'A', value: '1' }] }))],
    ['a variable of the host', () => mount(aCluster(1, 1), { ...host, env: [{ name: 'A', value: '1' }] })],
  ])('changes with %s', (_what, changed) => {
    expect(changed()).not.toBe(mount());
  });

  test('follows applications on the leader only', () => {
    const more = [...images, anImage('shop', 'application')];
    expect(mount(aCluster(1, 1), host, more)).toBe(mount());
    expect(mount(aCluster(1, 1), aHost(leader, 'master'), more)).not.toBe(mount(aCluster(1, 1), aHost(leader, 'master')));
  });

  test('stays the same when a secret variable is sealed anew', () => {
    const spec = (nonce: string) => aCluster(1, 1, { env: [{ name: 'TOKEN', value: `sealed:v1:k:fp:${nonce}:${nonce}` }] });
    expect(mount(spec('one'))).toBe(mount(spec('two')));
  });
});

test('a worker\'s join is another one when the control planes change', () => {
  const one = [{ address: '10.0.0.1' }];
  expect(marks.joinWorker(one)).toBe(marks.joinWorker([...one]));
  const two = [...one, { address: '10.0.0.2' }];
  expect(marks.joinWorker(two)).not.toBe(marks.joinWorker(one));
  expect(marks.joinWorker([...two].reverse())).toBe(marks.joinWorker(two));
});

test('each command of an image has a mark of its own, and the whole another', () => {
  const digest = images[1]!.digest;
  expect(new Set([marks.guest(digest), marks.guestCommand(digest, 0), marks.guestCommand(digest, 1), marks.guest(images[2]!.digest)]).size).toBe(4);
});
