import { defaultPolicy } from '../../domain/cluster';
import { controllerLease, drain, readCordon } from '../../domain/commands/drain';
import { proxiesBehind } from '../../domain/commands/upgrade';
import type { Host } from '../host';
import type { SimulatedNode } from '../kubernetes';
import { exactly, like } from '../pattern';
import { type Answer, fail, type Simulation } from '../simulation';
import { viaApi } from './kubernetes';

interface Named {
  readonly args: readonly string[];
}

const node = (host: Host, { args: [name = ''] }: Named, act: (one: SimulatedNode) => Answer): Answer | undefined => viaApi(host, (cluster) => {
  const one = cluster.nodes.get(name);
  return one ? act(one) : fail(`Error from server (NotFound): nodes "${name}" not found`);
});

/** Pods go to a worker that takes any, if there is one; those whose budget lets none go stay, and kubectl has waited for them in vain. */
const drained = (host: Host, call: Named): Answer | undefined => node(host, call, (one) => {
  const { pods, budgets, nodes } = host.kubernetes!;
  one.unschedulable = true;
  const other = [...nodes.values()].find(({ unschedulable, controlPlane }) => !unschedulable && !controlPlane)?.name ?? '';
  const here = [...pods].filter(([, pod]) => pod.node === one.name);
  const isKept = ([, { budget }]: (typeof here)[number]): boolean => budget !== undefined && budgets.get(budget) === 0;
  for (const [name, pod] of here.filter((pod) => !isKept(pod))) pods.set(name, { ...pod, node: other });
  const kept = here.filter(isKept).map(([name]) => name);
  if (kept.length === 0) return { stdout: `node/${one.name} drained\n` };
  const closed = [...budgets].filter(([, allowed]) => allowed === 0).map(([name]) => `${name}\n`).join('');
  return {
    code: 1, stdout: `@left\n${kept.map((name) => `${name} ReplicaSet Running\n`).join('')}@budgets\n${closed}`,
    stderr: 'error when evicting pods: Cannot evict pod as it would violate the pod\'s disruption budget.\n',
  };
});

/** A node's place in the cluster: whose its cordon is, drain, and who has to hear of it. */
export const drains: readonly Simulation[] = [
  { name: 'kubectl drain', reads: like((name) => drain(name!, defaultPolicy.drain).script, 'sample-node'), act: drained },
  {
    name: 'who has cordoned the node', reads: like((name) => readCordon(name!).script, 'sample-node'),
    act: (host, call) => node(host, call, ({ unschedulable, annotations }) => ({ stdout: `${unschedulable ? 'true' : ''}/${annotations?.['keelson.dev/leaves'] ?? ''}` })),
  },
  { name: 'look at the lease of kube-controller-manager', reads: exactly(controllerLease.script), act: (host) => viaApi(host, () => ({ stdout: `${host.name} since-ever ${performance.now()}` })) },
  { name: 'look at the kube-proxies', reads: exactly(proxiesBehind.script), act: (host) => viaApi(host, ({ nodes }) => ({ stdout: `1 1 ${nodes.size} ${nodes.size} ${nodes.size}` })) },
];
