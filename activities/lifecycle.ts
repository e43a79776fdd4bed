import type { ClusterSlice } from '../domain/cluster-slice';
import { lifecycleScript } from '../domain/commands/scripts';
import { lifecycleOf } from '../domain/image-labels';
import type { HostEnv } from '../domain/env';
import { runJob } from './job';
import { type OpenImage, rootfsOf } from './image-set';
import type { Scope, Session } from './ports';
import { scriptEnv } from './registry-password';

/** Longest time for one script of an image, milliseconds. */
const scriptTimeoutMs = 30 * 60_000;

export type LifecycleStep = 'check' | 'init-cri' | 'init' | 'init-registry';

/** Runs a lifecycle script of the images as a detached job, if they have it. Once per operation and host. */
export async function runLifecycle(
  session: Session,
  scope: Scope,
  { cluster, images, step, env, secrets }: {
    cluster: ClusterSlice; images: readonly OpenImage[]; step: LifecycleStep; env: HostEnv['values']; secrets: readonly string[];
  },
): Promise<void> {
  const label = lifecycleOf(images.map(({ facts, tree }) => ({ kind: facts.kind, labels: tree.config.labels })))[step];
  if (!label) return;
  await runJob(session, {
    id: jobId(scope, `script-${step}`), title: `image script ${step}: ${label}`, script: lifecycleScript(cluster.name, label),
    env: scriptEnv(env, rootfsOf(images).tree, label), secrets, timeoutMs: scriptTimeoutMs, scope, maxFailures: maxFailures,
  });
}

/** A command that failed so often within one operation is left for a person. */
export const maxFailures = 8;

/** The same step of the same operation has the same job, whoever runs it: that is how it is found again. */
export const jobId = ({ uid, n }: Scope, step: string): string => `${uid.slice(0, 8)}-${n}-${step}`;
