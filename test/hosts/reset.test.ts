import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReset, type ResetRequest } from '../../activities/reset-host';
import { inside } from '../lab/inside';
import { describeOnHosts } from './lab';
import { labScope } from './lab-scope';
import { belongings, litter, nftFiles } from './reset-litter';
import { differences, type Snapshot, snapshotHost } from './snapshot';

jest.setTimeout(180_000);
const group = 'chk';
const container = `keelson-${group}-1`;
const cluster = 'demo';
const uid = 'uid-reset-1';

/** Runs a script on the host, past Keelson. */
function onHost(script: string, input: Buffer | string = ''): string {
  const { status, stdout, stderr } = spawnSync('nsenter', inside(container, 'bash', '-c', script), { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`exit code ${String(status)}: ${stderr}`);
  return stdout;
}

describeOnHosts('reset', group, 2, (lab) => {
  let peer = '';
  let nft = Buffer.alloc(0);
  let before: Snapshot;
  beforeAll(() => {
    peer = lab.addresses[1]!;
    const dir = mkdtempSync(join(tmpdir(), 'nft-'));
    nft = execFileSync('bash', ['-c', nftFiles, 'bash', dir], { maxBuffer: 64 << 20 });
    rmSync(dir, { recursive: true });
    onHost(belongings(peer));
    before = snapshotHost(container);
  });

  const reset = (more: Partial<ResetRequest> = {}, asUid = uid): Promise<string[]> => createReset(lab)({
    host: lab.target('root', { roles: ['master'] }), scope: labScope({ cluster, uid: asUid, operation: 'reset-1', stage: 'Reset' }),
    scripts: [{ step: 'clean-registry', line: 'clean-registry.sh' }, { step: 'clean', line: 'clean.sh && bash clean-cri.sh $criData' }],
    env: { criData: '/var/lib/containerd', registryData: '/var/lib/registry', SEALOS_SYS_SEALOS_VERSION: '5.1.0' }, secrets: [],
    peers: [peer], virtualIp: '10.103.97.2', ...more,
  });
  const dirty = (): void => { onHost(litter({ peer, uid, cluster }), nft); };
  const dirt = (): string[] => differences(before, snapshotHost(container), [
    { section: 'iptables', line: /^iptables-legacy (\*|:[A-Z]+ ACCEPT|COMMIT)/, why: 'legacy tables that were loaded once stay, empty, until a restart' },
  ]);

  test('a host without a mark is left alone', async () => {
    expect(await reset()).toEqual([]);
    expect(dirt()).toEqual([]);
  });

  test('takes away all that the cluster brought, and nothing else', async () => {
    dirty();
    const sections = new Set(dirt().map((line) => line.split(':')[0]));
    expect([...sections].sort()).toEqual(['addresses', 'files', 'hosts', 'interfaces', 'iptables', 'listening', 'mounts', 'nft', 'places', 'processes', 'routes', 'units']);
    expect(await reset()).toEqual([]);
    expect(dirt()).toEqual([]);
    expect(await reset()).toEqual([]);
  });

  test('with sudo, too', async () => {
    dirty();
    expect(await reset({ host: lab.target('free', { roles: ['master'] }) })).toEqual([]);
    expect(dirt()).toEqual([]);
  });

  test("another cluster's host is refused and not touched", async () => {
    dirty();
    const dirtied = snapshotHost(container);
    await expect(reset({ force: true }, 'uid-other')).rejects.toMatchObject({ type: 'HostClaimed' });
    expect(differences(dirtied, snapshotHost(container))).toEqual([]);
    expect(await reset()).toEqual([]);
  });

  test('a clean script that fails is named, the rest is done, and the same reset can be made again', async () => {
    dirty();
    onHost('touch /srv/fail-clean');
    const left = await reset();
    expect(left[0]).toMatch(/script clean failed to clean \(exit code 7: it does not want to\)/);
    expect(left.slice(1)).toEqual(['path /var/lib/sealos/data/demo', expect.stringContaining('path /var/lib/keelson-image')]);
    expect(onHost('cat /var/lib/keelson/claim.json')).toContain(uid);
    expect(dirt().filter((line) => /: \+ .*(cni0|kube-proxy|KUBE-|\/etc\/kubernetes)/.test(line))).toEqual([]);
    onHost('rm /srv/fail-clean');
    expect(await reset()).toEqual([]);
    expect(dirt()).toEqual([]);
  });

  test.each(['clean the packet filters', 'remove the files of the cluster'])('cut off at "%s", the next one goes on', async (point) => {
    dirty();
    const cut = new AbortController();
    const scope = labScope({ cluster, uid, stage: 'Reset', signal: cut.signal, beat: (what) => { if (what === point) cut.abort(); } });
    await expect(reset({ scope })).rejects.toThrow();
    expect(await reset()).toEqual([]);
    expect(dirt()).toEqual([]);
  });

  test("what cannot be removed is told, and a worker's own etcd stays", async () => {
    dirty();
    onHost('touch /etc/kubernetes/stuck; chattr +i /etc/kubernetes/stuck 2>/dev/null || mount --bind /etc/kubernetes/stuck /etc/kubernetes/stuck');
    expect(await reset({ host: lab.target('root', { roles: ['node'] }) })).toEqual([expect.stringContaining('path /etc/kubernetes')]);
    expect(onHost('cat /var/lib/etcd/member/snap')).toBe('member\n');
    onHost('chattr -i /etc/kubernetes/stuck 2>/dev/null; umount /etc/kubernetes/stuck 2>/dev/null; true');
    expect(await reset()).toEqual([]);
    expect(dirt()).toEqual([]);
  });
});
