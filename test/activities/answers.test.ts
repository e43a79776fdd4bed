import fc from 'fast-check';
import ts from 'typescript';
import { answerOf } from '../../activities/adapters/shell/answer';
import { ClusterError } from '../../domain/errors';
import { longestMs, mutated, spentMs } from '../mutated';
import { sourceFiles, walk } from '../source-files';
import { answers } from './answers';

/** What a session gives for an answer: a value of the right form, or an error in our own words. */
function survives({ command, form }: (typeof answers)[string], stdout: string, code = 0): void {
  const result = { code, stdout, stderr: stdout.slice(0, 1_000) };
  try {
    const value = answerOf('10.0.0.1', command, result);
    if (!form(value)) throw new Error(`an answer that nobody can use: ${JSON.stringify(value)?.slice(0, 300)}`);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.cause instanceof TypeError || error.cause instanceof RangeError) throw error.cause;
    expect(error.message).not.toContain(stdout.length > 40 ? stdout : '\0');
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

test('every command that reads its answer is among those that are tried here', () => {
  const named = sourceFiles().filter(({ path }) => /^(domain|activities)\//.test(path)).flatMap(({ syntax, path }) => {
    const found: string[] = [];
    walk(syntax, (node) => {
      const name = ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node) || ts.isShorthandPropertyAssignment(node) ? node.name.getText() : '';
      if (name !== 'parse') return;
      const reader = ts.isPropertyAssignment(node) && ts.isIdentifier(node.initializer) ? node.initializer.text : undefined;
      let top: ts.Node = node;
      while (!ts.isSourceFile(top.parent)) top = top.parent;
      const declared = ts.isVariableStatement(top) ? top.declarationList.declarations[0]?.name.getText() : ts.isFunctionDeclaration(top) ? top.name?.text : undefined;
      found.push(reader ?? declared ?? path);
    });
    return found;
  });
  expect([...new Set(named)].sort()).toEqual(Object.keys(answers).sort());
});

describe.each(Object.entries(answers))('the answer to %s', (_name, answer) => {
  test('is read as hosts really give it', () => {
    expect(answer.form(answerOf('10.0.0.1', answer.command, { code: 0, stdout: answer.sample, stderr: '' }))).toBe(true);
  });

  test('is of the right form or refused, whatever it is', () => {
    const { sample } = answer;
    const json = fc.oneof(fc.json(), fc.json().map((text) => `{"items":[${text}],"members":${text}}`), fc.constant('{"__proto__":{"polluted":1}}'));
    // Other values in the places of those that are there: a number where there was a text, nothing where there was a list.
    const places = [...sample.matchAll(/"(?:[^"\\]|\\.)*"|\b\d+\b|\btrue\b/g)];
    const swapped = places.length === 0 ? fc.constant(sample) : fc.tuple(fc.nat({ max: places.length - 1 }), fc.constantFrom('null', '1', '-1', '1e400', '[]', '{}', '""', 'true', '[null]', '"x"')).map(([at, put]) => {
      const { index, 0: was } = places[at]!;
      return sample.slice(0, index) + put + sample.slice(index + was.length);
    });
    const code = fc.constantFrom(...(answer.command.okCodes ?? [0]));
    fc.assert(fc.property(fc.oneof(mutated(sample), swapped, json, fc.string({ unit: 'binary' })), code, (stdout, exit) => survives(answer, stdout, exit)), { numRuns: 150 });
  });

  test('that fills all that is kept of it is read or refused soon', () => {
    const full = 1024 * 1024;
    for (const piece of ['[', '/', ' ', '\n', 'a.', '"', 'a b=c d e f\n', ...new Set(answer.sample.split('\n').slice(0, 2).map((line) => `${line}\n`))]) {
      const began = process.cpuUsage();
      survives(answer, `${piece.repeat(full / piece.length)}x`);
      expect(spentMs(began)).toBeLessThan(longestMs);
    }
  });
});
