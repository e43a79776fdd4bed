import { execFileSync } from 'node:child_process';
import { runJob } from '../../activities/job';
import { describeOnHosts } from './lab';
import { labScope } from './lab-scope';

const group = 'e2e-faults-frozen';
const podman = (verb: 'pause' | 'unpause'): void => { execFileSync('podman', [verb, `keelson-${group}-1`]); };
/** A frozen host is to be noticed in about a minute, whatever was under way. */
const noticedWithinMs = 75_000;

/** Zeros for ever, as far as somebody takes them. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(1 << 20);
}

describeOnHosts('a host that freezes while commands run', group, 1, (lab) => {
  const job = (scope = labScope()) => ({
    id: 'uid-1-frozen', title: 'count', script: 'echo run >>/root/runs; echo begun; sleep 3; echo over', timeoutMs: 600_000, scope, maxFailures: 3,
  });

  test('each of them ends with the host\'s name, and the job that ran is found again and has run once', async () => {
    const session = await lab.session('root');
    const failure = (work: Promise<unknown>) => work.then(() => undefined, (error: Error & { details?: { host?: string } }) => ({ type: error.name, host: error.details?.host }));
    const host = lab.addresses[0]!;
    let hear = (_line: string): void => undefined;
    const followed = new Promise<void>((resolve) => { hear = (line) => { if (line === 'begun') resolve(); }; });
    const running = [
      failure(runJob(session, job(labScope({ log: (line) => hear(line) })))),
      failure(session.feed({ title: 'take all', script: 'cat >/dev/null', changes: true, timeoutMs: 600_000 }, endless())),
      failure(session.run({ title: 'sleep', script: 'sleep 600', timeoutMs: 600_000 })),
    ];
    await followed;
    podman('pause');
    const began = Date.now();
    const late = failure(session.run({ title: 'one more', script: 'true' }));

    expect(await Promise.all(running)).toEqual(running.map(() => ({ type: 'Disconnected', host })));
    // Its channel was never opened: it went on to a new connection, and that cannot be had.
    expect(await late).toEqual({ type: 'HostUnreachable', host });
    expect(Date.now() - began).toBeLessThan(noticedWithinMs);

    podman('unpause');
    expect(await runJob(await lab.session('root'), job())).toEqual({ generation: 1 });
    expect(await session.run({ title: 'count the runs', script: 'cat /root/runs' })).toBe('run\n');
  }, 180_000);
});
