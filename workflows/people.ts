import { ApplicationFailure, condition } from '@temporalio/workflow';
import { type Agreed, agreedTo, nothingAgreed, toAsk } from '../domain/approval';
import { leaveOut, type LeftOut, nothingLeftOut } from '../domain/left-out';
import type { Watched } from '../domain/changed-facts';
import type { Plan } from '../domain/plan';
import type { SkipFacts } from '../domain/skip-rules';
import type { Waiting } from '../domain/status';
import { approvalWait, type Failure, failureWords, unasked } from '../domain/waits';
import type { Decisions } from './decisions';
import { type Answer, park, type Parking, renewMs } from './park';
import type { Report } from './run-jobs';

/** What an operation knows of people's words, as it hands it on to its next run. */
export interface Heard {
  /** How often it has tried again by itself since somebody said something. */
  readonly tried: number;
  /** What it has seen of hosts that failed, while it waits for one of them to change. */
  readonly watched?: Watched;
  readonly leftOut: LeftOut;
  readonly agreed: Agreed;
}

/** What an operation begins with: nobody has said anything yet but yes to the plan it is asked for. */
export const heardFirst = (asked: Parameters<typeof agreedTo>[0]): Heard => ({ tried: 0, leftOut: nothingLeftOut, agreed: agreedTo(asked) });

export interface PeopleInput {
  readonly decisions: Decisions;
  readonly heard: Heard;
  readonly report: Report;
  /** Whatever asks for approval was approved in advance. */
  readonly approved: boolean;
  /** Nobody waits: what would park ends the operation. */
  readonly noWait: boolean;
  show(waiting: Waiting | undefined): void;
  /** Shows the wait, and does not tell the entity. */
  note(waiting: Waiting): void;
  glance: Parking['glance'];
  facts(): SkipFacts;
  /** What the run before ended in. */
  readonly waiting?: Waiting;
  /** The run ends here and goes on as a new one. */
  renew(parked: Parked): Promise<never>;
}

/** An operation that waits, or that goes on at once, as its next run takes it up. */
export interface Parked {
  /** Absent: it does not wait. */
  readonly waiting?: Waiting;
  readonly failures: readonly Failure[];
  readonly heard: Heard;
}

/** The points at which an operation needs a person. */
export class People {
  private heard: Heard;
  private hasWaited = false;
  /** How often something was amended, and heeded. */
  amendments = 0;

  constructor(private readonly input: PeopleInput) {
    this.heard = input.heard;
  }

  /** As it was asked for, or by a policy that was set meanwhile. */
  private nobodyWaits(): boolean {
    return this.input.noWait || this.input.decisions.spec().policy.noWait;
  }

  leftOut(): LeftOut {
    return this.heard.leftOut;
  }

  /** A look heeds what was amended: all that was agreed to was agreed for another spec. */
  heedAmendments(): void {
    while (this.input.decisions.take('amend')) this.amended();
  }

  private amended(): void {
    this.amendments += 1;
    this.heard = { ...this.heard, agreed: nothingAgreed };
  }

  /** Parks until somebody says how it goes on, or ends the operation where nobody waits. `waiting`: of the run before. */
  async mended(failures: readonly Failure[], waiting?: Waiting): Promise<Answer> {
    const { decisions, show, note, glance, facts } = this.input;
    if (this.nobodyWaits()) throw ApplicationFailure.nonRetryable(failureWords(failures), 'StageFailed');
    const { tried, watched } = this.heard;
    // What was said between two runs is about the wait that goes on.
    const first = !this.hasWaited && waiting === undefined;
    const answer = await park({
      failures, tried, decisions, show, note, glance, waiting, watched: waiting && watched, first, facts: facts(),
      renew: (still, seen) => this.input.renew({ waiting: still, failures, heard: { ...this.heard, watched: seen } }),
    });
    this.hasWaited = true;
    this.heard = { ...this.heard, tried: answer.decision === 'timer' ? tried + 1 : 0 };
    if (answer.decision === 'skip') this.heard = { ...this.heard, leftOut: leaveOut(this.heard.leftOut, failures.map(({ job }) => job).filter(({ id }) => answer.jobs.includes(id))) };
    if (answer.decision === 'amend') this.amended();
    return answer;
  }

  /** The run ends here, and a new one looks again and goes on: the history has grown long. */
  goOn(): Promise<never> {
    return this.input.renew({ failures: [], heard: this.heard });
  }

  /** Waits for the approval that a plan needs. True: it may run. False: look again, and plan again. */
  async agreed(plan: Plan): Promise<boolean> {
    const { decisions, show, approved, report } = this.input;
    if (approved) return true;
    const { asked, agreed } = toAsk(plan, this.heard.agreed);
    const stale = this.heard.agreed.planHash !== undefined && asked.length > 0;
    this.heard = { ...this.heard, agreed };
    if (asked.length === 0) return true;
    const before = this.input.waiting?.kind === 'approval' && this.input.waiting.planHash === plan.hash ? this.input.waiting : undefined;
    const waiting = approvalWait(plan, asked, { since: before?.since ?? new Date().toISOString(), stale });
    if (this.nobodyWaits()) throw ApplicationFailure.nonRetryable(unasked(asked), 'NeedsDecision');
    const tell = (state: 'waiting' | 'done'): void => {
      if (asked.some(({ kind }) => kind === 'override')) report({ stage: 'ConfirmOverrideApps', state, ...(state === 'waiting' ? { reason: waiting.reason } : {}) });
    };
    tell('waiting');
    show(waiting);
    let word: ReturnType<typeof decisions.take<'approve' | 'amend'>>;
    const said = await condition(() => (word ??= decisions.take('approve', 'amend')) !== undefined, renewMs(decisions.spec()), { summary: 'waits for approval: goes on as a new run' });
    if (!said) return this.input.renew({ waiting, failures: [], heard: this.heard });
    show(undefined);
    tell('done');
    if (word?.decision === 'approve') this.heard = { ...this.heard, agreed: { ...agreed, planHash: word.planHash, by: word.by } };
    else this.amended();
    return false;
  }
}
