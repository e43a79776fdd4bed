import { allHandlersFinished, ApplicationFailure, CancellationScope, CancelledFailure, condition, ContinueAsNew, continueAsNew, getExternalWorkflowHandle, isCancellation, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import { withoutReplacedKeys } from '../domain/amend';
import type { ClusterSpec } from '../domain/cluster';
import type { ClusterRecord, OperationResult } from '../domain/entity';
import type { ErrorType } from '../domain/errors';
import { type ForOnce, forOnceOf } from '../domain/for-once';
import type { Paused } from '../domain/hands';
import { recordOutcome } from '../domain/host-record';
import { endingOf, isPlanned, planWithout, seenWithout } from '../domain/left-out';
import type { Anew } from '../domain/lost';
import { madeFrom } from '../domain/made-from';
import { withAccess } from '../domain/membership';
import { onceMore } from '../domain/once-more';
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
import { look, planFrom } from './look';
import { lookAnew } from './look-anew';
import { glanceAt } from './look-at-hosts';
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
  let record = parked?.record ?? last;
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
  const people = new People({
    decisions, heard: parked?.heard ?? heardFirst(input), approved: input.approved ?? false, noWait, show, note, report, ...(parked?.waiting ? { waiting: parked.waiting } : {}),
    glance: (ids) => glanceAt({ spec: { ...decisions.spec(), hosts: decisions.spec().hosts.filter(({ id }) => ids.includes(id)) }, uid, hostKeys: record.hostKeys }),
    facts: () => ({ spec: decisions.spec(), images: seen?.images ?? [], leader: plan?.leader ?? record.leader ?? '' }),
    renew: (next) => {
      // Cancelled in this very task: the next run would not hear of it.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
      const { paused: _before, ...same } = input;
      const paused = decisions.paused();
      return continueAsNew<typeof operate>({ ...same, spec: decisions.spec(), ...(paused ? { paused } : {}), parked: { ...next, status: shown.status, record, first } });
    },
  });
  const mended = (failures: readonly Failure[], waiting?: Waiting): Promise<Answer> => people.mended(failures, waiting);

  // Before the first change nothing parks.
  let first = parked?.first ?? parked === undefined;
  let wanted = input.spec;
  let mayBeAway: readonly string[] | undefined;
  /** Nothing of the cluster was left, and what was known of it is forgotten. */
  let begunAnew = false;
  const lookWith = (known: ClusterRecord) =>
    look({ spec: wanted, uid, n, operation, hostKeys: known.hostKeys, last: known, on, report, ...(mayBeAway ? { mayBeAway } : {}) });
  const lookNow = async (anew?: Anew): Promise<Seen> => {
    for (;;) {
      // What is amended during a pause counts from the first look after it.
      await decisions.released();
      people.heedAmendments();
      // Amended meanwhile: hosts that it leaves out have to be reached once more, and another key than before may be known.
      record = { ...withAccess(record, wanted, decisions.spec()), hostKeys: withoutReplacedKeys(record.hostKeys, wanted, decisions.spec()) };
      wanted = decisions.spec();
      const looked = await lookAnew(anew, record, lookWith);
      if (decisions.amended()) continue;
      ({ record } = looked);
      begunAnew ||= looked.anew;
      return looked.seen;
    }
  };
  const planNow = (seenNow: Seen): Plan => {
    const leftOut = people.leftOut();
    const without = seenWithout(seenNow, leftOut);
    const known = { last: record, ...(input.forget ? { forget: input.forget } : {}) };
    const plain = planFrom(wanted, without, known);
    return planWithout(force ? onceMore(plain, planFrom(wanted, without, { ...known, force }), shown.status) : plain, { spec: wanted, seen: seenNow, leftOut });
  };
  /** Seen just now, by a look before what failed is tried again. */
  let fresh: Seen | undefined;
  const lookAgain = async (): Promise<readonly Failure[] | undefined> => {
    const { amendments } = people;
    const seenNow = await lookNow();
    const against = errorsOf(planNow(seenNow).problems).map(failureOfLook);
    // The plan that is there is of another spec then.
    if (against.length > 0 && people.amendments === amendments) return against;
    fresh = seenNow;
    return undefined;
  };
  // What must outlive this operation, however it ends, is told at once.
  const keep = (next: ClusterRecord): void => {
    if (JSON.stringify(next) === JSON.stringify(record)) return;
    record = next;
    progress({ record });
  };
  const fail = (reason: string, message: string): void => {
    const endedAt = now();
    shown.tell(endStatus(shown.status, { ok: false, reason, message }, endedAt));
    record = { ...recordOutcome(record, last, shown.status, endedAt), phase: 'ClusterFailed', conditions: shown.status.conditions };
  };
  try {
    if (parked && parked.failures.length > 0) await mended(parked.failures, parked.waiting);
    for (let round = 1; ; round += 1) {
      seen = fresh ?? await lookNow(first ? input.anew : undefined);
      fresh = undefined;
      plan = planNow(seen);
      // Before the first change nothing parks: what is wrong ends the operation, all of it in one report.
      refused = first ? refusalOf(plan, input.planHash) : undefined;
      if (refused) {
        if (begunAnew) record = last;
        throw failure(refused.type, refused.message);
      }
      mayBeAway ??= plan.absent;
      // Work was done since: a host that is away now is waited for, as in any other stage.
      while (errorsOf(plan.problems).length > 0) {
        await mended(errorsOf(plan.problems).map(failureOfLook));
        seen = await lookNow();
        plan = planNow(seen);
      }
      shown.tell(withoutUnplanned(shown.status, isPlanned(plan, people.leftOut()), now()));
      const spec = wanted;
      keep(recordAfterLook(record, { spec, seen, plan }));
      const { notes, planned = plan.jobs.length, planHash = plan.hash } = shown.status;
      shown.tell({ ...shown.status, notes: notesAfterLook(notes, seen, begunAnew ? {} : last.hostKeys), planned, planHash: round === 1 ? plan.hash : planHash });
      tellPlan();
      const work: Work = { spec, images: seen.images, uid, n, operation, hostKeys: record.hostKeys, on, policy: () => decisions.spec().policy, force, record,
        leftOut: () => people.leftOut().hosts, note: (line) => shown.tell({ ...shown.status, notes: [...new Set([...shown.status.notes, line])] }) };
      if (!(await people.agreed(plan))) {
        round = 0;
        continue;
      }
      first = false;
      if (plan.jobs.length > 0 && round < rounds) {
        // Amended, or tried again: the rounds that count begin anew with what is wanted, and how it is, now.
        const performed = await perform({ plan, work, report, decisions, mended, lookAgain, leftOut: () => people.leftOut() });
        if (performed === 'anew') round = 0;
        if (performed === 'long' || isTooLongToLook(wanted)) await people.goOn();
        continue;
      }
      if (plan.jobs.length > 0) throw failure('NotReadyYet', `after ${rounds} rounds there is still work: ${someOf(plan.jobs, ({ id }) => id, ', ')}`);
      const { reason, message } = endingOf(plan, { spec, seen, leftOut: people.leftOut() });
      const endedAt = now();
      shown.tell(endStatus(shown.status, { ok: true, ready: reason === 'Ready', reason, message }, endedAt));
      record = { ...recordOutcome(record, last, shown.status, endedAt), phase: 'ClusterSuccess', conditions: shown.status.conditions, created: true,
        ...(reason === 'Skipped' ? {} : { madeFrom: madeFrom(spec, seen.images) }) };
      await condition(allHandlersFinished);
      return { outcome: 'Success', message, record };
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
      const back = begun && !untouched ? await takeBack({ spec: decisions.spec(), uid, n, operation, record, report }) : '';
      fail('Cancelled', ['cancelled', back].filter(Boolean).join('; '));
      await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(parent.workflowId).signal(progressSignal, { operation, ended: { record, message: back, ...(untouched ? { untouched } : {}) } }));
      throw error;
    }
    // Nobody has agreed to its plan, and nobody will: it is declined as by a cancel.
    const declined = first && noWait && why.reason === 'NeedsDecision';
    const message = declined ? `${why.message}; ${declinedWords}` : why.message;
    fail(why.reason, message);
    const result: OperationResult = { outcome: 'Failed', message, record, ...(refused ? { refused: refused.type } : {}), ...(declined ? { declined } : {}) };
    throw ApplicationFailure.create({ message, type: why.reason, nonRetryable: true, details: [result] });
  }
}

const now = (): string => new Date().toISOString();
const failure = (type: ErrorType, message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
