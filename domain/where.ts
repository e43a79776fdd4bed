/** For whom an activity works: names its logs, its journal lines and its fence. */
export interface Where {
  readonly cluster: string;
  readonly uid: string;
  readonly n: number;
  /** e.g. `init-1`. */
  readonly operation: string;
  readonly stage: string;
}
