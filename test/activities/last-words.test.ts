import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { telling } from '../../domain/commands/control-plane-settings';
import { diagnosis } from '../../domain/commands/init';

/** Real bash over the logs of a container, as the kubelet keeps them. */
describe('the last words of a container that ends again and again', () => {
  const line = (words: string): string => `2026-11-30T20:00:00.000000000Z stderr F ${words}\n`;
  const cause = 'Error: unknown flag: --no-such-flag';
  let dir: string;
  beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-logs-')); });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const log = (file: string, ...words: string[]): void => { writeFileSync(join(dir, file), words.map(line).join('')); };
  /** While it waits the log `later` takes the place of 4.log. */
  const told = (): string => spawnSync('bash', ['--noprofile', '--norc', '-c', `sleep() { mv -f ${dir}/later ${dir}/4.log 2>/dev/null; }\n${telling}\ntelling ${dir}`], { encoding: 'utf8' }).stdout;

  test('are those of the one before, where the newest has not yet said anything', () => {
    log('9.log', 'I0101 starts', cause, 'Usage:');
    log('10.log');
    expect(told()).toBe(`${cause}\n`);
  });

  test('are waited for, where the log of the one before is gone already', () => {
    log('4.log', 'I0101 starts');
    log('later', 'I0101 starts', cause);
    expect(told()).toBe(`${cause}\n`);
  });

  test('are the last line, where none tells a cause, and nothing where there is none', () => {
    expect(told().trim()).toBe('');
    log('0.log', 'goes', 'down');
    expect(told()).toBe('down\n');
  });
});

test('of a kubeadm that failed the cause is looked for in the control plane, and not in what other pods have said since', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-pods-'));
  const says = (pod: string, words: string, at: number): void => {
    mkdirSync(join(dir, pod, 'main'), { recursive: true });
    writeFileSync(join(dir, pod, 'main/0.log'), `${words}\n`);
    utimesSync(join(dir, pod, 'main/0.log'), at, at);
  };
  try {
    says('kube-system_kube-apiserver-cp1_uid', 'error: unknown flag', 1_000);
    says('kube-system_etcd-cp1_uid', 'panic: no space', 900);
    says('shop_web-7f9c_uid', 'failed to connect postgres://u:pw@db', 2_000);
    says('kube-system_vault-0_uid', 'error: token hvs.secret', 2_000);
    const { stdout } = spawnSync('bash', ['--noprofile', '--norc', '-c', diagnosis.replaceAll('/var/log/pods', dir)], { encoding: 'utf8' });
    expect(stdout).toMatch(/unknown flag[^]*panic: no space/);
    expect(stdout).not.toMatch(/postgres|hvs/);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
