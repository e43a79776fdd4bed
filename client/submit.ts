import type { ClusterSpec } from '../domain/cluster';
import { digestOf } from '../domain/digest';
import type { EntityView } from '../domain/entity';
import { ClusterError } from '../domain/errors';
import { errorsOf } from '../domain/problem';
import { specProblems } from '../domain/spec-rules';
import { exitCodes } from './exit-codes';
import type { KeelsonClient } from './keelson-client';
import { anewBy, lookFirst } from './look-first';
import { actorOf } from './session';
import type { SpecFlags } from './spec-flags';
import { refuse } from './one-report';
import { showPlan } from './show-plan';
import { watchingOurs, watchOperation } from './watch';
import { keepClusterfile } from './keep-clusterfile';
import { sealFile } from './written-back';

/** The cluster as it was when the spec was made. */
export interface Known {
  readonly spec: ClusterSpec | undefined;
  readonly view: EntityView | undefined;
}

/**
 * Makes the spec from the cluster as it is, and applies it, follows it, or shows its plan. A cluster that somebody has
 * changed in between is read again, once. Gives the exit code. `text` is the Clusterfile that the spec comes from: the cluster
 * keeps it.
 */
export async function submit(client: KeelsonClient, cluster: string, flags: SpecFlags, make: (known: Known) => ClusterSpec, { text, forget = [] }: { text?: string; forget?: readonly string[] } = {}): Promise<number> {
  const known = await read(client, cluster);
  const spec = checked(make(known));
  const anew = anewBy(flags);
  if (flags.dryRun) return showPlan(await client.plan(spec, { forget, ...(anew ? { anew } : {}) }), flags);
  const agreed = await lookFirst(client, spec, flags, { view: known.view, forget });
  if (!agreed) {
    console.error('nothing was done');
    return exitCodes.refused;
  }
  const file = text === undefined ? undefined : sealFile(text, cluster);
  const kept = { ...agreed, ...(file === undefined ? {} : { file }), ...(forget.length > 0 ? { forget } : {}) };
  const accepted = await client.apply(spec, { ...actorOf(flags), ...baseOf(known), ...kept }).catch(async (error: unknown) => {
    if (!(error instanceof ClusterError) || error.type !== 'ClusterBusy') throw error;
    const now = await read(client, cluster);
    if (now.view?.running || now.view?.digest === known.view?.digest) throw error;
    return client.apply(checked(make(now)), { ...actorOf(flags), ...baseOf(now), ...kept, ...(flags.yes ? { approved: true } : {}) });
  });
  await keepClusterfile(client, cluster);
  if (flags.detach) {
    console.log(flags.json ? JSON.stringify(accepted) : `${accepted.operation} of ${cluster} runs; \`keelson watch ${cluster}\` follows it`);
    return exitCodes.done;
  }
  const code = await watchOperation(client, accepted, watchingOurs(flags, accepted.attached));
  if (code === exitCodes.done && !flags.json) for (const line of nextSteps(cluster, spec, client.ui)) console.log(line);
  return code;
}

/** A spec that is wrong by itself starts nothing. Throws ClusterError InvalidSpec with all that is wrong. */
export function checked(spec: ClusterSpec): ClusterSpec {
  refuse(errorsOf(specProblems(spec)));
  return spec;
}

async function read(client: KeelsonClient, cluster: string): Promise<Known> {
  const [spec, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
  return { spec, view: report?.view };
}

/** An operation that runs has its own answer: attached, or busy. Only a quiet cluster can have changed behind our back. */
const baseOf = ({ view, spec }: Known): { base?: string } => (view?.running ? {} : { base: spec ? (view?.digest ?? digestOf(spec)) : '' });

function nextSteps(cluster: string, spec: ClusterSpec, ui: string | undefined): string[] {
  const name = cluster === 'default' ? '' : ` ${cluster}`;
  const leader = spec.hosts.find(({ roles }) => roles.includes('master'))?.address ?? '';
  return [
    '',
    `Next: keelson kubeconfig${name} --merge && kubectl get nodes    (or on ${leader}: kubectl get nodes)`,
    `      keelson status${name}    keelson logs${name}${ui ? `    Temporal UI: ${ui}` : ''}`,
  ];
}
