import ts from 'typescript';
import { runningQuery } from '../../client/running-operations';
import * as workflows from '../../workflows';
import { sourceFiles, walk } from '../source-files';

test('whatever an entity starts as an operation counts as one that runs, a task too: its Temporal worker is not replaced meanwhile', () => {
  const entity = sourceFiles().find(({ path }) => path === 'workflows/cluster.ts')!;
  const started = new Set<string>();
  walk(entity.syntax, (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== 'startChild') return;
    walk(node.arguments[0]!, (inner) => { if (ts.isIdentifier(inner) && inner.text in workflows) started.add(inner.text); });
  });
  expect(started.size).toBeGreaterThan(1);
  expect([...started].filter((name) => !runningQuery().includes(`'${name}'`))).toEqual([]);
  expect(runningQuery('prod')).toBe(`${runningQuery()} AND WorkflowId STARTS_WITH 'cluster/prod/'`);
});
