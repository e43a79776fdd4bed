import { type Moment, notBare, observe } from '../../testing';
import { taskQueue } from '../../workflows/messages';
import { ClusterUnderTest } from '../temporal/cluster-under-test';
import { commands, images, type Made, type Stand, version } from './stand';

/** Where in an operation the Temporal worker is lost, and what becomes of the cluster before it comes back. One control plane, one worker. */
export interface LatePlace {
  readonly what: string;
  /** Brings the cluster to where the operation begins. */
  prepare?(made: Made): Promise<void>;
  /** Asks for the operation; gives its name. */
  begin(made: Made): Promise<string>;
  /** The command that hangs: a change that must not come late. */
  holds(moment: Moment, made: Made): boolean;
  /** Also from behind a network that was cut: one for each kind of operation and of change. */
  readonly cut?: boolean;
  /** After the operation has ended well, with another Temporal worker. Gives the cluster that is there then. */
  afterwards?(made: Made, stand: Stand): Promise<Made>;
  /** What is not as it should be at the end. */
  wrong(made: Made): string[];
}

type Held = LatePlace['holds'];

const whole = (made: Made): string[] => observe({ name: made.cluster.name, version, ...made, commands });
const bare = ({ hosts }: Made): string[] => notBare(hosts);
const withoutWorkers = ({ spec }: Made): Made['spec'] => ({ ...spec, hosts: spec.hosts.slice(0, 1) });
const onWorker = (moment: Moment, { workers }: Made): boolean => moment.host === workers[0]!.host.address;

async function well(work: Promise<{ outcome: string; message: string }>): Promise<void> {
  const { outcome, message } = await work;
  if (outcome !== 'Success') throw new Error(message);
}
const converged = (made: Made, spec = made.spec): Promise<void> => well(made.cluster.converge(spec));
const apply = async ({ cluster }: Made, spec: Made['spec']): Promise<string> => (await cluster.apply(spec, { approved: true })).operation;
const resets = async ({ cluster }: Made): Promise<string> => (await cluster.reset()).operation;
const gone = async (made: Made): Promise<Made> => {
  await made.cluster.idle();
  await well(made.cluster.end(await resets(made)));
  return made;
};
/** Another cluster on the same hosts. */
const another = async (made: Made, stand: Stand): Promise<Made> => {
  const next = { ...made, cluster: new ClusterUnderTest(stand.client, taskQueue) };
  await converged(next);
  return next;
};
const anew = async (made: Made, stand: Stand): Promise<Made> => another(await gone(made), stand);

const inInit = (what: string, holds: Held, more: Partial<LatePlace> = {}): LatePlace => ({
  what: `init: ${what}`, begin: (made) => apply(made, made.spec), holds, wrong: whole, ...more,
});

export const latePlaces: readonly LatePlace[] = [
  inInit('claim the host', (moment, made) => moment.name === 'claim the host' && onWorker(moment, made), { cut: true }),
  inInit('put the files in place', (moment, made) => moment.name === 'put the files in place' && onWorker(moment, made)),
  inInit('kubeadm init', ({ name, args }) => name === 'start a job' && args[0]!.endsWith('kubeadm-init')),
  inInit('kubeadm join', ({ name, args }) => name === 'start a job' && args[0]!.endsWith('kubeadm-join'), { cut: true }),
  inInit('a command of an image', ({ name, args }) => name === 'start a job' && /guest-app-.*-1$/.test(args[0]!), { cut: true }),
  inInit('the mark of Init', ({ name, args }) => name === 'mark' && args[0] === 'init'),
  {
    what: 'upgrade: the kubelet', cut: true, prepare: (made) => converged(made, { ...made.spec, images: ['fleet/kubernetes:v1.33.13', ...images.slice(1)] }),
    begin: (made) => apply(made, made.spec), holds: (moment, made) => moment.name === 'start a job' && /kubelet-upgrade/.test(moment.args[0]!) && onWorker(moment, made), wrong: whole,
  },
  {
    what: 'a worker leaves: its files', cut: true, prepare: converged, begin: (made) => apply(made, withoutWorkers(made)),
    holds: (moment, made) => moment.name === 'remove the files of the cluster' && onWorker(moment, made),
    wrong: (made) => [...whole({ ...made, workers: [], hosts: made.controlPlanes }), ...notBare(made.workers)],
  },
  {
    what: 'reset: the claim', cut: true, prepare: converged, begin: resets, holds: (moment, made) => moment.name === 'give the host free' && onWorker(moment, made), wrong: bare,
  },
  inInit('put the files in place; it was reset since', (moment, made) => moment.name === 'put the files in place' && onWorker(moment, made), { afterwards: gone, wrong: bare }),
  inInit('Bootstrap; it was reset and belongs to another cluster since', (moment, made) => moment.name === 'mark' && moment.args[0]!.startsWith('bootstrap') && onWorker(moment, made), {
    afterwards: anew, wrong: whole,
  }),
  {
    what: 'reset: the files; it belongs to another cluster since', prepare: converged, begin: resets,
    holds: (moment, made) => moment.name === 'remove the files of the cluster' && onWorker(moment, made),
    afterwards: another, wrong: whole,
  },
];
