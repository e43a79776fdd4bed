import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { runJob } from '../../activities/job';
import { quote } from '../../domain/command';
import { writePrivateFile } from '../../domain/commands/registry';
import { guestScript, lifecycleScript } from '../../domain/commands/scripts';
import { describeOnHosts, type LabUser } from './lab';
import { labScope } from './lab-scope';

jest.setTimeout(120_000);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }).map((value) => Buffer.from(value.replaceAll('\0', '')).toString()),
  fc.string({ maxLength: 60 }).map((value) => value.replaceAll('\0', '')),
  fc.constantFrom(`'"'"'`, '$(touch /tmp/pwned)', '`touch /tmp/pwned`', '\\\n', '!!', `'; touch /tmp/pwned #`, '\r\n', '', '-e', '%n%s', '$HOME', '*', "KEELSON_JOIN\n", '{{ .x }}'),
);

/** What ssh.test.ts shows of environment and stdin holds for every other way by which text reaches a host, too. */
describeOnHosts('text on its way to a host', 'quoting', 1, (lab) => {
  describe.each<[string, LabUser, number]>([
    ['as root', 'root', 12], ['with sudo that asks for a password', 'ops', 6], ['with sudo that asks for none', 'free', 6],
  ])('%s', (_how, user, runs) => {
    test('arrives as it is in a detached job, as words of a script, as a file and as the name of a folder', async () => {
      const session = await lab.session(user);
      const job = (id: string, script: string, env: Record<string, string>) =>
        runJob(session, { id, title: 'quoting', script, env, secrets: [], timeoutMs: 30_000, scope: labScope(), maxFailures: 1 });
      await fc.assert(fc.asyncProperty(text, text, async (value, word) => {
        const id = `q-${randomBytes(6).toString('hex')}`;
        const dir = `/tmp/${id}`;
        const folder = `${dir}/${word.replaceAll('/', '_').slice(0, 60) || 'x'}`;
        await session.run({ title: 'make', script: `mkdir -p -- ${quote(folder)}` });
        await job(id, guestScript(folder, `{ printf %s "$KEELSON_TEST"; printf '\\0'; printf %s ${quote(word)}; printf '\\0'; pwd; } >${quote(`${dir}/told`)}`), { KEELSON_TEST: value });
        await session.run(writePrivateFile('write', `${folder}/file`, value));
        const told = await session.run({ title: 'read', script: `base64 -w0 ${quote(`${dir}/told`)}; echo; base64 -w0 -- ${quote(`${folder}/file`)}; echo; stat -c '%a %U' -- ${quote(`${folder}/file`)}; rm -rf -- ${quote(dir)}` });
        const [first = '', second = '', mode] = told.split('\n');
        const [env, arg, place] = Buffer.from(first, 'base64').toString().split('\0');
        expect([env, arg, place, Buffer.from(second, 'base64').toString(), mode]).toEqual([value, word, `${folder}\n`, value, '600 root']);
      }), { numRuns: runs });
      expect(await session.run({ title: 'look', script: 'ls /tmp/pwned 2>/dev/null', okCodes: [2] })).toBe('');
    });
  });

  test('a line of a label is bash, and its variables are no second script', async () => {
    const session = await lab.session('root');
    await session.run({ title: 'make', script: `mkdir -p /var/lib/sealos/data/quoting/rootfs/scripts && printf 'printf %%s "$1" >/tmp/label' >/var/lib/sealos/data/quoting/rootfs/scripts/one.sh` });
    const value = `'; touch /tmp/pwned; echo "$(id)" # \\`;
    await runJob(session, { id: 'label', title: 'label', script: lifecycleScript('quoting', 'one.sh "$value"'), env: { value }, secrets: [], timeoutMs: 30_000, scope: labScope(), maxFailures: 1 });
    expect(await session.run({ title: 'read', script: 'cat /tmp/label; ls /tmp/pwned 2>/dev/null || true' })).toBe(value);
  });
});
