import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { knownHosts } from '../../client/known-hosts';
import { mergeInto, rename } from '../../client/kubeconfig';
import { userSshConfig } from '../../client/user-ssh-config';
import { ClusterError } from '../../domain/errors';
import { longestMs, spentMs } from '../mutated';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';

/** Reads or refuses in our own words, and soon. */
function survives(read: () => unknown): void {
  const began = process.cpuUsage();
  try {
    read();
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
  }
  expect(spentMs(began)).toBeLessThan(longestMs);
}

describe('known_hosts', () => {
  test.each<[string, string, boolean]>([
    ['10.0.0.*', '10.0.0.7', true], ['10.0.?.7', '10.0.0.7', true], ['*', '10.0.0.7', true], ['10.*.7*', '10.0.0.77', true], ['1*0*7', '10.0.0.7', true], ['**', '10.0.0.7', true],
    ['10.0.0.?', '10.0.0.77', false], ['*8', '10.0.0.7', false], ['?', '10.0.0.7', false], ['10a0*', '10.0.0.7', false], ['*.0.0.7,!10.*', '10.0.0.7', false],
  ])('%s for %s: %s', (pattern, address, known) => {
    expect(knownHosts(`${pattern} ${key}`)(address, 22)).toEqual(known ? [key] : []);
  });

  test('of any lines are read, and a pattern of many stars as fast as others', () => {
    survives(() => knownHosts(`${'*a'.repeat(5_000)} ${key}\n${'*'.repeat(100_000)}b ${key}`)(`${'a'.repeat(5_000)}c`, 22));
    const line = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('|1|x|y', '|1||', '@revoked * x y', '! x y', `* ${key}`, '[10.0.0.1]:2222 a b', '|||||| a b'));
    fc.assert(fc.property(fc.array(line), (lines) => survives(() => knownHosts(lines.join('\n'))('10.0.0.1', 2222))));
  });
});

test('a ~/.ssh/config of any lines is read or says nothing', async () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('Host *', 'Match exec "touch /tmp/pwned"', '  User $(id)', 'Port 99999999999', 'IdentityFile %d/x', 'Include /etc/passwd', 'Host !* "', "Host '", 'Match', 'Match all', 'ProxyCommand reboot', `Host ${'*a'.repeat(30)}`));
  await fc.assert(fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
    const settings = await userSshConfig(lines.join('\n')).catch((error: unknown) => { expect(error).toBeInstanceOf(ClusterError); return () => ({}); });
    survives(() => settings('10.0.0.1'));
  }));
});

describe('a kubeconfig', () => {
  const good = 'apiVersion: v1\nkind: Config\nclusters: [{name: kubernetes, cluster: {server: "https://apiserver.cluster.local:6443"}}]\nusers: [{name: admin, user: {}}]\n';
  const anything = fc.oneof(fc.string(), fc.jsonValue().map((value) => JSON.stringify(value)), fc.jsonValue().map((value) => JSON.stringify({ clusters: value, users: value, contexts: value })),
    fc.constantFrom('a: &a [*a]', '['.repeat(20_000), 'clusters: [null]', 'clusters: [{}]', 'clusters: [{cluster: {server: 1}}]', 'users: {}', '{', '---\n---\n'));

  test('of a host that says anything is refused or read', () => {
    fc.assert(fc.property(anything, (text) => survives(() => rename(text, 'c', '10.0.0.1'))));
  });

  test('that a person has is never lost to a merge, whatever stands in it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    const file = join(dir, 'config');
    try {
      fc.assert(fc.property(anything, (text) => {
        writeFileSync(file, text);
        const added = rename(good, 'c', '10.0.0.1');
        try {
          mergeInto(file, added);
          expect(readFileSync(file, 'utf8')).toContain('keelson-c');
        } catch (error) {
          expect(error).toBeInstanceOf(ClusterError);
          expect(readFileSync(file, 'utf8')).toBe(text);
        }
      }));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
