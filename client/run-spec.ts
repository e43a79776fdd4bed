import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { type DocumentsBeside, type Locate, withNodes } from '../domain/clusterfile';
import { errorsOf, type Problem } from '../domain/problem';
import { additionProblems, specProblems } from '../domain/spec-rules';
import { keysForALook } from '../home/key';
import { portOf, saysLogin } from './login-flags';
import type { Login } from './logins';
import { hostsToComplete, isUntouched, mergeRun } from './merge-run';
import { thisMachine } from './own-addresses';
import { completeSpec, type SpecSources, trySpec } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Wanted } from './wanted';

/** What the command line says, read. */
export interface RunInput extends Pick<Wanted, 'images' | 'hosts' | 'env'> {
  readonly cluster: string;
  /** Those of --config-file; flags count before them. */
  readonly documents: DocumentsBeside;
  readonly flags: SpecFlags;
  readonly login: Login;
}

/**
 * The spec that `run` asks for: from the flags alone on a first run, merged into the saved one on a cluster that is known.
 * Without hosts a new cluster has this machine as its one control plane, as in sealos.
 */
export function runSpec(input: RunInput, sources: SpecSources, known: { spec: ClusterSpec | undefined; view: EntityView | undefined }): ClusterSpec {
  const { hosts, documents: { nodes }, flags, login } = input;
  const wanted = wantedBy(input);
  const { spec: saved, view } = known;
  // Of a cluster that failed its checks nothing was made: the flags describe it anew.
  if (!saved || (view !== undefined && isUntouched(view) && hosts.length > 0)) return completeSpec(asNew(input, wanted), sources, saved?.credentials);
  const relogin = saysLogin(login) || flags.port !== undefined;
  const merged = mergeRun(saved, completeSpec({ ...wanted, hosts: hostsToComplete(saved, hosts, relogin) }, sources, saved.credentials), wanted.policy);
  return { ...merged, hosts: withNodes(merged.hosts, nodes) };
}

function wantedBy({ cluster: name, images, hosts, env, documents: { nodes: _nodes, ...documents }, flags, login }: RunInput): Wanted {
  return {
    ...documents, name, images, hosts, env, login,
    policy: { ...documents.policy, ...(flags.wait === false ? { noWait: true } : {}), ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) },
    command: flags.cmd,
    force: flags.force ?? false,
    ...portOf(flags),
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
}

const asNew = ({ hosts, documents: { nodes } }: RunInput, wanted: Wanted): Wanted => ({ ...wanted, hosts: withNodes(hosts.length > 0 ? hosts : [thisMachine()], nodes) });

/**
 * What is wrong with the flags by the rules of specs, before the cluster is asked for. Where there may be one already
 * (`isNew` false) only what is wrong whatever it has: images, a control plane and a login may be there. `unread`: hosts were
 * named and could not be read, so nobody knows how many there are.
 */
export function runProblems(input: RunInput, sources: SpecSources, { isNew, unread, locate }: { isNew: boolean; unread: boolean; locate: Locate }): Problem[] {
  const wanted = wantedBy(input);
  const meant = unread && input.hosts.length === 0 ? { ...wanted, hosts: [someHost] } : isNew ? asNew(input, wanted) : wanted;
  const { spec, problems } = trySpec(meant, { ...sources, keys: keysForALook() });
  const seen = { ...spec, hosts: spec.hosts.filter(({ address }) => address !== someHost.address) };
  const rules = isNew && !unread ? specProblems(seen) : additionProblems(seen);
  return [...(isNew ? problems : []), ...errorsOf(rules)].map((one) => placed(one, input.flags, locate));
}

/** Stands for hosts whose addresses cannot be read: whether there is a way to log in does not hang on them. */
const someHost = { address: '', roles: ['master'], env: [] };

/** What a rule found, with the file and line of the `--config-file` that says it, or the flag: flags count before documents. */
export function placed(problem: Problem, { controlPlaneEndpoint }: SpecFlags, locate: Locate): Problem {
  const ofFlag = problem.where === 'controlPlaneEndpoint' && controlPlaneEndpoint !== undefined;
  return byFlag(ofFlag ? problem : locate(problem));
}

/** Rules speak of the fields of a Clusterfile; a person who typed flags reads their names. */
function byFlag(problem: Problem): Problem {
  const { where = '', host, ...rest } = problem;
  if (host === someHost.address) return rest;
  if (host !== undefined || problem.at !== undefined) return problem;
  const image = /^spec\.image\[(\d+)\]$/.exec(where)?.[1];
  const flag = image === undefined ? flagOf[where] : `image ${Number(image) + 1}`;
  return flag === undefined ? problem : { ...problem, where: flag };
}

const flagOf: Readonly<Record<string, string>> = { 'metadata.name': '--cluster', 'spec.image': 'images', 'spec.hosts': '--masters', controlPlaneEndpoint: '--control-plane-endpoint' };
