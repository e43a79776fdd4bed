import { patchNode, taintNode } from '../../domain/commands/node-settings';
import type { Host } from '../host';
import type { SimulatedNode, SimulatedTaint } from '../kubernetes';
import { like, rendered } from '../pattern';
import { type Answer, fail, type Simulation } from '../simulation';
import { viaApi } from './kubernetes';

export const role = 'node-role.kubernetes.io/control-plane';
type Texts = Readonly<Record<string, string | null>>;
interface Patch {
  readonly spec?: { readonly unschedulable: true | null };
  readonly metadata: { readonly labels?: Texts; readonly annotations?: Texts };
}

const onNode = (host: Host, name: string, act: (node: SimulatedNode) => Answer): Answer | undefined => viaApi(host, (cluster) => {
  const node = cluster.nodes.get(name);
  return node ? act(node) : fail(`Error from server (NotFound): nodes "${name}" not found`);
});

const merged = (before: Readonly<Record<string, string>> | undefined, patch: Texts = {}): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...before, ...patch }).filter((one): one is [string, string] => one[1] !== null));

function patched(host: Host, name: string, text: string): Answer | undefined {
  const { metadata, spec } = JSON.parse(text) as Patch;
  return onNode(host, name, (node) => {
    const before = JSON.stringify([node.labels, node.annotations, node.controlPlane]);
    const { [role]: marked, ...labels } = merged(node.labels, metadata.labels);
    node.labels = labels;
    if (marked !== undefined) node.controlPlane = true;
    node.annotations = merged(node.annotations, metadata.annotations);
    // A cordon comes and goes with each attempt, as by kubectl.
    if (spec) node.unschedulable = spec.unschedulable ?? false;
    else if (before !== JSON.stringify([node.labels, node.annotations, node.controlPlane])) host.did('patch a Node', [name, text]);
    return { stdout: `node/${name} patched\n` };
  });
}

const nameOf = ({ key, effect }: SimulatedTaint): string => `${key}:${effect}`;

/** As kubectl: what is to go has to be there, and what is given takes the place of one of its key and effect. */
function tainted(host: Host, name: string, words: readonly string[]): Answer | undefined {
  return onNode(host, name, (node) => {
    let taints = node.taints ?? [];
    for (const word of words) {
      const [, key = '', value, effect = '', dash] = /^([^=:]+)(?:=([^:]*))?:([A-Za-z]+)(-?)$/.exec(word) ?? [];
      const one = { key, ...(value ? { value } : {}), effect };
      if (dash && !taints.some((taint) => nameOf(taint) === nameOf(one))) return fail(`error: taint "${nameOf(one)}" not found`);
      taints = [...taints.filter((taint) => nameOf(taint) !== nameOf(one)), ...(dash ? [] : [one])];
    }
    host.did('taint a Node', [name, ...words]);
    node.taints = taints;
    return { stdout: `node/${name} modified\n` };
  });
}

/** What a person or Keelson makes of a Node that runs. */
export const nodeSettings: readonly Simulation[] = [
  { name: 'kubectl patch node', reads: like((name, patch) => patchNode(name!, patch!).script, 'sample-node', 'sample-patch'), act: (host, { args: [name = '', patch = '{}'] }) => patched(host, name, patch) },
  {
    name: 'kubectl taint node',
    reads: rendered((name: string, taints: readonly string[]) => taintNode(name, taints).script, (script): [string, string[]] | undefined => {
      const [, name = '', rest = ''] = /taint node '([^']+)' --overwrite (.*)$/.exec(script) ?? [];
      return name === '' ? undefined : [name, [...rest.matchAll(/'([^']*)'/g)].map(([, word = '']) => word)];
    }, (name, taints) => [name, ...taints]),
    act: (host, { args: [name = '', ...words] }) => tainted(host, name, words),
  },
];
