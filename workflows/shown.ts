import { setCurrentDetails, setHandler } from '@temporalio/workflow';
import { renderDetails } from '../domain/details';
import type { Paused } from '../domain/hands';
import type { OperationStatus } from '../domain/status';
import { statusQuery } from './messages';

/** The status of an operation, as its query and the header of its run in the Temporal UI show it. */
export class Shown {
  /** `description`: of the query, for people. */
  constructor(private now: OperationStatus, description: string) {
    setHandler(statusQuery, () => this.now, { description });
  }

  private due = false;

  get status(): OperationStatus {
    return this.now;
  }

  /** The text of the header is written once for all that is told at the same moment: a plan begins with thousands of jobs that say what they wait for. */
  tell(next: OperationStatus): void {
    this.now = next;
    if (this.due) return;
    this.due = true;
    void Promise.resolve().then(() => {
      this.due = false;
      setCurrentDetails(renderDetails(this.now));
    });
  }

  /** Who holds the operation still; undefined: nobody any more. */
  hold(paused: Paused | undefined): void {
    const { paused: _before, ...rest } = this.now;
    this.tell(paused ? { ...rest, paused } : rest);
  }
}
