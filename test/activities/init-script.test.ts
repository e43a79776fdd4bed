import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteAllTokens } from '../../domain/commands/init';

describe("kubeadm init's own token, in real bash", () => {
  let dir: string;
  beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-init-')); });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A cluster with two tokens and an API server that refuses so many calls of each kind at first. Gives what is left and was printed. */
  function afterInit(refuses: { list?: number; delete?: number }): { left: string[]; said: string } {
    const [tokens, calls] = [join(dir, 'tokens'), join(dir, 'calls')];
    writeFileSync(tokens, 'aaaaaa.0123456789abcdef\nbbbbbb.0123456789abcdef\n');
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, name), `#!/bin/bash\n${text}`);
      chmodSync(join(dir, name), 0o755);
    };
    program('sleep', '');
    program('kubeadm', `echo "$*" >>${calls}
n=$(grep -c "^token $2" ${calls})
case $2 in
  list) [ "$n" -gt ${refuses.list ?? 0} ] || { echo 'connection refused' >&2; exit 1; }; cat ${tokens} ;;
  delete) [ "$n" -gt ${refuses.delete ?? 0} ] || exit 1; grep -q "^$3[.]" ${tokens} || exit 1; sed -i "/^$3[.]/d" ${tokens} ;;
esac
`);
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-c', `set -u\n${deleteAllTokens}\ndelete_tokens`], { encoding: 'utf8', env: { PATH: `${dir}:${process.env.PATH ?? ''}` } });
    expect(status).toBe(0);
    expect(readFileSync(calls, 'utf8')).not.toContain('0123456789abcdef');
    return { left: readFileSync(tokens, 'utf8').split('\n').filter(Boolean), said: stdout };
  }

  test.each([{}, { list: 2 }, { delete: 2 }, { list: 1, delete: 1 }])('is deleted, also where the API server refuses the first calls: %j', (refuses) => {
    expect(afterInit(refuses)).toEqual({ left: [], said: '' });
  });

  test('stays where it never answers, and that is said', () => {
    expect(afterInit({ list: 100 })).toEqual({ left: [expect.any(String), expect.any(String)], said: expect.stringContaining('could not be deleted') as string });
  });
});
