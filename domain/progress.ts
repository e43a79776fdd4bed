import type { ClusterRecord, EntityState } from './entity';
import type { Waiting } from './status';

/** Operation to entity: how it goes. */
export interface Progress {
  readonly operation: string;
  /** What it waits for; absent: it goes on. */
  readonly waiting?: Waiting;
  /** The hash of its plan, to whom has asked. */
  readonly planHash?: string;
  /** Hosts that have joined. */
  readonly joined?: readonly string[];
  /** What it has come to: it must outlive the operation, however that ends. */
  readonly record?: ClusterRecord;
  /** A cancelled operation's last word: what it left, and what it took back. */
  readonly ended?: {
    readonly record: ClusterRecord;
    readonly message: string;
    /** Its plan waited for leave, and nothing was changed yet. */
    readonly untouched?: boolean;
  };
}

/**
 * The state after a word of the operation that runs; a word of any other one comes too late. Signals may overtake each other:
 * one that brings a hash or a record says nothing of what the operation waits for.
 */
export function afterProgress(state: EntityState, { operation, waiting, joined, record, planHash }: Progress): EntityState {
  if (state.running?.operation !== operation) return state;
  if (planHash) return { ...state, running: { ...state.running, planHash } };
  if (record) return { ...state, current: record };
  const { waiting: _before, ...running } = state.running;
  return { ...state, running: { ...running, ...(waiting ? { waiting, waited: true } : {}), ...(joined ? { joined } : {}) } };
}
