import { allHandlersFinished, ApplicationFailure, CancellationScope, CancelledFailure, condition, ContinueAsNew, continueAsNew, getExternalWorkflowHandle, isCancellation, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import type { ClusterRecord, OperationResult } from '../domain/entity';
import type { ErrorType } from '../domain/errors';
import { type ForOnce, forOnceOf } from '../domain/for-once';
import type { Paused } from '../domain/hands';
import { recordOutcome } from '../domain/host-record';
import { endingOf, isPlanned } from '../domain/left-out';
import type { Anew } from '../domain/lost';
import { madeFrom } from '../domain/made-from';
import { pauseWait } from '../domain/paused';
import { type Plan, refusalOf } from '../domain/plan';
import { errorsOf } from '../domain/problem';
import type { Progress } from '../domain/progress';
import { joinedBefore, notesAfterLook, recordAfterLook } from '../domain/record';
import type { Seen } from '../domain/seen';
import { someOf } from '../domain/some-of';
import { applyEvent, beginStatus, endStatus, type OperationStatus, type Waiting, withoutUnplanned } from '../domain/status';
import { declinedWords } from '../domain/taken-back';
import { type Failure, failureOfLook } from '../domain/waits';
import { listen } from './decisions';
import { explain } from './explain';
import { isTooLongToLook } from './long-history';
import { glanceAt } from './look-at-hosts';
import { Looks } from './looks';
import { planQuery, progressSignal } from './messages';
import type { Answer } from './park';
import { heardFirst, type Parked, People } from './people';
import { perform } from './perform';
import type { Report } from './run-jobs';
import { Shown } from './shown';
import { takeBack } from './take-back';
import { tellEntity } from './tell-entity';
import type { Work } from './work';

export interface OperationInput extends ForOnce {
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
  /** A person has read the plan of `planHash` and said yes to it: to no other one that comes after it. */
  readonly agreed?: boolean;
  /** The operation waits, or goes on: its run before ended so that its history does not grow without end. */
  readonly parked?: Parked & {
    readonly status: OperationStatus;
    readonly record: ClusterRecord;
    /** Nothing was changed yet: its plan waits for approval. */
    readonly first?: boolean;
  };
}

/** So many looks before we say that the cluster does not settle. */
const rounds = 4;

/**
 * One pass: look, plan, act, look again; ready means that nothing is left to do. There is no second path: creating a
 * cluster is converging one whose hosts are bare.
 */
export async function operate(input: OperationInput): Promise<OperationResult> {
  const { uid, n, operation, last, parked } = input;
  // Begun by an entity of before it has them in its spec.
  const { force = false, noWait = false } = { ...forOnceOf(input.spec), ...input };
  const shown = new Shown(parked?.status ?? beginStatus(input.spec.name, operation, last.conditions, now()), 'stages, hosts, conditions, what it waits for');
  let plan: Plan | undefined;
  let seen: Seen | undefined;
  /** Its own plan was refused before the first change. */
  let refused: ReturnType<typeof refusalOf>;
  const report: Report = (event) => shown.tell(applyEvent(shown.status, event, now()));
  setHandler(planQuery, () => plan, { description: 'the plan that runs' });

  const parent = workflowInfo().parent;
  if (!parent) throw ApplicationFailure.nonRetryable('an operation runs only under the entity of its cluster', 'InvalidSpec');
  // The entity asks again when it needs to know: nobody waits until it has heard.
  const progress = (word: Omit<Progress, 'operation'>): void => void tellEntity(parent.workflowId, progressSignal, { operation, ...word });
  /** Somebody waits to hear which plan runs. */
  let asked = false;
  const tellPlan = (): void => {
    const { planHash } = shown.status;
    if (!asked || !planHash) return;
    asked = false;
    progress({ planHash });
  };
  const note = (waiting: Waiting | undefined) => {
    const { waiting: _before, ...rest } = shown.status;
    shown.tell(waiting ? { ...rest, waiting } : rest);
  };
  const show = (waiting: Waiting | undefined) => {
    note(waiting);
    progress({ ...(waiting ? { waiting } : {}), ...(plan && { joined: joinedBefore(decisions.spec(), plan) }) });
  };

  const decisions = listen({ spec: input.spec, paused: input.paused, onAsk: () => { asked = true; tellPlan(); }, onPause: (paused, running) => {
    shown.hold(paused);
    const { waiting } = shown.status;
    if (paused && running === 0 && !waiting) show(pauseWait(input.spec.name, paused, now()));
    else if (!paused && waiting?.kind === 'pause') show(undefined);
  } });
  const { on } = decisions;
  const looks: Looks = new Looks({
    spec: input.spec, uid, n, operation, record: parked?.record ?? last, decisions, force, ...(input.forget ? { forget: input.forget } : {}), report, status: () => shown.status,
  }, () => people);
  const people = new People({
    decisions, heard: parked?.heard ?? heardFirst(input), approved: input.approved ?? false, noWait, show, note, report, ...(parked?.waiting ? { waiting: parked.waiting } : {}),
    glance: (ids) => glanceAt({ spec: { ...decisions.spec(), hosts: decisions.spec().hosts.filter(({ id }) => ids.includes(id)) }, uid, hostKeys: looks.record.hostKeys }),
    facts: () => ({ spec: decisions.spec(), images: seen?.images ?? [], leader: plan?.leader ?? looks.record.leader ?? '' }),
    renew: (next) => {
      // Cancelled in this very task: the next run would not hear of it.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
      const { paused: _before, ...same } = input;
      const paused = decisions.paused();
      return continueAsNew<typeof operate>({ ...same, spec: decisions.spec(), ...(paused ? { paused } : {}), parked: { ...next, status: shown.status, record: looks.record, first } });
    },
  });
  const mended = (failures: readonly Failure[], waiting?: Waiting): Promise<Answer> => people.mended(failures, waiting);

  // Before the first change nothing parks.
  let first = parked?.first ?? parked === undefined;
  // What must outlive this operation, however it ends, is told at once.
  const keep = (next: ClusterRecord): void => {
    if (JSON.stringify(next) === JSON.stringify(looks.record)) return;
    looks.record = next;
    progress({ record: next });
  };
  const fail = (reason: string, message: string): void => {
    const endedAt = now();
    shown.tell(endStatus(shown.status, { ok: false, reason, message }, endedAt));
    looks.record = { ...recordOutcome(looks.record, last, shown.status, endedAt), phase: 'ClusterFailed', conditions: shown.status.conditions };
  };
  try {
    if (parked && parked.failures.length > 0) await mended(parked.failures, parked.waiting);
    for (let round = 1; ; round += 1) {
      seen = await looks.next(first ? input.anew : undefined);
      plan = looks.plan(seen);
      // Before the first change nothing parks: what is wrong ends the operation, all of it in one report.
      refused = first ? refusalOf(plan, input.planHash) : undefined;
      if (refused) {
        if (looks.begunAnew) looks.record = last;
        throw failure(refused.type, refused.message);
      }
      looks.mayBeAway ??= plan.absent;
      // Work was done since: a host that is away now is waited for, as in any other stage.
      while (errorsOf(plan.problems).length > 0) {
        await mended(errorsOf(plan.problems).map(failureOfLook));
        seen = await looks.now();
        plan = looks.plan(seen);
      }
      shown.tell(withoutUnplanned(shown.status, isPlanned(plan, people.leftOut()), now()));
      const spec = looks.wanted;
      keep(recordAfterLook(looks.record, { spec, seen, plan }));
      const { notes, planned = plan.jobs.length, planHash = plan.hash } = shown.status;
      shown.tell({ ...shown.status, notes: notesAfterLook(notes, seen, looks.begunAnew ? {} : last.hostKeys), planned, planHash: round === 1 ? plan.hash : planHash });
      tellPlan();
      const { record } = looks;
      const work: Work = { spec, images: seen.images, uid, n, operation, hostKeys: record.hostKeys, on, policy: () => decisions.spec().policy, force, record,
        leftOut: () => people.leftOut().hosts, note: (line) => shown.tell({ ...shown.status, notes: [...new Set([...shown.status.notes, line])] }) };
      if (!(await people.agreed(plan))) {
        round = 0;
        continue;
      }
      first = false;
      if (plan.jobs.length > 0 && round < rounds) {
        // Amended, or tried again: the rounds that count begin anew with what is wanted, and how it is, now.
        const performed = await perform({ plan, work, report, decisions, mended, lookAgain: () => looks.again(), leftOut: () => people.leftOut() });
        if (performed === 'anew') round = 0;
        if (performed === 'long' || isTooLongToLook(looks.wanted)) await people.goOn();
        continue;
      }
      if (plan.jobs.length > 0) throw failure('NotReadyYet', `after ${rounds} rounds there is still work: ${someOf(plan.jobs, ({ id }) => id, ', ')}`);
      const { reason, message } = endingOf(plan, { spec, seen, leftOut: people.leftOut() });
      const endedAt = now();
      shown.tell(endStatus(shown.status, { ok: true, ready: reason === 'Ready', reason, message }, endedAt));
      looks.record = { ...recordOutcome(looks.record, last, shown.status, endedAt), phase: 'ClusterSuccess', conditions: shown.status.conditions, created: true,
        ...(reason === 'Skipped' ? {} : { madeFrom: madeFrom(spec, seen.images) }) };
      await condition(allHandlersFinished);
      return { outcome: 'Success', message, record: looks.record };
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const why = explain(error);
    if (isCancellation(error) || !why) {
      const { waiting, ...goes } = shown.status;
      shown.tell(goes);
      // Whoever ends it instead of giving leave says no to its plan: there is nothing to take back.
      const untouched = first && waiting?.kind === 'approval' && patched('declined-plans-take-nothing-back');
      // A run that goes on from another one has hosts to take back before it has a plan; one that waits for its first approval has none.
      const begun = plan !== undefined || (parked !== undefined && parked.first !== true && patched('takes-back-what-runs-before-began'));
      const back = begun && !untouched ? await takeBack({ spec: decisions.spec(), uid, n, operation, record: looks.record, report }) : '';
      fail('Cancelled', ['cancelled', back].filter(Boolean).join('; '));
      await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(parent.workflowId).signal(progressSignal, { operation, ended: { record: looks.record, message: back, ...(untouched ? { untouched } : {}) } }));
      throw error;
    }
    // Nobody has agreed to its plan, and nobody will: it is declined as by a cancel.
    const declined = first && noWait && why.reason === 'NeedsDecision';
    const message = declined ? `${why.message}; ${declinedWords}` : why.message;
    fail(why.reason, message);
    const result: OperationResult = { outcome: 'Failed', message, record: looks.record, ...(refused ? { refused: refused.type } : {}), ...(declined ? { declined } : {}) };
    throw ApplicationFailure.create({ message, type: why.reason, nonRetryable: true, details: [result] });
  }
}

const now = (): string => new Date().toISOString();
const failure = (type: ErrorType, message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
