import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describeOnHosts, type LabUser } from './lab';

jest.setTimeout(300_000);
const group = 'cut-link';
/** What a host gives a command beyond its own time, see session.ts, and a busy machine to everything. */
const graceMs = 15_000;
const slackMs = 30_000;

const podman = (...words: string[]): string => execFileSync('podman', words, { encoding: 'utf8' }).trim();
/** As an administrator at the machine itself: what is cut for SSH is not cut for them. */
const onHost = (script: string): string => podman('exec', `keelson-${group}-1`, 'bash', '-c', script);
const onNetwork = (rules: string): void => {
  execFileSync('nsenter', ['--target', podman('inspect', '--format', '{{.State.Pid}}', `keelson-${group}-1`), '--net', 'nft', rules]);
};
const cut = (): void => onNetwork(`table inet cut { ${['input', 'output'].map((hook) => `chain ${hook} { type filter hook ${hook} priority -300; tcp dport 22 drop; tcp sport 22 drop; };`).join(' ')} }`);

describeOnHosts('a host whose link is cut, silently, while commands hang', group, 1, (lab) => {
  test('ends them by itself within their limit, with all that they started; whoever waits gets a typed time-out', async () => {
    const users: readonly LabUser[] = ['root', 'ops', 'free'];
    const timeoutMs = 6_000;
    const seconds = `7${randomInt(10_000, 99_999)}`;
    const left = (): string => onHost(`pgrep -f '[s]leep ${seconds}' || true`);
    let begun = 0;
    let all = (): void => undefined;
    const started = new Promise<void>((resolve) => { all = resolve; });
    const sessions = await Promise.all(users.map((user) => lab.session(user)));
    const ends = sessions.map((session) => session.follow(
      // One of the two does not listen to milder signals.
      { title: 'hangs', script: `sleep ${seconds} & (trap "" TERM; sleep ${seconds}) & echo begun; wait`, timeoutMs },
      () => { begun += 1; if (begun === users.length) all(); },
    ).then(() => 'ended well', (error: { type: string }) => error.type));
    await started;
    const since = Date.now();
    cut();
    try {
      expect(left()).not.toBe('');
      while (left() !== '' && Date.now() - since < 90_000) await new Promise((resolve) => { setTimeout(resolve, 200); });
      expect(left()).toBe('');
      expect(Date.now() - since).toBeLessThan(timeoutMs + graceMs + slackMs);
    } finally {
      onNetwork('delete table inet cut');
    }
    expect(await Promise.all(ends)).toEqual(users.map(() => 'CommandTimedOut'));
    expect(await (await lab.session('root')).run({ title: 'echo', script: 'echo back' })).toBe('back\n');
  });
});
