/** A person pressed Ctrl-C at a question: what it was about is not done. */
export class LeftAtQuestion extends Error {
  constructor() {
    super('left at the question: nothing was done');
    this.name = 'LeftAtQuestion';
  }
}
