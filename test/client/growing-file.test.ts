import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesFrom } from '../../client/growing-file';

let dir: string;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'growing-')); });
afterEach(() => { rmSync(dir, { recursive: true, force: true }); });

test('lines come once, when they are whole, and those of a log that took the place of a long one too', () => {
  const file = join(dir, 'worker.log');
  expect(linesFrom(file, 0)).toEqual({ lines: [], next: 0 });
  writeFileSync(file, 'one\ntw');
  const first = linesFrom(file, 0);
  expect(first.lines).toEqual(['one']);
  appendFileSync(file, 'ö\nthree\n');
  const second = linesFrom(file, first.next);
  expect(second.lines).toEqual(['twö', 'three']);
  expect(linesFrom(file, second.next).lines).toEqual([]);
  renameSync(file, `${file}.1`);
  writeFileSync(file, 'anew\n');
  expect(linesFrom(file, second.next).lines).toEqual(['anew']);
});
