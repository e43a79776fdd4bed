import fc from 'fast-check';
import { type StageName, stageNames } from '../../domain/stages';
import { applyEvent, beginStatus, type Condition, conditionOf, endStatus, type JobState, type OperationStatus, setCondition, type StageEvent, withoutUnplanned } from '../../domain/status';

const t = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const begun = (last: readonly Condition[] = []): OperationStatus => beginStatus('prod', 'init-1', last, t(0));
const after = (events: readonly StageEvent[], from = begun()): OperationStatus =>
  events.reduce((status, event, at) => applyEvent(status, event, t(at + 1)), from);
const conditionFor = (status: OperationStatus, type: string) => status.conditions.find((one) => one.type === type);
const event = (stage: StageName, host: string, state: JobState, more: Partial<StageEvent> = {}): StageEvent => ({ stage, host, state, ...more });

test('an operation begins with every stage, empty, in their order', () => {
  expect(begun().stages.map(({ name, jobs }) => [name, jobs])).toEqual(stageNames.map((name) => [name, []]));
  expect(begun().phase).toBe('ClusterInProcess');
});

test('the conditions of the last operation are there until this one has news', () => {
  const last: Condition[] = [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'all', lastTransitionTime: t(-100) }];
  expect(begun(last).conditions).toEqual(last);
});

describe('a condition', () => {
  const join = { type: 'Join', reason: 'r', message: 'm' };

  test('keeps its time while its status stays, whatever else changes', () => {
    const first = setCondition([], { ...join, status: 'False' }, t(1));
    const second = setCondition(first, { ...join, status: 'False', reason: 'HostUnreachable', message: 'other words' }, t(2));
    expect(second).toEqual([{ type: 'Join', status: 'False', reason: 'HostUnreachable', message: 'other words', lastTransitionTime: t(1) }]);
  });

  test('gets a new time when its status flips', () => {
    const list = setCondition(setCondition([], { ...join, status: 'False' }, t(1)), { ...join, status: 'True' }, t(2));
    expect(list).toEqual([{ ...join, status: 'True', lastTransitionTime: t(2) }]);
  });

  test('stays in its place and touches no other one', () => {
    const list = ['Init', 'Join', 'RunGuest'].reduce<Condition[]>((all, type) => setCondition(all, { ...join, type, status: 'Unknown' }, t(1)), []);
    const next = setCondition(list, { ...join, status: 'True' }, t(2));
    expect(next.map(({ type, status }) => `${type} ${status}`)).toEqual(['Init Unknown', 'Join True', 'RunGuest Unknown']);
    expect(list.map(({ status }) => status)).toEqual(['Unknown', 'Unknown', 'Unknown']);
  });
});

describe('a stage', () => {
  test('is in progress until its last job is done', () => {
    const half = after([event('Bootstrap', 'a', 'done'), event('Bootstrap', 'b', 'running')]);
    expect(conditionFor(half, 'Bootstrap')).toMatchObject({ status: 'Unknown', reason: 'InProgress', message: '1 of 2 done' });
    expect(conditionFor(after([event('Bootstrap', 'b', 'done')], half), 'Bootstrap')).toMatchObject({ status: 'True', reason: 'Done' });
  });

  test('says which hosts failed and why, with the type of the first error', () => {
    const status = after([
      event('Join', 'a', 'done'),
      event('Join', 'b', 'failed', { reason: 'CommandFailed', message: 'kubeadm join exited 1' }),
      event('Join', 'c', 'failed', { reason: 'HostUnreachable', message: 'no route' }),
    ]);
    expect(conditionFor(status, 'Join')).toMatchObject({ status: 'False', reason: 'CommandFailed', message: 'b: kubeadm join exited 1; c: no route' });
  });

  test('has one condition for success and failure, never two', () => {
    const status = after([event('Join', 'a', 'failed'), event('Join', 'a', 'running'), event('Join', 'a', 'done')]);
    expect(status.conditions.filter(({ type }) => type === 'Join')).toHaveLength(1);
    expect(conditionFor(status, 'Join')?.status).toBe('True');
  });

  test('that failed and is tried again is in progress, and the failure leaves no trace', () => {
    const status = after([event('Join', 'a', 'failed', { reason: 'CommandFailed', message: 'x' }), event('Join', 'a', 'running')]);
    expect(conditionFor(status, 'Join')).toMatchObject({ status: 'Unknown', reason: 'InProgress' });
    expect(status.stages.find(({ name }) => name === 'Join')?.jobs).toEqual([{ host: 'a', state: 'running', startedAt: t(2) }]);
  });
});

describe('a job', () => {
  test('knows when it began and when it ended', () => {
    const status = after([event('Init', 'a', 'waiting', { reason: 'the configuration is merged' }), event('Init', 'a', 'running'), event('Init', 'a', 'done')]);
    expect(status.stages.find(({ name }) => name === 'Init')?.jobs).toEqual([{ host: 'a', state: 'done', startedAt: t(2), endedAt: t(3) }]);
  });

  test('is told apart by host and subject', () => {
    const status = after([
      event('RunGuest', 'a', 'done', { subject: 'flannel' }), event('RunGuest', 'a', 'running', { subject: 'web' }), event('RunGuest', 'b', 'waiting', { subject: 'web' }),
    ]);
    expect(status.stages.find(({ name }) => name === 'RunGuest')?.jobs.map(({ host, subject, state }) => `${host} ${subject} ${state}`))
      .toEqual(['a flannel done', 'a web running', 'b web waiting']);
  });
});

describe('events in any order', () => {
  const hosts = ['a', 'b', 'c'];
  const events = fc.array(fc.record({
    stage: fc.constantFrom<StageName>('MountRootfs', 'Bootstrap', 'Join'), host: fc.constantFrom(...hosts),
    state: fc.constantFrom<JobState>('pending', 'waiting', 'running', 'done', 'failed', 'blocked'),
  }), { maxLength: 30 });

  test('the last event of a job is its state, and each stage has the condition of its jobs', () => {
    fc.assert(fc.property(events, (list) => {
      const status = after(list);
      for (const stage of status.stages) {
        for (const job of stage.jobs) {
          expect(job.state).toBe(list.findLast((one) => one.stage === stage.name && one.host === job.host)?.state);
        }
        expect(new Set(stage.jobs.map(({ host }) => host)).size).toBe(stage.jobs.length);
        if (stage.jobs.length > 0) expect(conditionFor(status, stage.name)).toMatchObject(conditionOf(stage));
        else expect(conditionFor(status, stage.name)).toBeUndefined();
      }
    }));
  });

  test('events of different jobs commute, but for times', () => {
    fc.assert(fc.property(fc.shuffledSubarray(hosts, { minLength: 3 }), (order) => {
      const status = after(order.map((host) => event('Join', host, host === 'b' ? 'failed' : 'done', host === 'b' ? { reason: 'CommandFailed', message: 'no' } : {})));
      expect(conditionFor(status, 'Join')).toMatchObject({ status: 'False', reason: 'CommandFailed', message: 'b: no' });
    }));
  });

  test('a transition time moves exactly when the status does', () => {
    fc.assert(fc.property(events, (list) => {
      let status = begun();
      list.forEach((one, at) => {
        const before = conditionFor(status, one.stage);
        status = applyEvent(status, one, t(at + 1));
        const now = conditionFor(status, one.stage);
        const kept = before !== undefined && before.status === now?.status;
        expect(now?.lastTransitionTime).toBe(kept ? before.lastTransitionTime : t(at + 1));
      });
    }));
  });
});

describe('the end', () => {
  const waiting = { ...begun(), waiting: { reason: 'CommandFailed', message: 'x', since: t(1) } };

  test.each([
    [true, 'ClusterSuccess', 'True', 'Ready', 'Ready'],
    [false, 'ClusterFailed', 'False', 'StageFailed', 'ApplyClusterError'],
  ] as const)('ok %s gives phase %s', (ok, phase, status, reason, sealosReason) => {
    const ended = endStatus(waiting, { ok, reason, message: 'why' }, t(9));
    expect(ended).toMatchObject({ phase, endedAt: t(9) });
    expect(ended.waiting).toBeUndefined();
    expect(conditionFor(ended, 'Ready')).toMatchObject({ status, reason, message: 'why' });
    expect(conditionFor(ended, 'ApplyClusterSuccess')).toMatchObject({ status, reason: sealosReason });
  });

  test('Ready keeps the time of the first success over later ones', () => {
    const first = endStatus(begun(), { ok: true, reason: 'Ready', message: '3 nodes' }, t(5));
    const second = endStatus(beginStatus('prod', 'reconcile-2', first.conditions, t(10)), { ok: true, reason: 'Ready', message: '4 nodes' }, t(15));
    expect(conditionFor(second, 'Ready')).toMatchObject({ message: '4 nodes', lastTransitionTime: t(5) });
  });
});

test('what failed and is no work of the plan any more is not said to have failed; what was looked at, or done, stays', () => {
  const status = after([event('Check', '10.0.0.2', 'failed', { reason: 'HostUnreachable' }), event('Join', '10.0.0.2', 'failed', { reason: 'CommandFailed' }), event('Join', '10.0.0.3', 'failed'), event('Join', '10.0.0.4', 'done')]);
  const left = withoutUnplanned(status, ({ host }) => host === '10.0.0.3', t(9));
  const hosts = (name: StageName) => left.stages.find((one) => one.name === name)?.jobs.map(({ host }) => host);
  expect([hosts('Check'), hosts('Join')]).toEqual([['10.0.0.2'], ['10.0.0.3', '10.0.0.4']]);
  expect(conditionFor(withoutUnplanned(status, () => false, t(9)), 'Join')).toMatchObject({ status: 'True' });
});
