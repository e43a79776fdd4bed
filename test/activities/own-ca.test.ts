import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initScript } from '../../domain/commands/init';

/** Real bash over a host's folders, with a kubeadm that takes the certificates it finds and makes those that are missing. */
describe("a person's own CA", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keelson-own-ca-'));
    for (const folder of ['bin', 'kubernetes/pki/etcd', 'state', 'etcd']) mkdirSync(join(dir, folder), { recursive: true });
    write('state/claim.json', '{}', 1_000);
    for (const name of ['ca.crt', 'ca.key', 'etcd/ca.key']) write(`kubernetes/pki/${name}`, `own ${name}`, 500);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function write(path: string, text: string, at: number): void {
    writeFileSync(join(dir, path), text);
    utimesSync(join(dir, path), at, at);
  }
  /** A try of `kubeadm init`; `reset` is what `kubeadm reset` does besides, and a full disk takes no copy. Gives how it ended. */
  function init({ fails = false, reset = '', full = false } = {}): number | null {
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, 'bin', name), `#!/bin/bash\n${text}`);
      chmodSync(join(dir, 'bin', name), 0o755);
    };
    program('sleep', '');
    program('kubectl', 'exit 1');
    program('cp', `PATH=\${PATH#*:}; ${full ? "echo 'No space left on device' >&2; exit 1" : 'exec cp "$@"'}`);
    program('kubeadm', `cd ${dir}/kubernetes || exit 9
case $1 in
  reset) rm -rf pki/* manifests ${dir}/etcd/*; ${reset} ;;
  init)
    mkdir -p pki/etcd manifests
    for name in ca.crt ca.key sa.key etcd/ca.key; do [ -e "pki/$name" ] || echo "made $name" >"pki/$name"; done
    touch manifests/kube-apiserver.yaml
    ${fails ? 'exit 1' : ''} ;;
esac`);
    const script = initScript({ configPath: '/c', criSocket: 'unix:///s', rootfs: '/none' })
      .replaceAll('/etc/kubernetes', join(dir, 'kubernetes')).replaceAll('/var/lib/keelson', join(dir, 'state')).replaceAll('/var/lib/etcd', join(dir, 'etcd'));
    return spawnSync('bash', ['--noprofile', '--norc', '-c', script], { env: { PATH: `${join(dir, 'bin')}:${process.env.PATH ?? ''}` } }).status;
  }
  const pki = (name: string): string => readFileSync(join(dir, 'kubernetes/pki', name), 'utf8').trim();
  const isOwn = (): void => {
    expect(['ca.crt', 'ca.key', 'etcd/ca.key'].map(pki)).toEqual(['own ca.crt', 'own ca.key', 'own etcd/ca.key']);
    expect(existsSync(join(dir, 'state/own-pki'))).toBe(false);
  };

  test('is that of the cluster after kubeadm init was tried again, and what kubeadm had made is made anew', () => {
    expect(init({ fails: true })).toBe(1);
    write('kubernetes/pki/sa.key', 'of the first try', 2_000);
    expect(init({ fails: true })).toBe(1);
    isOwn();
    expect(pki('sa.key')).toBe('made sa.key');
    expect(init()).toBe(0);
    isOwn();
  });

  test('stays also where the host dies in the reset, or is told to reset once more', () => {
    expect(init({ fails: true })).toBe(1);
    expect(init({ reset: 'kill -9 "$PPID"; exit 1' })).not.toBe(0);
    expect(existsSync(join(dir, 'kubernetes/pki/ca.key'))).toBe(false);
    expect(init()).toBe(0);
    isOwn();
  });

  test('stays where it is when it finds no room beside: nothing is reset then', () => {
    expect(init({ fails: true })).toBe(1);
    expect(init({ full: true })).toBe(1);
    expect(pki('ca.key')).toBe('own ca.key');
    expect(init()).toBe(0);
    isOwn();
  });
});
