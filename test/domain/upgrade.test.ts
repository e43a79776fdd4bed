import fc from 'fast-check';
import { marks } from '../../domain/marks';
import { kubeletCause, proxiesBehind, readUpgrade } from '../../domain/commands/upgrade';
import { unavailableAtOnce, upgradeProblems, upgradesFrom } from '../../domain/upgrade';
import { compareVersions, minorsBetween, readVersion } from '../../domain/version';
import type { HostFacts } from '../../domain/facts';
import { aCluster, bareFacts } from '../fixtures';

const [cp, w1, w2] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
const member = (host: string, version: string, more: Partial<HostFacts> = {}): HostFacts =>
  bareFacts(host, { done: [host === cp ? marks.init : 'join:worker-1'], joined: true, kubeletVersion: version, ...(host === cp ? { controlPlaneVersion: version } : {}), ...more });
const seen = (...facts: HostFacts[]) => new Map(facts.map((one) => [one.host, one]));
const problems = (version: string, ...facts: HostFacts[]) => upgradeProblems({ spec: aCluster(1, 2), seen: seen(...facts), version, ref: 'kubernetes' });

describe('what has to be upgraded', () => {
  test('a host that runs another version, by its kubelet or by its static pods', () => {
    expect(upgradesFrom(member(w1, 'v1.33.13'), 'v1.34.2')).toBe('v1.33.13');
    expect(upgradesFrom(member(cp, 'v1.33.13', { controlPlaneVersion: 'v1.34.2' }), 'v1.34.2')).toBe('v1.33.13');
    expect(upgradesFrom(member(cp, 'v1.34.2', { controlPlaneVersion: 'v1.33.13' }), 'v1.34.2')).toBe('v1.33.13');
  });

  test('a host whose upgrade was begun and not ended, whatever runs on it', () => {
    expect(upgradesFrom(member(w1, 'v1.34.2', { done: ['join:worker-1', marks.upgrading('v1.34.2')] }), 'v1.34.2')).toBe('v1.34.2');
  });

  test('no host that is at the version, that is bare, or that nobody saw', () => {
    expect(upgradesFrom(member(w1, 'v1.34.2'), 'v1.34.2')).toBeUndefined();
    expect(upgradesFrom(bareFacts(w1), 'v1.34.2')).toBeUndefined();
    expect(upgradesFrom(bareFacts(w1, { kubeletVersion: 'v1.20.0' }), 'v1.34.2')).toBeUndefined();
    expect(upgradesFrom(undefined, 'v1.34.2')).toBeUndefined();
  });
});

describe('what is refused, with the safe way', () => {
  const at = (version: string) => [cp, w1, w2].map((host) => member(host, version));

  test('nothing of a patch, of one minor version, and of what is there already', () => {
    expect(problems('v1.33.14', ...at('v1.33.13'))).toEqual([]);
    expect(problems('v1.34.2', ...at('v1.33.13'))).toEqual([]);
    expect(problems('v1.34.2', ...at('v1.34.2'))).toEqual([]);
    expect(problems('v1.34.2', bareFacts(cp), bareFacts(w1), bareFacts(w2))).toEqual([]);
  });

  test('a downgrade, also of a patch, and of a cluster that is half-way up', () => {
    expect(problems('v1.33.13', ...at('v1.34.2'))).toMatchObject([{
      type: 'UnsafePlan', message: expect.stringMatching(/older than what runs on 10\.0\.0\.1 \(v1\.34\.2\).*no way back/) as string, todo: expect.stringContaining('name an image of v1.34.2') as string,
    }]);
    expect(problems('v1.34.1', ...at('v1.34.2'))).toHaveLength(1);
    expect(problems('v1.33.13', member(cp, 'v1.33.13', { controlPlaneVersion: 'v1.34.2' }), member(w1, 'v1.33.13'))).toMatchObject([{ message: expect.stringContaining('10.0.0.1 (v1.34.2)') as string }]);
  });

  test('two minor versions', () => {
    expect(problems('v1.35.4', ...at('v1.33.13'))).toMatchObject([{ type: 'UnsafePlan', message: expect.stringContaining('one minor version at a time') as string, todo: 'first apply an image of v1.34, then this one' }]);
  });

  test('a kubelet that was left behind', () => {
    expect(problems('v1.35.4', member(cp, 'v1.34.2'), member(w1, 'v1.34.2'), member(w2, 'v1.33.13'))).toMatchObject([{
      message: expect.stringContaining('10.0.0.3 (v1.33.13) has been left behind') as string, todo: expect.stringContaining('apply an image of v1.34') as string,
    }]);
  });

  test('a control plane that cannot be reached; one that is to leave holds up nobody: it leaves first', () => {
    const spec = aCluster(3, 0);
    const facts = spec.hosts.map(({ id }) => member(id, 'v1.33.13', { done: [marks.joinControlPlane] }));
    const ask = (more: object) => upgradeProblems({ spec, seen: seen(...facts), version: 'v1.34.2', ref: 'k', ...more }).map(({ message }) => message);
    expect(ask({ absent: ['10.0.0.2'] })).toEqual([expect.stringContaining('10.0.0.2 cannot be reached')]);
    expect(ask({ leaving: [aCluster(4, 0).hosts[3]!] })).toEqual([]);
  });

  test('control planes of which none stays, by new ones of another version: these could not join; one of several may go', () => {
    const [stays, leaves] = aCluster(2, 0).hosts;
    const spec = aCluster(1, 0);
    const ask = (facts: HostFacts[]) => upgradeProblems({ spec, seen: seen(...facts), version: 'v1.34.2', ref: 'k', leaving: [leaves!] }).map(({ message }) => message);
    const old = member(leaves!.id, 'v1.33.13', { done: [marks.joinControlPlane] });
    expect(ask([bareFacts(stays!.id), old])).toEqual([expect.stringContaining(`${leaves!.id} is to leave and the others are to be of a newer version`)]);
    expect(ask([bareFacts(stays!.id), member(leaves!.id, 'v1.34.2', { done: [marks.joinControlPlane] })])).toEqual([]);
    expect(ask([member(stays!.id, 'v1.34.2'), old])).toEqual([]);
  });
});

test('a host that was not reached counts with the version that the API has of it', () => {
  const away = { ...member(w2, 'v1.34.2'), reachable: false, done: [] };
  const cluster = { through: cp, nodes: [{ name: 'w2', address: w2, version: 'v1.32.1', ready: false, controlPlane: false, unschedulable: false }], etcd: [] };
  expect(upgradeProblems({ spec: aCluster(1, 2), seen: seen(member(cp, 'v1.33.13'), member(w1, 'v1.33.13'), away), version: 'v1.34.2', ref: 'k', cluster })).toMatchObject([
    { message: expect.stringContaining('10.0.0.3 (v1.32.1)') as string },
  ]);
});

test.each([['1', 10, 1], ['3', 10, 3], ['0', 10, 1], ['25%', 10, 2], ['25%', 3, 1], ['10%', 100, 10], ['10%', 5, 1], ['100%', 7, 7], ['50%', 0, 1], ['nonsense', 4, 1]])(
  'of %s of %i workers, %i may be away at once (peers.md #9)', (text, workers, count) => expect(unavailableAtOnce(text, workers)).toBe(count),
);

describe('versions', () => {
  const version = fc.record({ major: fc.constant(1), minor: fc.nat(40), patch: fc.nat(20), pre: fc.constantFrom('', 'alpha.1', 'rc.0') });
  test('are read as they are written, and ordered', () => {
    fc.assert(fc.property(version, version, (a, b) => {
      const text = `v${a.major}.${a.minor}.${a.patch}${a.pre ? `-${a.pre}` : ''}`;
      expect(readVersion(text)).toEqual(a);
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
      expect(minorsBetween(a, b)).toBe(b.minor - a.minor);
    }));
  });
  test('a pre-release is older than its release, and a build says nothing', () => {
    expect(compareVersions(readVersion('v1.35.0-rc.1')!, readVersion('v1.35.0')!)).toBeLessThan(0);
    expect(readVersion('v1.34.2+k3s1')).toEqual(readVersion('v1.34.2'));
    expect(readVersion('latest')).toBeUndefined();
  });
});

test('the answer of the look at an upgrade is read as it was meant', () => {
  const stdout = ['kubelet=v1.33.13', 'active=active', 'restarts=2', 'manifest=kube-apiserver v1.34.2', 'manifest=etcd 3.6.5-0', 'changed=kube-apiserver', 'cordoned=yes',
    'failed=it ended: a=b', 'tries=1', 'done=init', 'done=upgrading:v1.34.2', ''].join('\n');
  expect(readUpgrade.parse!({ code: 0, stdout, stderr: '' })).toEqual({
    kubelet: 'v1.33.13', kubeletActive: true, restarts: 2, manifests: { 'kube-apiserver': 'v1.34.2', etcd: '3.6.5-0' }, changed: ['kube-apiserver'],
    cordoned: true, drained: false, controlPlane: '', failed: 'it ended: a=b', tries: 1, done: ['init', 'upgrading:v1.34.2'],
  });
});

test('what is no answer to that look is an error: it must not say that nothing has changed', () => {
  for (const stdout of ['', '<html>502 Bad Gateway</html>\n', 'kubelet=v1.33.13\nactive=active\n']) expect(() => readUpgrade.parse!({ code: 0, stdout, stderr: '' })).toThrow('no state of an upgrade');
});

test('of a kubelet that ends again and again its own last word is the cause, not those of systemd', () => {
  const stdout = ['Started kubelet.service.', 'E1130 00:00:00.0 1 run.go:72] "command failed" err="unrecognized feature gate: X"', "kubelet.service: Failed with result 'exit-code'.",
    'Stopped kubelet.service.', 'Failed to start kubelet.service.', 'Result=exit-code', 'ExecMainStatus=1', ''].join('\n');
  expect(kubeletCause.parse!({ code: 0, stdout, stderr: '' })).toContain('unrecognized feature gate: X');
});

test.each([
  ['4 4 3 3 3', ''],
  ['', ''],
  ['4 3 3 3 3', 'the newest kube-proxy is not rolled out yet'],
  ['4 4 3 1 2', '1 of 3 kube-proxies are new and available'],
  ['1 1 3  ', '0 of 3 kube-proxies are new and available'],
])('kube-proxies %j: %j', (stdout, behind) => {
  expect(proxiesBehind.parse?.({ code: 0, stdout, stderr: '' } as never)).toBe(behind);
});
