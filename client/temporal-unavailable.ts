/** No Temporal server, or no Temporal worker behind it. `todo` says what a person should do. */
export class TemporalUnavailable extends Error {
  readonly todo: string;

  constructor(message: string, { todo, cause }: { todo: string; cause?: unknown }) {
    super(message, { cause });
    this.name = 'TemporalUnavailable';
    this.todo = todo;
  }
}
