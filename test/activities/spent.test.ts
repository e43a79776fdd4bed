import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetSpent } from '../../activities/spent';
import { LocalSession, quietScope } from './local-session';

const host = { id: '10.0.0.3', roles: ['node'] } as const;
const purpose = 'join of 10.0.0.3 by keelson';
const secret = '0123456789abcdef';

describe('what a join was given, deleted by real bash', () => {
  let dir: string;
  const path = process.env.PATH ?? '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keelson-spent-'));
    process.env.PATH = `${dir}:${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(dir, { recursive: true, force: true });
  });

  /** Two tokens of one host, a foreign one, and an API that refuses so many calls at first. Gives what Keelson says is left, and the tokens that are. */
  async function forgotten({ token, refuses }: { token?: string; refuses: number }): Promise<{ said: string[]; left: string[] }> {
    const [tokens, calls] = [join(dir, 'tokens'), join(dir, 'calls')];
    writeFileSync(tokens, `aaaaaa.${secret} ${purpose}\nbbbbbb.${secret} ${purpose}\ncccccc.${secret} somebody's\n`);
    writeFileSync(calls, '');
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, name), `#!/bin/bash
echo "$*" >>${calls}
[ "$(wc -l <${calls})" -gt ${refuses} ] || { echo 'The connection to the server was refused' >&2; exit 1; }
gone() { sed -i "/^$1[.]/d" ${tokens}; }
${text}`);
      chmodSync(join(dir, name), 0o755);
    };
    program('kubeadm', `case "$*" in
  *'token list'*) cat ${tokens} ;;
  *'token delete'*) grep -q "^\${!#}[.]" ${tokens} || exit 1; gone "\${!#}" ;;
esac`);
    program('kubectl', `for word in "$@"; do case $word in bootstrap-token-*) gone "\${word#bootstrap-token-}" ;; esac; done`);
    const said = await forgetSpent(new LocalSession(), quietScope(), { host, ...(token ? { token } : {}) });
    expect(readFileSync(calls, 'utf8')).not.toContain(secret);
    return { said, left: readFileSync(tokens, 'utf8').split('\n').filter(Boolean).map((line) => line.slice(0, 6)) };
  }

  test.each([0, 1, 2])('all that is of the host is gone, also where the API refuses the first %d calls', async (refuses) => {
    expect(await forgotten({ refuses })).toEqual({ said: [], left: ['cccccc'] });
  });

  test('one that is known goes by its id', async () => {
    expect(await forgotten({ token: 'aaaaaa', refuses: 0 })).toEqual({ said: [], left: ['bbbbbb', 'cccccc'] });
  });

  test('a refusal is no success: it is tried again', async () => {
    expect((await forgotten({ token: 'aaaaaa', refuses: 1 })).left).not.toContain('aaaaaa');
  });

  test('one that is gone already is no failure', async () => {
    expect((await forgotten({ token: 'dddddd', refuses: 0 })).said).toEqual([]);
  });

  test('what an API that never answers keeps is said', async () => {
    expect(await forgotten({ refuses: 1_000 })).toEqual({ said: ['a token for its join'], left: ['aaaaaa', 'bbbbbb', 'cccccc'] });
  }, 60_000);
});
