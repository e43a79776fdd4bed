import type { Policy } from '../domain/cluster';
import type { Plan } from '../domain/plan';
import type { PlanJob } from '../domain/plan-job';
import type { StageName } from '../domain/stages';
import type { Work } from './work';

/** One named step of the list. Its targets are the plan's jobs; the gates between jobs are in domain/gates.ts. */
export interface Stage {
  /** The pipeline's name, CamelCase; also the condition type. Never renamed. */
  readonly name: StageName;
  /**
   * A cancel lets the job go on to its end for so long before it is cut off: cut off half way it would leave others in
   * need (a member of etcd that never came up). Absent: it is cut off at once, and its host is taken back.
   */
  readonly finishesWithinMs?: (policy: Policy) => number;
  /** Does the job's work: one durable activity. */
  run(args: { job: PlanJob; plan: Plan; work: Work }): Promise<void>;
}
