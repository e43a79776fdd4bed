import { renderDetails } from '../../domain/details';
import { applyEvent, beginStatus, type StageEvent } from '../../domain/status';

const at = '2026-01-01T00:00:00.000Z';
const status = (...events: StageEvent[]) => events.reduce((one, event) => applyEvent(one, event, at), beginStatus('prod', 'init-1', [], at));

test('every stage is a row; a job is a mark and its host', () => {
  const text = renderDetails(status(
    { stage: 'Bootstrap', host: '10.0.0.1', state: 'done' }, { stage: 'Bootstrap', host: '10.0.0.2', state: 'running' },
    { stage: 'Join', host: '10.0.0.2', state: 'failed' }, { stage: 'Join', host: '10.0.0.3', state: 'blocked' },
  ));
  expect(text).toContain('### prod: init-1, ClusterInProcess');
  expect(text).toContain('| Bootstrap | ✔ 10.0.0.1 ▶ 10.0.0.2 |');
  expect(text).toContain('| Join | ✘ 10.0.0.2 – 10.0.0.3 |');
  expect(text).toContain('| Init | · |');
});

test('work that belongs to no host is named by its subject', () => {
  expect(renderDetails(status({ stage: 'PreProcess', subject: 'flannel:v0.27', state: 'running' }))).toContain('| PreProcess | ▶ flannel:v0.27 |');
  expect(renderDetails(status({ stage: 'RunConfig', state: 'done' }))).toContain('| RunConfig | ✔ all |');
});

test('a wait says since when, why, and what to type', () => {
  const text = renderDetails({ ...status(), waiting: { reason: 'CommandFailed', message: 'Join on 10.0.0.2: exit 1', since: at } });
  expect(text).toContain(`**Waits** since ${at}: Join on 10.0.0.2: exit 1`);
  expect(text).toContain('`keelson retry prod`');
});

test('a very large cluster stays below what Temporal takes', () => {
  const many = Array.from({ length: 3_000 }, (_, n): StageEvent => ({ stage: 'Join', host: `10.0.${n >> 8}.${n & 255}`, state: 'done' }));
  expect(Buffer.byteLength(renderDetails(status(...many)))).toBeLessThan(20_000);
});
