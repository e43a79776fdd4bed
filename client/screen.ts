import type { WriteStream } from 'node:tty';

/** Lines that are drawn again in place. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Leaves the last drawing where it is; what follows comes below it. */
  leave(): void;
}

/** A screen on a terminal. What does not fit its height loses lines in the middle, so that head and news stay. */
export function createScreen(stream: WriteStream): Screen {
  let drawn = 0;
  return {
    draw(lines) {
      const most = Math.max(8, (stream.rows || 40) - 1);
      const shown = lines.length <= most ? lines : [...lines.slice(0, most - 4), '  …', ...lines.slice(-3)];
      const up = drawn > 0 ? `\u001b[${drawn}A` : '';
      stream.write(`${up}\r\u001b[J${shown.map((line) => `${line}\n`).join('')}`);
      drawn = shown.length;
    },
    leave() {
      drawn = 0;
    },
  };
}
