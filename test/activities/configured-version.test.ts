import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuredVersion } from '../../domain/commands/upgrade';

/** Real bash, with a kubectl that does this. */
function asked(kubectl: string): { status: number | null; stdout: string } {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-kubectl-'));
  try {
    writeFileSync(join(dir, 'kubectl'), `#!/bin/bash\n${kubectl}`);
    chmodSync(join(dir, 'kubectl'), 0o755);
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-c', configuredVersion.script], { encoding: 'utf8', env: { PATH: `${dir}:${process.env.PATH ?? ''}` } });
    return { status, stdout };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test.each(['v1.34.2', '"v1.34.2"'])('the version that the cluster is configured for: %s', (written) => {
  expect(asked(`printf 'kind: ClusterConfiguration\\nkubernetesVersion: ${written}\\nnetworking: {}\\n'`)).toEqual({ status: 0, stdout: 'v1.34.2\n' });
});

test('is no version, but a failure, where the API does not answer', () => {
  expect(asked("echo 'The connection to the server was refused' >&2; exit 1")).toMatchObject({ status: 1 });
});
