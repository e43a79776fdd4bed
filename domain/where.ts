import type { ClusterSpec } from './cluster';

/** For whom an activity works: names its logs, its journal lines and its fence. */
export interface Where {
  readonly cluster: string;
  readonly uid: string;
  readonly n: number;
  /** e.g. `init-1`. */
  readonly operation: string;
  readonly stage: string;
}

/** One run over a cluster; without a number (0) for what is no operation of its own. */
export interface RunOf {
  readonly spec: Pick<ClusterSpec, 'name'>;
  readonly uid: string;
  readonly n?: number;
  readonly operation: string;
}

/** `stage`: the stage's name, or what else the work is called in logs and in the journal. */
export const whereOf = ({ spec, uid, n = 0, operation }: RunOf, stage: string): Where => ({ cluster: spec.name, uid, n, operation, stage });
