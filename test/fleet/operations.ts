import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { type FleetHost, notBare, observe } from '../../testing';
import { commands, images, type Made, version } from './stand';

/** An operation in which something dies: how a cluster comes to where it begins, the operation, and what holds afterwards. */
export interface Operation {
  readonly name: string;
  /** All hosts that take part. */
  readonly controlPlanes: number;
  readonly workers: number;
  prepare(made: Made): Promise<void>;
  run(made: Made): Promise<{ outcome: string; message: string }>;
  /** What is not as it should be at the end, as seen from inside the hosts. */
  check(made: Made): string[];
}

export const whole = ({ cluster, controlPlanes, workers }: Pick<Made, 'cluster' | 'controlPlanes' | 'workers'>): string[] =>
  observe({ name: cluster.name, version, controlPlanes, workers, commands });

/** Brings a cluster to where an operation begins. */
export async function converged({ cluster }: Made, spec: Made['spec']): Promise<void> {
  const { outcome, message } = await cluster.converge(spec);
  if (outcome !== 'Success') throw new Error(`${cluster.name} was not made ready for its operation: ${message}`);
}

/** So many control planes and workers of a cluster, and the spec that has only these. */
function smaller(made: Made, controlPlanes: number, workers: number): Pick<Made, 'cluster' | 'controlPlanes' | 'workers' | 'spec'> & { readonly others: readonly FleetHost[] } {
  const few = { controlPlanes: made.controlPlanes.slice(0, controlPlanes), workers: made.workers.slice(0, workers) };
  const stay = new Set([...few.controlPlanes, ...few.workers].map(({ host }) => host.address));
  return {
    cluster: made.cluster, ...few, others: made.hosts.filter(({ host }) => !stay.has(host.address)),
    spec: { ...made.spec, hosts: made.spec.hosts.filter(({ address }) => stay.has(address)) },
  };
}

/** From bare hosts to a cluster. */
export const init: Operation = {
  name: 'init', controlPlanes: 2, workers: 1, prepare: () => Promise.resolve(), run: ({ cluster, spec }) => cluster.converge(spec), check: whole,
};

/** A control plane and a worker join one of each. */
export const scaleUp: Operation = {
  name: 'scale up', controlPlanes: 2, workers: 2,
  prepare: (made) => converged(made, smaller(made, 1, 1).spec), run: ({ cluster, spec }) => cluster.converge(spec), check: whole,
};

/** A control plane and a worker leave one of each, and are bare. */
export const scaleDown: Operation = {
  name: 'scale down', controlPlanes: 2, workers: 2,
  prepare: (made) => converged(made, made.spec),
  // A control plane that leaves is asked about.
  run: (made) => made.cluster.converge(smaller(made, 1, 1).spec, { approved: true }),
  check: (made) => [...whole(smaller(made, 1, 1)), ...notBare(smaller(made, 1, 1).others)],
};

/** Kubernetes goes up by one minor version. */
export const upgrade: Operation = {
  name: 'upgrade', controlPlanes: 2, workers: 1,
  prepare: (made) => converged(made, { ...made.spec, images: ['fleet/kubernetes:v1.33.13', ...images.slice(1)] }),
  run: ({ cluster, spec }) => cluster.converge(spec, { approved: true }),
  check: (made) => [
    ...whole(made), ...[...made.hosts[0]!.host.kubernetes?.nodes.values() ?? []].filter(({ unschedulable }) => unschedulable).map(({ name }) => `${name} is still cordoned`),
  ],
};

/** Every kubelet gets another setting. */
export const settings: Operation = {
  name: 'settings', controlPlanes: 2, workers: 1,
  prepare: (made) => converged(made, made.spec),
  run: ({ cluster, spec }) => cluster.converge({ ...spec, kubeadm: { kubelet: { maxPods: 57 } } }),
  check: (made) => [
    ...whole(made), ...made.hosts.filter(({ host }) => !host.files.text(kubeletConfigPath)?.includes('maxPods: 57')).map(({ host }) => `${host.address} has other settings`),
    ...made.hosts.filter(({ host }) => host.marks().filter((mark) => mark.startsWith('settings-kubelet:')).length !== 1).map(({ host }) => `${host.address} has not one mark`),
  ],
};

/** Back to bare hosts. */
export const reset: Operation = {
  name: 'reset', controlPlanes: 2, workers: 1,
  prepare: (made) => converged(made, made.spec),
  run: async ({ cluster }) => cluster.end((await cluster.reset()).operation),
  check: ({ hosts }) => notBare(hosts),
};

export const operations = [init, scaleUp, scaleDown, upgrade, settings, reset] as const;
