import type { Where } from '../domain/where';
import { type Job, runJob } from './job';
import type { Session } from './ports';

/** Names one operation among all that a host may ever see, also of clusters that bear one name. */
export const operationId = ({ uid, n }: Pick<Where, 'uid' | 'n'>): string => `${uid.slice(0, 8)}-${n}`;

/** A command that failed so often within one operation is left for a person. */
const maxFailures = 8;

/** A detached job that is a step of the operation, by its name on the host. */
export interface StepJob extends Omit<Job, 'id' | 'maxFailures'> {
  readonly step: string;
}

/**
 * Runs a step of an operation as a detached job; see runJob for what it throws. The same step of the same operation is the
 * same job, whoever runs it: that is how it is found again.
 */
export const runStep = (session: Session, { step, ...job }: StepJob): Promise<{ generation: number }> =>
  runJob(session, { ...job, id: `${operationId(job.scope)}-${step}`, maxFailures });
