import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { runJob, type Job } from '../../activities/job';
import type { Scope, Session } from '../../activities/ports';
import { describeOnHosts } from './lab';
import { labScope } from './lab-scope';

jest.setTimeout(180_000);

describeOnHosts('detached jobs on a host', 'ssh-job', 1, (lab) => {
  // The hosts may be kept from an earlier run, with its jobs on them.
  const newId = (): string => `${randomBytes(4).toString('hex')}-1-step`;
  const job = (extra: Partial<Job>): Job => ({
    id: newId(), title: 'a job', script: 'true', timeoutMs: 30_000, scope: labScope(), maxFailures: 3, ...extra,
  });
  const look = async (script: string, okCodes = [0]): Promise<string> => (await (await lab.session('root')).run({ title: 'look', script, okCodes })).trim();
  const caught = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no error', (error: unknown) => error);
  async function logged(user: 'root' | 'ops', extra: Partial<Job>): Promise<string[]> {
    const lines: string[] = [];
    const scope = labScope({ log: (line) => lines.push(line) });
    await runJob(await lab.session(user, scope), job({ ...extra, scope }));
    return lines;
  }

  test.each(['root', 'ops'] as const)('as %s: runs once as root, its output comes as lines, and nothing of script and secrets stays', async (user) => {
    const id = newId();
    const lines = await logged(user, { id, script: 'id -un; echo "one $SECRET"; echo two >&2; echo ran >>/tmp/once-$ID', env: { SECRET: 'canary-in-job', ID: id }, secrets: ['canary-in-job'] });
    expect(lines.slice(1)).toEqual(['root', 'one [redacted]', 'two']);
    expect(await logged(user, { id, script: 'echo never' })).toEqual([]);
    expect(await look(`cat /tmp/once-${id}; ls -a /var/lib/keelson/jobs/${id}-1; stat -c %a /var/lib/keelson/jobs/${id}-1`)).toBe('ran\n.\n..\nexit\nlog\npid\nrun\nstarted\n700');
    expect(await look(`grep -rl ' canary-in-job' /var/lib/keelson/jobs --include=script --include=run`, [1])).toBe('');
  });

  test('kill -9 of the process that started it loses nothing: it is found again, and ran once', async () => {
    const id = newId();
    const script = `echo begun; echo ran >>/tmp/count-${id}; until [ -e /tmp/go-${id} ]; do sleep 0.1; done; echo ended; exit 7`;
    const child = spawn(process.execPath, ['--require', join(__dirname, 'register.cjs'), join(__dirname, 'run-job.ts'), JSON.stringify({ target: lab.target('root'), id, script })]);
    await new Promise<void>((resolve) => { child.stdout.on('data', (chunk: Buffer) => { if (chunk.includes('begun')) resolve(); }); });
    child.kill('SIGKILL');
    await new Promise((resolve) => { child.on('close', resolve); });

    const lines: string[] = [];
    const scope = labScope({ attempt: 2, log: (line) => lines.push(line) });
    const again = caught(runJob(await lab.session('root', scope), job({ id, script: 'echo another', scope })));
    await look(`: >/tmp/go-${id}`);
    expect(await again).toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('exit code 7: ended') as string, details: { exitCode: 7, tail: ['begun', 'ended'] } });
    expect(lines.filter((line) => line === 'begun')).toHaveLength(1);
    expect(await look(`cat /tmp/count-${id}`)).toBe('ran');
  });

  test('two callers at once have one job', async () => {
    const id = newId();
    const script = `echo ran >>/tmp/both-${id}; sleep 0.5`;
    const both = await Promise.all(['root', 'ops'].map(async (user) => runJob(await lab.session(user as 'root'), job({ id, script }))));
    expect(both).toEqual([{ generation: 1 }, { generation: 1 }]);
    expect(await look(`cat /tmp/both-${id}`)).toBe('ran');
  });

  test('a failure is told once, then tried again; a person decides when it failed too often', async () => {
    const session = await lab.session('root');
    const failing = job({ title: 'fails', script: 'echo the cause >&2; exit 4', maxFailures: 2 });
    expect(await caught(runJob(session, failing))).toMatchObject({ type: 'CommandFailed', retryable: true, details: { exitCode: 4, tail: ['the cause'] } });
    expect(await caught(runJob(session, failing))).toMatchObject({ type: 'NeedsDecision', retryable: false, message: expect.stringMatching(/fails failed on .* exit code 4.*the cause/) as string });
    expect(await runJob(session, { ...failing, script: 'true' })).toEqual({ generation: 3 });
  });

  test('what has to be minted for a job is minted only when it starts', async () => {
    const session = await lab.session('root');
    const id = newId();
    let minted = 0;
    const script = (): Promise<string> => { minted += 1; return Promise.resolve('true'); };
    await runJob(session, job({ id, script }));
    await runJob(session, job({ id, script }));
    expect(minted).toBe(1);
  });

  const stubborn = (id: string): string => `trap "" TERM; echo begun; sleep 300 & echo $! >/tmp/pids-${id}; echo $$ >>/tmp/pids-${id}; setsid sleep 301 & echo $! >>/tmp/pids-${id}; while :; do sleep 300; done`;
  const left = (id: string): Promise<string> => look(`for pid in $(cat /tmp/pids-${id}); do ps -o pid= -p $pid; done; systemctl list-units --no-legend --all 'keelson-${id}*'; true`);

  async function cancelledAtBegin(id: string, reason: unknown): Promise<unknown> {
    const abort = new AbortController();
    const scope = labScope({ signal: abort.signal, log: (line) => { if (line === 'begun') abort.abort(reason); } });
    return caught(runJob(await lab.session('root', scope), job({ id, script: stubborn(id), scope })));
  }

  test('a cancel ends all that the job started, and a later call starts anew', async () => {
    const id = newId();
    expect(await cancelledAtBegin(id, undefined)).toMatchObject({ name: 'CancelledFailure' });
    expect(await left(id)).toBe('');
    expect(await runJob(await lab.session('root'), job({ id, script: 'true', maxFailures: 1 }))).toEqual({ generation: 2 });
  });

  test('a Temporal worker that shuts down leaves the job to the next one', async () => {
    const id = newId();
    expect(await cancelledAtBegin(id, new CancelledFailure('WORKER_SHUTDOWN'))).toMatchObject({ name: 'CancelledFailure' });
    expect((await left(id)).split('\n').length).toBeGreaterThanOrEqual(3);
    expect(await cancelledAtBegin(id, undefined)).toMatchObject({ name: 'CancelledFailure' });
    expect(await left(id)).toBe('');
  });

  test('a job that takes too long is ended and counts as failed', async () => {
    const session = await lab.session('root');
    const id = newId();
    const slow = job({ id, title: 'hangs', script: stubborn(id), timeoutMs: 4_000, maxFailures: 2 });
    expect(await caught(runJob(session, slow))).toMatchObject({ type: 'CommandTimedOut', details: { command: 'hangs', tail: ['begun'] } });
    expect(await left(id)).toBe('');
    expect(await caught(runJob(session, { ...slow, script: 'exit 1' }))).toMatchObject({ type: 'NeedsDecision' });
  });

  test('a job that vanished with a kill is started anew and does not count as failed', async () => {
    const id = newId();
    const vanish = async (session: Session, scope: Scope) => caught(runJob(session, job({ id, script: stubborn(id), scope, maxFailures: 1 })));
    const scope = labScope({ log: (line) => { if (line === 'begun') void look(`systemctl kill --signal=KILL 'keelson-${id}-1'`); } });
    expect(await vanish(await lab.session('root', scope), scope)).toMatchObject({ type: 'Disconnected', retryable: true });
    expect(await runJob(await lab.session('root'), job({ id, script: 'true', maxFailures: 1 }))).toEqual({ generation: 2 });
    expect(await left(id)).toBe('');
  });

  test('a reboot of the host interrupts a job: it is started anew and does not count as failed', async () => {
    const id = newId();
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => { begun = resolve; });
    const scope = labScope({ log: (line) => { if (line === 'begun') begun(); } });
    const lost = caught(runJob(await lab.session('root', scope), job({ id, script: 'echo begun; sleep 300', scope, maxFailures: 1 })));
    await running;
    lab.restart(1);
    expect(await lost).toMatchObject({ type: 'Disconnected', retryable: true });
    expect(await runJob(await lab.session('root'), job({ id, script: 'true', maxFailures: 1 }))).toEqual({ generation: 2 });
  });

  test('without systemd a job lives in a session of its own', async () => {
    const id = newId();
    const session = await lab.session('root');
    await session.run({ title: 'hide systemd-run', script: 'mv /usr/bin/systemd-run /usr/bin/systemd-run.hidden' });
    try {
      expect(await logged('root', { id, script: 'echo here; ps -o sid= -p $PPID | tr -d " " >/tmp/sid; echo $PPID >>/tmp/sid' })).toContain('here');
      const [sid, parent] = (await look('cat /tmp/sid')).split('\n');
      expect(sid).toBe(parent);
    } finally {
      await session.run({ title: 'show systemd-run', script: 'mv /usr/bin/systemd-run.hidden /usr/bin/systemd-run' });
    }
  });
});
