import type { Images, Remote, Secrets, TreeRenderer } from './ports';

/** What activities are made of. Only workers/main.ts puts it together. */
export interface Deps {
  readonly remote: Remote;
  readonly images: Images;
  readonly renderer: TreeRenderer;
  readonly secrets: Secrets;
  /** Where full output goes: one line of one attempt's log. */
  log(at: { cluster: string; operation: string; stage: string; host: string; attempt: number }, line: string): void;
  /** So long a new kubelet has to be Ready without a break before an upgrade counts it, milliseconds; default 10 s. */
  readonly steadyMs?: number;
}
