import { noHash } from '../domain/plan';
import type { Problem } from '../domain/problem';
import type { LoginFlags } from './login-flags';
import { mistake } from './one-report';
import type { CommonFlags } from './session';

/** The flags of run, apply and plan, as commander gives them. */
export interface SpecFlags extends CommonFlags, LoginFlags {
  readonly masters?: string;
  readonly nodes?: string;
  readonly env: readonly string[];
  readonly cmd: readonly string[];
  readonly configFile: readonly string[];
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly force?: boolean;
  readonly strictHostKeys?: boolean;
  readonly controlPlaneEndpoint?: string;
  readonly dryRun?: boolean;
  /** `--wait` and `--no-wait`: true, false; absent when neither was said. */
  readonly wait?: boolean;
  readonly detach?: boolean;
  readonly exitCode?: boolean;
  readonly Clusterfile?: string;
  /** Run only the plan of this hash, or of a hash that begins so. */
  readonly planHash?: string;
}

/** A hash that is empty names no plan: any begins so. */
export const hashProblems = ({ planHash }: Pick<SpecFlags, 'planHash'>): Problem[] =>
  (planHash?.trim() === '' ? [mistake(noHash, 'give the hash that `keelson plan` shows')] : []);
