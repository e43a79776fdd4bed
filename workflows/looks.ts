import { withoutReplacedKeys } from '../domain/amend';
import type { ClusterSpec } from '../domain/cluster';
import type { ClusterRecord } from '../domain/entity';
import { planWithout, seenWithout } from '../domain/left-out';
import type { Anew } from '../domain/lost';
import { withAccess } from '../domain/membership';
import { onceMore } from '../domain/once-more';
import type { Plan } from '../domain/plan';
import { errorsOf } from '../domain/problem';
import type { Seen } from '../domain/seen';
import type { OperationStatus } from '../domain/status';
import { type Failure, failureOfLook } from '../domain/waits';
import type { RunOf } from '../domain/where';
import type { Decisions } from './decisions';
import { look, planFrom } from './look';
import { lookAnew } from './look-anew';
import type { People } from './people';
import type { Report } from './run-jobs';

export interface LooksInput extends Omit<RunOf, 'spec'> {
  /** What was wanted when the run began. */
  readonly spec: ClusterSpec;
  readonly record: ClusterRecord;
  readonly decisions: Decisions;
  /** Applications run once more, and what was run already is left out. */
  readonly force: boolean;
  /** Hosts that may be forgotten where they cannot be reached. */
  readonly forget?: readonly string[];
  readonly report: Report;
  status(): OperationStatus;
}

/** What an operation sees and plans, again and again: each look heeds what was said and amended since the one before. */
export class Looks {
  /** What is known of the cluster: each look, and each stage, adds to it. */
  record: ClusterRecord;
  /** What is wanted, as of the last look. */
  wanted: ClusterSpec;
  /** Hosts that may be away: those that were when the operation began. Absent until then: any. */
  mayBeAway?: readonly string[];
  /** Nothing of the cluster was left, and what was known of it is forgotten. */
  begunAnew = false;
  /** Seen just now, by a look before what failed is tried again. */
  private fresh: Seen | undefined;

  constructor(private readonly input: LooksInput, private readonly people: () => People) {
    this.record = input.record;
    this.wanted = input.spec;
  }

  /** What is there: the look before a retry, which nobody has used yet, or a new one. */
  async next(anew?: Anew): Promise<Seen> {
    const seen = this.fresh ?? await this.now(anew);
    this.fresh = undefined;
    return seen;
  }

  async now(anew?: Anew): Promise<Seen> {
    const { decisions } = this.input;
    for (;;) {
      // What is amended during a pause counts from the first look after it.
      await decisions.released();
      this.people().heedAmendments();
      // Amended meanwhile: hosts that it leaves out have to be reached once more, and another key than before may be known.
      const { record, wanted } = this;
      this.record = { ...withAccess(record, wanted, decisions.spec()), hostKeys: withoutReplacedKeys(record.hostKeys, wanted, decisions.spec()) };
      this.wanted = decisions.spec();
      const looked = await lookAnew(anew, this.record, (known) => this.lookWith(known));
      if (decisions.amended()) continue;
      this.record = looked.record;
      this.begunAnew ||= looked.anew;
      return looked.seen;
    }
  }

  /** Before what failed is tried again. Gives what is against it; nothing where it may be, or where the plan is of another spec by now. */
  async again(): Promise<readonly Failure[] | undefined> {
    const { amendments } = this.people();
    const seen = await this.now();
    const against = errorsOf(this.plan(seen).problems).map(failureOfLook);
    if (against.length > 0 && this.people().amendments === amendments) return against;
    this.fresh = seen;
    return undefined;
  }

  plan(seen: Seen): Plan {
    const { forget, force, status } = this.input;
    const leftOut = this.people().leftOut();
    const without = seenWithout(seen, leftOut);
    const known = { last: this.record, ...(forget ? { forget } : {}) };
    const plain = planFrom(this.wanted, without, known);
    return planWithout(force ? onceMore(plain, planFrom(this.wanted, without, { ...known, force }), status()) : plain, { spec: this.wanted, seen, leftOut });
  }

  private lookWith(known: ClusterRecord): Promise<Seen> {
    const { uid, n, operation, decisions: { on }, report } = this.input;
    const { mayBeAway } = this;
    return look({ spec: this.wanted, uid, n, operation, hostKeys: known.hostKeys, last: known, on, report, ...(mayBeAway ? { mayBeAway } : {}) });
  }
}
