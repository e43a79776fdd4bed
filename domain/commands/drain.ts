import type { Policy } from '../cluster';
import { type Command, quote } from '../command';
import { adminConf } from '../host-paths';
import { patchNode } from './node-settings';

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=20s`;

/** On a Node: Keelson has cordoned it, because its pods are to leave: for an upgrade, or with their host. */
const leavesAnnotation = 'keelson.dev/leaves';

const leavePatch = (unschedulable: true | null, note: 'yes' | null): string => JSON.stringify({ metadata: { annotations: { [leavesAnnotation]: note } }, spec: { unschedulable } });

/** Cordons a node and notes whose cordon that is, in one write: whoever comes after a cut knows whether a person did it. */
export const beginLeave = (node: string): Command => ({ ...patchNode(node, leavePatch(true, 'yes')), title: `kubectl cordon ${node}` });

/** A node that beginLeave has cordoned takes pods again. */
export const endLeave = (node: string): Command => ({ ...patchNode(node, leavePatch(null, null)), title: `kubectl uncordon ${node}` });

/** Whether a node takes no new pods, and whether that is beginLeave's doing. */
export const readCordon = (node: string): Command<{ readonly cordoned: boolean; readonly ours: boolean }> => ({
  title: `who has cordoned ${node}`,
  script: `${kubectl} get node ${quote(node)} -o ${quote(`jsonpath={.spec.unschedulable}/{.metadata.annotations.${leavesAnnotation.replaceAll('.', '\\.')}}`)}`,
  parse: ({ stdout }) => {
    const [cordoned, note] = stdout.trim().split('/');
    return { cordoned: cordoned === 'true', ours: cordoned === 'true' && note === 'yes' };
  },
});

/** Who leads the controllers, since when, and when it last said so. */
export interface ControllerLease {
  /** Changes whenever another one begins to lead, also the same one anew. */
  readonly term: string;
  readonly renewed: string;
}

/** The lease of kube-controller-manager; undefined where the cluster has none. Its holder renews it every 2 s (Kubernetes' default). */
export const controllerLease: Command<ControllerLease | undefined> = {
  title: 'look at the lease of kube-controller-manager',
  script: `${kubectl} -n kube-system get lease kube-controller-manager --ignore-not-found -o 'jsonpath={.spec.holderIdentity} {.spec.acquireTime} {.spec.renewTime}'`,
  parse: ({ stdout }) => {
    const [holder = '', acquired = '', renewed = ''] = stdout.trim().split(' ');
    return holder === '' ? undefined : { term: `${holder} ${acquired}`, renewed };
  },
};

export interface Drained {
  /** True: no pod is left but those of DaemonSets and of the host itself. */
  readonly empty: boolean;
  /** The pods that stay, as `namespace/name`. */
  readonly left: readonly string[];
  /** Budgets that allow no disruption now, as `namespace/name`. */
  readonly budgets: readonly string[];
  /** kubectl's last words. */
  readonly told: string;
}

/** Between two attempts to evict the same pod kubectl waits 5 s, and a little is needed to end. */
const marginMs = 30_000;

/**
 * Has the pods of a node leave by the eviction API, which respects PodDisruptionBudgets, and waits until they are gone, so
 * long as the policy says. What could not leave is the answer, no error: a budget that blocks is for a person.
 */
export const drain = (node: string, { graceMs, timeoutMs, force }: Policy['drain']): Command<Drained> => ({
  title: `kubectl drain ${node}`,
  changes: true,
  timeoutMs: timeoutMs + marginMs,
  okCodes: [0, 1],
  // One call may take as long as the drain does: no request timeout.
  script: `kubectl --kubeconfig ${adminConf} drain ${quote(node)} --ignore-daemonsets --timeout=${Math.ceil(timeoutMs / 1000)}s` +
    `${force ? ' --force --delete-emptydir-data' : ''}${graceMs === undefined ? '' : ` --grace-period=${Math.ceil(graceMs / 1000)}`} && exit 0
code=$?
echo '@left'
${kubectl} get pods -A --field-selector spec.nodeName=${quote(node)} -o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.ownerReferences[0].kind} {.status.phase}{"\\n"}{end}' || exit 2
echo '@budgets'
${kubectl} get poddisruptionbudgets -A -o 'jsonpath={range .items[?(@.status.disruptionsAllowed==0)]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}' || exit 2
exit $code`,
  parse: ({ code, stdout, stderr }) => readDrained(code, stdout, stderr),
});

/** Pods of these owners go with the host and not before: DaemonSets' come back at once, static ones are the host's own. */
const staying = ['DaemonSet', 'Node'];

function readDrained(code: number, stdout: string, stderr: string): Drained {
  const [, after = ''] = stdout.split('@left\n');
  const [pods = '', budgets = ''] = after.split('@budgets\n');
  const left = pods.split('\n').filter(Boolean).map((line) => line.split(' '))
    .filter(([, owner = '', phase = '']) => !staying.includes(owner) && phase !== 'Succeeded' && phase !== 'Failed')
    .map(([name = '']) => name);
  const told = stderr.trim().split('\n').filter(Boolean).at(-1) ?? '';
  return { empty: code === 0, left, budgets: budgets.split('\n').filter(Boolean), told };
}
