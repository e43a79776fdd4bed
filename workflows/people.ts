import { ApplicationFailure, condition } from '@temporalio/workflow';
import { type Agreed, approvalWait, nothingAgreed, toAsk } from '../domain/approval';
import type { ClusterRecord } from '../domain/entity';
import { overrides } from '../domain/override';
import type { Plan } from '../domain/plan';
import { leaveOut, type LeftOut, nothingLeftOut, type SkipFacts } from '../domain/skip-rules';
import type { StageEvent, Waiting } from '../domain/status';
import type { Decisions } from './decisions';
import { type Answer, park, renewMs } from './park';
import type { Failure, Report } from './run-jobs';

/** What an operation knows of people's words, as it hands it on to its next run. */
export interface Heard {
  /** How often it has tried again by itself since somebody said something. */
  readonly tried: number;
  readonly leftOut: LeftOut;
  readonly agreed: Agreed;
}

export const nothingHeard: Heard = { tried: 0, leftOut: nothingLeftOut, agreed: nothingAgreed };

export interface PeopleInput {
  readonly decisions: Decisions;
  readonly heard: Heard;
  /** What the last operation left. */
  readonly last: ClusterRecord;
  readonly report: Report;
  /** Whatever asks for approval was approved in advance. */
  readonly approved: boolean;
  show(waiting: Waiting | undefined): void;
  facts(): SkipFacts;
  /** The run ends here and goes on parked as a new one. */
  renew(parked: Parked): Promise<never>;
}

/** An operation that waits, as its next run takes it up. */
export interface Parked {
  readonly waiting: Waiting;
  readonly failures: readonly Failure[];
  readonly heard: Heard;
}

/** The points at which an operation needs a person. */
export class People {
  private heard: Heard;
  private hasWaited = false;

  constructor(private readonly input: PeopleInput) {
    this.heard = input.heard;
  }

  leftOut(): LeftOut {
    return this.heard.leftOut;
  }

  /** Parks until somebody says how it goes on, or ends the operation where nobody waits. `waiting`: of the run before. */
  async mended(failures: readonly Failure[], waiting?: Waiting): Promise<Answer> {
    const { decisions, show, facts } = this.input;
    if (decisions.spec().policy.noWait) throw ApplicationFailure.nonRetryable(describe(failures), 'StageFailed');
    const { tried } = this.heard;
    const answer = await park({
      failures, tried, decisions, show, waiting, first: !this.hasWaited, facts: facts(), now: () => new Date(),
      renew: (still) => this.input.renew({ waiting: still, failures, heard: this.heard }),
    });
    this.hasWaited = true;
    this.heard = { ...this.heard, tried: answer.decision === 'timer' ? tried + 1 : 0 };
    if (answer.decision === 'skip') this.heard = { ...this.heard, leftOut: leaveOut(this.heard.leftOut, failures.map(({ job }) => job).filter(({ id }) => answer.jobs.includes(id))) };
    if (answer.decision === 'amend') this.heard = { ...this.heard, agreed: nothingAgreed };
    return answer;
  }

  /** Waits for the approval that a plan needs. True: it may run. False: look again, and plan again. */
  async agreed(plan: Plan): Promise<boolean> {
    const { decisions, show, approved, report, last } = this.input;
    if (approved) return true;
    const { asked, agreed } = toAsk(plan, this.heard.agreed, overrides(plan, decisions.spec(), last));
    const stale = this.heard.agreed.planHash !== undefined && asked.length > 0;
    this.heard = { ...this.heard, agreed };
    if (asked.length === 0) return true;
    const waiting = approvalWait(plan, asked, { since: new Date().toISOString(), stale });
    if (decisions.spec().policy.noWait) throw ApplicationFailure.nonRetryable(waiting.message, 'NeedsDecision');
    const tell = (state: 'waiting' | 'done'): void => {
      if (asked.some(({ kind }) => kind === 'override')) report({ stage: 'ConfirmOverrideApps' as StageEvent['stage'], state, ...(state === 'waiting' ? { reason: waiting.reason } : {}) });
    };
    decisions.forget();
    tell('waiting');
    show(waiting);
    let word: ReturnType<typeof decisions.take<'approve' | 'amend'>>;
    const said = await condition(() => (word ??= decisions.take('approve', 'amend')) !== undefined, renewMs(decisions.spec()), { summary: 'waits for approval: goes on as a new run' });
    if (!said) return this.input.renew({ waiting, failures: [], heard: this.heard });
    show(undefined);
    tell('done');
    if (word?.decision === 'approve') this.heard = { ...this.heard, agreed: { ...agreed, planHash: word.planHash, by: word.by } };
    else this.heard = { ...this.heard, agreed: nothingAgreed };
    return false;
  }
}

export const describe = (failures: readonly Failure[]): string =>
  failures.map(({ job, message }) => `${job.stage}${job.host ? ` on ${job.host}` : ''}: ${message}`).join('; ');
