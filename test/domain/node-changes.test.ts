import fc from 'fast-check';
import type { ClusterSpec } from '../../domain/cluster';
import { changeable, differing, nodeChange, nodePatch, type NodeState, recordAnnotation, recordOf } from '../../domain/node-changes';
import type { NodeSettings, Taint } from '../../domain/node-settings';
import { planCluster } from '../../domain/plan';
import { aCluster, aHost, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const record = (wanted: NodeSettings): string => JSON.stringify(recordOf(wanted));
const of = (wanted: NodeSettings, more: Partial<NodeState> = {}): NodeState => ({ name: 'h1', labels: wanted.nodeLabels ?? {}, record: record(wanted), ...more });

/** What the API makes of a change. */
function after(node: NodeState, wanted: NodeSettings): NodeState {
  const { labels, taints, record: noted } = nodeChange(node, wanted);
  const left = new Map((node.taints ?? []).map((taint) => [`${taint.key}:${taint.effect}`, taint]));
  for (const word of taints) {
    const [, key = '', value, effect = '', dash] = /^([^=:]+)(?:=([^:]*))?:(\w+)(-?)$/.exec(word)!;
    if (dash) expect(left.delete(`${key}:${effect}`)).toBe(true);
    else left.set(`${key}:${effect}`, { key, ...(value ? { value } : {}), effect });
  }
  const { metadata } = JSON.parse(nodePatch(labels, noted)) as { metadata: { labels?: Record<string, string | null>; annotations: Record<string, string | null> } };
  const text = metadata.annotations[recordAnnotation];
  return {
    name: node.name, labels: Object.fromEntries(Object.entries({ ...node.labels, ...metadata.labels }).flatMap(([key, value]) => (value === null ? [] : [[key, value]]))),
    taints: [...left.values()], ...(text ? { record: text } : {}),
  };
}

describe('a Node that runs', () => {
  test.each<[string, NodeState, NodeSettings, string[]]>([
    ['is as wanted', of({ nodeLabels: { gpu: 'yes' } }), { nodeLabels: { gpu: 'yes' } }, []],
    ['lacks a label', of({}), { nodeLabels: { gpu: 'yes' } }, ['label gpu=yes']],
    ['has a label of another value, whoever gave it', of({}, { labels: { gpu: 'no' } }), { nodeLabels: { gpu: 'yes' } }, ['label gpu=yes']],
    ['has a label of ours that is said no more', of({ nodeLabels: { gpu: 'yes', rack: 'a' } }), { nodeLabels: { rack: 'a' } }, ['label gpu-']],
    ['has a label of others', of({}, { labels: { gpu: 'yes' } }), {}, []],
    ['lacks a taint', of({}), { nodeTaints: ['a=b:NoSchedule'] }, ['taint a=b:NoSchedule']],
    ['has a taint of another value', of({ nodeTaints: ['a=c:NoSchedule'] }, { taints: [{ key: 'a', value: 'c', effect: 'NoSchedule' }] }), { nodeTaints: ['a=b:NoSchedule'] }, ['taint a=b:NoSchedule']],
    ['has a taint of ours that is said no more', of({ nodeTaints: ['a:NoExecute'] }, { taints: [{ key: 'a', effect: 'NoExecute' }] }), {}, ['taint a:NoExecute-']],
    ['has taints of others', of({}, { taints: [{ key: 'a', effect: 'NoExecute' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }), {}, []],
    ['is as wanted, and nobody knows who made it so', of({}, { labels: { gpu: 'yes' } }), { nodeLabels: { gpu: 'yes' } }, ['note']],
    ['has lost by hand what is said no more', of({ nodeLabels: { gpu: 'yes' } }, { labels: {} }), {}, ['note']],
    ['keeps its name', of({}), { nodeName: 'other' }, ['name other']],
  ])('%s', (_what, node, wanted, differs) => {
    expect(differing(node, wanted)).toEqual(differs);
    expect(changeable(differing(after(node, wanted), wanted))).toEqual([]);
  });

  test('never loses what kubeadm and kubelets own, whatever its record says', () => {
    const taints: Taint[] = [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];
    const forged = JSON.stringify({ labels: ['kubernetes.io/hostname', 'node-role.kubernetes.io/control-plane'], taints: taints.map(({ key, effect }) => `${key}:${effect}`) });
    const node = { name: 'h1', labels: { 'kubernetes.io/hostname': 'h1', 'node-role.kubernetes.io/control-plane': '' }, taints, record: forged };
    expect(nodeChange(node, {})).toMatchObject({ labels: {}, taints: [] });
    const said = { nodeTaints: ['node-role.kubernetes.io/control-plane:NoSchedule'] };
    expect(recordOf(said).taints).toEqual([]);
    expect(after(after(node, said), {})).toMatchObject({ taints });
  });

  test.each(['{', '[]', '{"labels":1,"taints":[]}', '{"labels":[""],"taints":[]}', 'null'])('of a record that is none nothing is ours: %s', (text) => {
    expect(nodeChange({ name: 'h1', labels: { gpu: 'yes' }, record: text }, {})).toMatchObject({ labels: {}, taints: [] });
  });

  test('whatever is said after what, and whoever else changes it: one change makes it so, and only ours comes and goes', () => {
    const key = fc.constantFrom('a', 'b', 'example.com/c');
    const labels = fc.dictionary(key, fc.constantFrom('', 'x', 'y'));
    const taints = fc.uniqueArray(fc.tuple(key, fc.constantFrom('', '=x', '=y'), fc.constantFrom('NoSchedule', 'NoExecute')).map(([name, value, effect]) => `${name}${value}:${effect}`), { maxLength: 4 });
    const wish = fc.record({ nodeLabels: labels, nodeTaints: taints });
    fc.assert(fc.property(fc.array(wish, { minLength: 1, maxLength: 4 }), (wishes) => {
      const others = { labels: { theirs: '1' }, taints: [{ key: 'theirs', effect: 'NoSchedule' }] };
      let node: NodeState = { name: 'h1', ...others };
      for (const wanted of [...wishes, { nodeLabels: {}, nodeTaints: [] }]) {
        node = after(node, wanted);
        expect(differing(node, wanted)).toEqual([]);
        expect(node.labels).toEqual({ ...others.labels, ...wanted.nodeLabels });
      }
      expect(node).toEqual({ name: 'h1', ...others });
    }));
  });
});

describe('in a plan', () => {
  const hosts = [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { nodeLabels: { gpu: 'yes' } })];
  const spec: ClusterSpec = aCluster(1, 1, { hosts });
  const done = allMarks(spec);
  const facts = (lacks: readonly string[]) => {
    const cluster = clusterFacts(spec.hosts, done)!;
    return { ...cluster, nodes: cluster.nodes.map((node) => (node.address === '10.0.0.2' ? { ...node, lacks } : node)) };
  };
  const plan = (lacks: readonly string[], more: object = {}) => planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] })), cluster: facts(lacks), ...more });

  test('what differs is a job of its host with its reason, and another plan by its hash', () => {
    const { jobs, hash } = plan(['label gpu=yes', 'taint a:NoExecute-']);
    expect(jobs.map(({ id }) => id)).toEqual(['RunConfig', 'Settings/10.0.0.2/node', 'PostProcess']);
    expect(jobs[1]).toMatchObject({ host: '10.0.0.2', part: 'node', reason: 'its Node gets label gpu=yes, taint a:NoExecute-' });
    expect(plan(['label gpu=yes']).hash).not.toBe(hash);
    expect(plan(['note']).jobs[1]).toMatchObject({ reason: 'it is not on record which labels and taints of its Node Keelson has set' });
  });

  test('a name is said and stays; who is away, or in no cluster, gets nothing', () => {
    const { jobs, problems } = plan(['name other']);
    expect([jobs, problems.map(({ message }) => message)]).toEqual([[], ['its Node h-10.0.0.2 runs without the name other, which hosts get when they join']]);
    const away = spec.hosts.map(({ id }) => (id === '10.0.0.2' ? { ...bareFacts(id), reachable: false } : bareFacts(id, { done: done[id] ?? [] })));
    expect(plan(['label gpu=yes'], { facts: away, last: { conditions: [], hostKeys: {}, images: [], created: true } }).jobs.filter(({ stage }) => stage === 'Settings')).toEqual([]);
  });
});
