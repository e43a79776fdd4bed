import type { OperationStatus, Waiting } from '../domain/status';
import { askYes } from './ask';
import type { KeelsonClient } from './keelson-client';

/** Shows what a plan needs leave for. */
export function showApprovals({ approvals = [], planHash = '' }: Waiting): void {
  console.error(`This needs your leave (plan ${planHash.slice(0, 16)}):`);
  for (const one of approvals) console.error(`  - ${one}`);
}

/** Shows what a plan needs leave for, and asks on the terminal. */
export async function agree(waiting: Waiting): Promise<boolean> {
  showApprovals(waiting);
  return askYes('Go on?', '--yes, or `keelson approve`');
}

/** Approvals while an operation is followed: in advance by --yes, or on the terminal. Each plan is asked once. */
export class Approving {
  private readonly said = new Set<string>();

  constructor(private readonly client: KeelsonClient, private readonly options: { readonly yes?: boolean; readonly json?: boolean; readonly by?: string }) {}

  /** Whether a plan waits that can be approved from here, and was not yet. */
  asks(status: OperationStatus): boolean {
    const { yes, json } = this.options;
    return status.waiting?.kind === 'approval' && !this.answered(status) && (yes === true || (!json && process.stdin.isTTY && process.stdout.isTTY));
  }

  /** Whether the wait was answered from here: the answer takes a moment to arrive. */
  answered({ waiting }: OperationStatus): boolean {
    return waiting !== undefined && this.said.has(keyOf(waiting));
  }

  /** Asks where it must, and passes the answer on. False: the person does not agree. */
  async answer({ cluster, waiting }: OperationStatus): Promise<boolean> {
    if (!waiting?.planHash) return false;
    this.said.add(keyOf(waiting));
    const { yes, by } = this.options;
    if (!yes && !(await agree(waiting))) return false;
    await this.client.approve(cluster, { planHash: waiting.planHash, ...(by ? { by } : {}) });
    return true;
  }
}

const keyOf = ({ planHash = '', since }: Waiting): string => `${planHash} ${since}`;
