import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ofHosts = ['/var/lib/keelson', '/var/lib/sealos', '/var/lib/kubelet', '/var/lib/etcd', '/etc/kubernetes', '/usr/bin', '/run/keelson'];

/** A host for scripts as they are: real bash, its folders below one of the test's own, and programs that the test makes up. */
export class BashHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'keelson-bash-'));

  constructor() {
    for (const path of ['bin', ...ofHosts.map((folder) => dirname(folder))]) mkdirSync(join(this.dir, path), { recursive: true });
  }

  /** Where a path of the host is on this machine. */
  path(path: string): string {
    return join(this.dir, path);
  }

  write(path: string, text: string, mode = 0o600): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
    chmodSync(this.path(path), mode);
  }

  has(path: string): boolean {
    return existsSync(this.path(path));
  }

  text(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** A program in bash that scripts find before the machine's own; it notes how it is called. */
  program(name: string, text: string): void {
    this.write(`bin/${name}`, `#!/bin/bash\necho "${name} $*" >>${this.path('calls')}\n${text}\n`, 0o755);
  }

  /** How programs were called that begin with these words. */
  calls(words: string): string[] {
    return this.has('calls') ? this.text('calls').split('\n').filter((line) => line.startsWith(words)) : [];
  }

  run(script: string, input = ''): { status: number | null; stdout: string; stderr: string } {
    const here = ofHosts.reduce((text, folder) => text.replaceAll(folder, this.path(folder)), script);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', here], {
      input, encoding: 'utf8', timeout: 20_000, env: { PATH: `${this.path('bin')}:${process.env.PATH ?? ''}` },
    });
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
