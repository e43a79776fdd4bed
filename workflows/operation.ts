import { ApplicationFailure, condition, allHandlersFinished, CancellationScope, ContinueAsNew, continueAsNew, getExternalWorkflowHandle, isCancellation, log, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { withoutReplacedKeys } from '../domain/amend';
import type { ClusterSpec } from '../domain/cluster';
import { renderDetails } from '../domain/details';
import { type ClusterRecord, type OperationResult, withAccess } from '../domain/entity';
import type { ErrorType } from '../domain/errors';
import type { Paused } from '../domain/hands';
import type { HostFacts } from '../domain/facts';
import type { Anew } from '../domain/lost';
import { recordOutcome } from '../domain/host-record';
import { madeFrom } from '../domain/made-from';
import { marks } from '../domain/marks';
import { hasJoined, leavingOf } from '../domain/membership';
import { type Plan, refusalOf } from '../domain/plan';
import { errorsOf, type Problem } from '../domain/problem';
import { leftOutOf, type LeftOut } from '../domain/skip-rules';
import { applyEvent, beginStatus, endStatus, type OperationStatus, type Waiting } from '../domain/status';
import { unwhole, wholeInput, wholeWords } from '../domain/whole';
import { listen } from './decisions';
import { explain } from './explain';
import { look, planFrom, type Seen } from './look';
import { lookAnew } from './look-anew';
import { planQuery, type Progress, progressSignal, statusQuery } from './messages';
import type { Answer } from './park';
import { nothingHeard, type Parked, People } from './people';
import { perform } from './perform';
import { type Failure, type Report } from './run-jobs';
import { takeBack } from './take-back';
import type { Work } from './work';

export interface OperationInput {
  readonly spec: ClusterSpec;
  readonly uid: string;
  readonly n: number;
  readonly operation: string;
  readonly last: ClusterRecord;
  /** Hosts that may be forgotten where they cannot be reached. */
  readonly forget?: readonly string[];
  /** Only this very plan may run. */
  readonly planHash?: string;
  /** A cluster that is lost is made anew. */
  readonly anew?: Anew;
  /** Somebody held the cluster still before the operation began. */
  readonly paused?: Paused;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** The operation waits: its run before ended so that its history does not grow without end. */
  readonly parked?: Parked & { readonly status: OperationStatus; readonly record: ClusterRecord };
}

/** So many looks before we say that the cluster does not settle. */
const rounds = 4;

/**
 * One pass: look, plan, act, look again; ready means that nothing is left to do. There is no second path: creating a
 * cluster is converging one whose hosts are bare.
 */
export async function operate(input: OperationInput): Promise<OperationResult> {
  const { uid, n, operation, last, parked } = input;
  let status = parked?.status ?? beginStatus(input.spec.name, operation, last.conditions, new Date().toISOString());
  let plan: Plan | undefined;
  let seen: Seen | undefined;
  let record = parked?.record ?? last;
  /** Its own plan was refused before the first change. */
  let refused: ReturnType<typeof refusalOf>;
  const tell = (next: OperationStatus) => {
    status = next;
    setCurrentDetails(renderDetails(status));
  };
  const report: Report = (event) => tell(applyEvent(status, event, new Date().toISOString()));
  setHandler(statusQuery, () => status, { description: 'stages, hosts, conditions, what it waits for' });
  setHandler(planQuery, () => plan, { description: 'the plan that runs' });

  const parent = workflowInfo().parent;
  if (!parent) throw ApplicationFailure.nonRetryable('an operation runs only under the entity of its cluster', 'InvalidSpec');
  const entity = getExternalWorkflowHandle(parent.workflowId);
  // Lost words are no harm: the entity asks again when it needs to know.
  const tellEntity = (word: Omit<Progress, 'operation'>): void => {
    entity.signal(progressSignal, { operation, ...word }).catch((error: unknown) => log.warn('the entity was not told', { error }));
  };
  /** Somebody waits to hear which plan runs. */
  let asked = false;
  const tellPlan = (): void => {
    if (!asked || !status.planHash) return;
    asked = false;
    tellEntity({ planHash: status.planHash });
  };
  const show = (waiting: Waiting | undefined) => {
    const { waiting: _before, ...rest } = status;
    tell(waiting ? { ...rest, waiting } : rest);
    tellEntity({ ...(waiting ? { waiting } : {}), ...(plan && { joined: hostsJoined(decisions.spec(), plan) }) });
  };

  const decisions = listen({ spec: input.spec, paused: input.paused, onAsk: () => { asked = true; tellPlan(); }, onPause: (paused, running) => {
    const { paused: _before, ...rest } = status;
    tell(paused ? { ...rest, paused } : rest);
    const waits = status.waiting?.kind === 'pause';
    if (paused && running === 0 && !status.waiting) show(pauseWait(decisions.spec().name, paused, new Date().toISOString()));
    else if (!paused && waits) show(undefined);
  } });
  const { on } = decisions;
  const people = new People({
    decisions, heard: parked?.heard ?? nothingHeard, approved: input.approved ?? false, show, report, last,
    facts: () => ({ spec: decisions.spec(), images: seen?.images ?? [], leader: plan?.leader ?? record.leader ?? '' }),
    renew: ({ waiting, failures, heard }) => {
      const { paused: _before, ...same } = input;
      const paused = decisions.paused();
      return continueAsNew<typeof operate>({ ...same, spec: decisions.spec(), ...(paused ? { paused } : {}), parked: { waiting, failures, heard, status, record } });
    },
  });
  const mended = (failures: readonly Failure[], waiting?: Waiting): Promise<Answer> => people.mended(failures, waiting);

  let wanted = input.spec;
  let mayBeAway: readonly string[] | undefined;
  /** Nothing of the cluster was left, and what was known of it is forgotten. */
  let begunAnew = false;
  const lookWith = (known: ClusterRecord) =>
    look({ spec: wanted, where: { cluster: wanted.name, uid, n, operation }, hostKeys: known.hostKeys, last: known, on, report, ...(mayBeAway ? { mayBeAway } : {}) });
  const lookNow = async (anew?: Anew): Promise<Seen> => {
    // Amended meanwhile: hosts that it leaves out have to be reached once more, and another key than before may be known.
    record = { ...withAccess(record, wanted, decisions.spec()), hostKeys: withoutReplacedKeys(record.hostKeys, wanted, decisions.spec()) };
    wanted = decisions.spec();
    const looked = await lookAnew(anew, record, lookWith);
    ({ record } = looked);
    begunAnew ||= looked.anew;
    return looked.seen;
  };
  const planNow = (now: Seen, force: boolean): Plan => {
    const known = { last: record, force, ...(input.forget ? { forget: input.forget } : {}) };
    return withoutLeftOut(planFrom(wanted, seenWithout(now, people.leftOut()), known), { spec: wanted, seen: now, leftOut: people.leftOut() });
  };
  // What must outlive this operation, however it ends, is told at once.
  const keep = (next: ClusterRecord): void => {
    if (JSON.stringify(next) === JSON.stringify(record)) return;
    record = next;
    tellEntity({ record });
  };
  try {
    if (parked && parked.failures.length > 0) await mended(parked.failures, parked.waiting);
    // Before the first change nothing parks; whoever was parked has begun to change hosts.
    let first = parked === undefined;
    for (let round = 1; ; round += 1) {
      seen = await lookNow(first ? input.anew : undefined);
      plan = planNow(seen, wanted.force && first);
      // Before the first change nothing parks: what is wrong ends the operation, all of it in one report.
      refused = first ? refusalOf(plan, input.planHash) : undefined;
      if (refused) {
        if (begunAnew) record = last;
        throw failure(refused.type, refused.message);
      }
      mayBeAway ??= plan.absent;
      // Work was done since: a host that is away now is waited for, as in any other stage.
      while (errorsOf(plan.problems).length > 0) {
        await mended(errorsOf(plan.problems).map(lookFailure));
        seen = await lookNow();
        plan = planNow(seen, wanted.force && first);
      }
      const spec = wanted;
      keep(recordFrom(record, { spec, seen, plan }));
      tell({ ...status, notes: notesFrom(status.notes, seen, begunAnew ? {} : last.hostKeys), planned: status.planned ?? plan.jobs.length, planHash: round === 1 ? plan.hash : status.planHash ?? plan.hash });
      tellPlan();
      const work: Work = { spec, images: seen.images, uid, n, operation, hostKeys: record.hostKeys, on, policy: () => decisions.spec().policy, record,
        leftOut: () => people.leftOut().hosts, note: (line) => tell({ ...status, notes: [...new Set([...status.notes, line])] }) };
      if (!(await people.agreed(plan))) {
        round = 0;
        continue;
      }
      first = false;
      if (plan.jobs.length > 0 && round < rounds) {
        // Amended: the rounds that count begin anew with what is wanted now.
        if (!(await perform({ plan, work, report, decisions, mended, leftOut: () => people.leftOut() }))) round = 0;
        continue;
      }
      if (plan.jobs.length > 0) throw failure('NotReadyYet', `after ${rounds} rounds there is still work: ${plan.jobs.map(({ id }) => id).join(', ')}`);
      const left = leftOutWords(people.leftOut());
      const absent = [...plan.absent, ...people.leftOut().hosts];
      const message = [
        seen.cluster ? wholeWords(wholeInput(spec, { ...plan, absent }, seen.images), seen.cluster) : 'nothing to do',
        ...(plan.absent.length > 0 ? [`cannot be reached, left out: ${plan.absent.join(', ')}`] : []), ...(left ? [`left out: ${left}`] : []),
      ].join('; ');
      const endedAt = new Date().toISOString();
      const reason = left ? 'Skipped' : plan.absent.length > 0 ? 'HostUnreachable' : 'Ready';
      tell(endStatus(status, { ok: true, ready: reason === 'Ready', reason, message }, endedAt));
      record = { ...recordOutcome(record, last, status, endedAt), phase: 'ClusterSuccess', conditions: status.conditions, created: true,
        ...(left ? {} : { madeFrom: madeFrom(spec, seen.images) }) };
      await condition(allHandlersFinished);
      return { outcome: 'Success', message, record };
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const why = explain(error);
    if (isCancellation(error) || !why) {
      const back = plan ? await takeBack({ spec: decisions.spec(), uid, n, operation, record, report }) : '';
      const message = ['cancelled', back].filter(Boolean).join('; ');
      tell(endStatus(status, { ok: false, reason: 'Cancelled', message }, new Date().toISOString()));
      record = { ...recordOutcome(record, last, status, new Date().toISOString()), phase: 'ClusterFailed', conditions: status.conditions };
      await CancellationScope.nonCancellable(() => entity.signal(progressSignal, { operation, ended: { record, message: back } }));
      throw error;
    }
    tell(endStatus(status, { ok: false, reason: why.reason, message: why.message }, new Date().toISOString()));
    record = { ...recordOutcome(record, last, status, new Date().toISOString()), phase: 'ClusterFailed', conditions: status.conditions };
    const result: OperationResult = { outcome: 'Failed', message: why.message, record, ...(refused ? { refused: refused.type } : {}) };
    throw ApplicationFailure.create({ message: why.message, type: why.reason, nonRetryable: true, details: [result] });
  }
}

const failure = (type: ErrorType, message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
const lookFailure = ({ type, host, where, message }: Problem): Failure =>
  ({ job: { id: `Check/${host ?? where ?? ''}`, stage: 'Check', reason: 'the look after the work', ...(host ? { host } : {}) }, reason: type, message });

/** A plan without what a person has left out; its hash is that of the whole. Nothing but the last check is work only where the rest is not whole. */
function withoutLeftOut(plan: Plan, { spec, seen, leftOut }: { spec: ClusterSpec; seen: Seen; leftOut: LeftOut }): Plan {
  const out = leftOutOf(plan.jobs, leftOut);
  const jobs = plan.jobs.filter((job) => !out.has(job));
  if (jobs.length === plan.jobs.length || jobs.some(({ host, stage }) => host !== undefined && stage !== 'PostProcess')) return { ...plan, jobs };
  const absent = [...plan.absent, ...leftOut.hosts];
  const whole = seen.cluster && unwhole(wholeInput(spec, { version: plan.version, absent }, seen.images), seen.cluster).length === 0;
  return { ...plan, jobs: whole ? [] : jobs.filter(({ stage }) => stage === 'PostProcess') };
}

/** What is wrong with a host that was left out speaks against nothing. */
const seenWithout = (seen: Seen, { hosts }: LeftOut): Seen => ({ ...seen, problems: seen.problems.filter(({ host }) => !host || !hosts.includes(host)) });

const leftOutWords = ({ jobs, hosts }: LeftOut): string => [...hosts, ...jobs].join(', ');

/** The hosts that need no Init and no Join any more. */
const hostsJoined = (spec: ClusterSpec, { jobs }: Plan): string[] =>
  spec.hosts.map(({ id }) => id).filter((id) => !jobs.some(({ stage, host }) => host === id && (stage === 'Init' || stage === 'Join')));

const pauseWait = (cluster: string, { by, at, reason }: Paused, now: string): Waiting => ({
  kind: 'pause', reason: 'Paused', since: now, message: `paused by ${by} since ${at}${reason ? ` (${reason})` : ''}; nothing runs`,
  commands: [`keelson resume ${cluster}`, `keelson cancel ${cluster}`],
});

/** What is known after a look, and what the plan is about to do to which hosts. Hosts of which nothing is left are no more in it. */
function recordFrom(record: ClusterRecord, { spec, seen: { images, facts, cluster }, plan }: { spec: ClusterSpec; seen: Seen; plan: Plan }): ClusterRecord {
  const leaving = leavingOf(spec, record);
  const touched = new Set(plan.jobs.flatMap(({ host }) => host ?? []));
  const gone = new Set(leaving.filter(({ host }) => !touched.has(host.id)).map(({ host }) => host.id));
  const stays = <T>(of: Readonly<Record<string, T>> = {}): Record<string, T> => Object.fromEntries(Object.entries(of).filter(([id]) => !gone.has(id)));
  const there = facts.filter(({ host }) => !gone.has(host));
  const members = spec.hosts.filter(({ id }) => touched.has(id) || record.members?.[id] !== undefined || hasJoined(facts.find(({ host }) => host === id)));
  const ran = images.filter(({ kind, digest }) => kind === 'application' && facts.some(({ done }) => done.includes(marks.guest(digest)))).map(({ digest }) => digest);
  return {
    ...record,
    leader: plan.leader,
    ...(cluster?.fixed ? { fixed: cluster.fixed } : {}),
    hostKeys: { ...stays(record.hostKeys), ...valuesOf(there, ({ hostKey }) => hostKey) },
    machineIds: { ...stays(record.machineIds), ...valuesOf(there, ({ machineId }) => machineId) },
    members: { ...stays(record.members), ...Object.fromEntries(members.map((host) => [host.id, { host }])) },
    installed: [...new Set([...(plan.jobs.some(({ stage }) => stage === 'Init') ? [] : (record.installed ?? [])).filter((one) => images.some(({ digest }) => digest === one)), ...ran])],
    images: images.map(({ ref, digest, kind, version }) => {
      const since = record.images.find((one) => one.ref === ref && one.digest === digest)?.since;
      return { ref, digest, kind, ...(version ? { version } : {}), ...(since ? { since } : {}) };
    }),
  };
}

/** A value of each host that has one, by host id. */
const valuesOf = (facts: readonly HostFacts[], value: (one: HostFacts) => string | undefined): Record<string, string> =>
  Object.fromEntries(facts.flatMap((one) => { const found = value(one); return found ? [[one.host, found]] : []; }));

/** Warnings of the checks, and the key of every host that was met for the first time. */
function notesFrom(notes: readonly string[], { problems, facts }: Seen, known: ClusterRecord['hostKeys']): string[] {
  const met = facts.filter(({ host, fingerprint }) => fingerprint && !known[host]);
  const lines = [
    ...met.map(({ host, fingerprint }) => `${host}: first contact, host key ${fingerprint ?? ''}`),
    ...problems.filter(({ severity }) => severity === 'warning').map(({ host, message }) => `warning: ${host ? `${host}: ` : ''}${message}`),
  ];
  return [...new Set([...notes, ...lines])];
}
