import fc from 'fast-check';
import { parseProbe } from '../../domain/commands/parse-probe';

const asked = { host: 'h', sentAtMs: 1_000_000, receivedAtMs: 1_000_100 };
const clock = (ms: number): string => `clock=${ms}000000`;
/** The lines that every answer has. */
const base = [clock(1_000_050), 'hostname=node-1', 'kernel=6.1.0', 'arch=x86_64', 'cpus=2', 'memoryMiB=3904'];
const answer = (...lines: string[]): string => ['keelson-probe 1', ...lines, 'keelson-probe end', ''].join('\n');

test('reads everything that a prepared host says', () => {
  expect(parseProbe(answer(
    ...base, 'joined=yes', 'controlPlane=yes', 'machineId=abc', 'systemd=yes', 'osId=debian', 'osVersion=12', 'missing=ss', 'free=123 /tmp', 'free=456 /var/lib/a b', 'fileSystem=2049 /var/lib/a b',
    'address=127.0.0.1', 'address=10.0.0.1', 'address=fe80::1', 'address=fd00::1', 'route=10.0.0.0/24 dev eth0', 'port=6443 haproxy', 'port=5000 ',
    'claim={"cluster":"default","uid":"u"}', 'done=bootstrap', 'done=join:worker-1', 'tree=files sha256:1', 'kubeletVersion=v1.34.2', 'kubeletActive=active', 'apiReady=ok',
  ), asked)).toEqual({
    host: 'h', reachable: true, hostname: 'node-1', machineId: 'abc', os: { id: 'debian', version: '12' }, arch: 'amd64', kernel: '6.1.0', cpus: 2, memoryMiB: 3904,
    clockSkewMs: 0, busyPorts: [{ port: 5000, process: '' }, { port: 6443, process: 'haproxy' }], freeBytes: { '/tmp': 123, '/var/lib/a b': 456 }, fileSystems: { '/var/lib/a b': '2049' }, missingTools: ['ss'],
    systemd: true, addresses: ['10.0.0.1', 'fd00::1'], routes: ['10.0.0.0/24 dev eth0'], claim: { cluster: 'default', uid: 'u' }, trees: { files: 'sha256:1' },
    done: ['bootstrap', 'join:worker-1'], joined: true, controlPlane: true, kubeletVersion: 'v1.34.2', kubeletActive: true, apiReady: true,
  });
});

test('reads a bare host', () => {
  expect(parseProbe(answer(...base), asked)).toMatchObject({ joined: false, controlPlane: false, systemd: false, trees: {}, done: [], os: { id: '', version: '' } });
});

test('of all certificates the one that expires first counts, and what openssl says otherwise counts for nothing', () => {
  const said = answer(...base, 'certificate=ca.crt Nov  6 01:36:13 2126 GMT', 'certificate=apiserver.crt Dec 16 02:04:07 2026 GMT', 'certificate=odd.crt not a date');
  expect(parseProbe(said, asked).certificatesExpire).toEqual({ name: 'apiserver.crt', at: '2026-12-16T02:04:07.000Z' });
  expect(parseProbe(answer(...base), asked).certificatesExpire).toBeUndefined();
});

test('names all that is foreign', () => {
  expect(parseProbe(answer(...base, 'foreign=k3s', 'foreign=sealos data of cluster x', 'runtime=dockerd'), asked)).toMatchObject({ foreign: 'k3s; sealos data of cluster x', runtimes: ['dockerd'] });
});

test.each(['{', '{"cluster":1,"uid":"u"}', 'null', '[]'])('a claim that says %j keeps the host from being taken', (claim) => {
  const facts = parseProbe(answer(...base, `claim=${claim}`), asked);
  expect(facts.claim).toBeUndefined();
  expect(facts.foreign).toMatch(/damaged/);
});

test.each([[999_000, -1_000], [999_999, -1], [1_000_000, 0], [1_000_100, 0], [1_005_100, 5_000]])('the time an answer takes is no wrong clock: %i is off by %i', (host, off) => {
  expect(parseProbe(answer(clock(host), ...base.slice(1)), asked).clockSkewMs).toBe(off);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['no end', `${['keelson-probe 1', ...base].join('\n')}\n`],
  ['half an end', answer(...base).replace('probe end', 'pro')],
  ['no begin', answer(...base).replace('keelson-probe 1\n', '')],
  ['nothing inside', answer()],
  ['an unknown line', answer(...base, 'bash: warning: something')],
  ['an unknown key', answer(...base, 'colour=red')],
  ['a key twice', answer(...base, 'cpus=3')],
  ['a missing key', answer(...base.slice(1))],
  ['no number', answer(...base.filter((line) => !line.startsWith('cpus')), 'cpus=two')],
  ['a date without nanoseconds', answer(...base.slice(1), 'clock=1795473936%N')],
  ['an empty list entry', answer(...base, 'port=')],
  ['a port that is none', answer(...base, 'port=ssh sshd')],
])('an answer with %s is refused', (_, stdout) => {
  expect(() => parseProbe(stdout, asked)).toThrow(expect.objectContaining({ type: 'CommandFailed', message: expect.stringContaining('answer of the probe of h') as string }));
});

test('no part of a whole answer is taken for one, and no text throws anything else', () => {
  const whole = answer(...base, 'port=22 sshd');
  const refusal = (text: string): unknown => {
    try {
      return parseProbe(text, asked);
    } catch (error) {
      return (error as { type?: string }).type;
    }
  };
  fc.assert(fc.property(fc.nat(whole.length - 2), (at) => { expect(refusal(whole.slice(0, at))).toBe('CommandFailed'); }));
  fc.assert(fc.property(fc.array(fc.string()), (lines) => {
    const seen = refusal(answer(...base, ...lines));
    if (typeof seen === 'string') expect(seen).toBe('CommandFailed');
  }));
});
