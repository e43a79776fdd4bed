import type { ClusterSlice } from '../domain/cluster-slice';
import { lifecycleScript } from '../domain/commands/scripts';
import { lifecycleOf } from '../domain/image-labels';
import { preparing } from '../domain/marks';
import type { HostEnv } from '../domain/env';
import { type OpenImage, rootfsOf } from './image-set';
import type { Scope, Session } from './ports';
import { scriptEnv } from './registry-password';
import { runStep } from './step-job';

/** Longest time for one script of an image, milliseconds. */
const scriptTimeoutMs = 30 * 60_000;

export type LifecycleStep = 'check' | 'init-cri' | 'init' | 'init-registry';

/** Runs a lifecycle script of the images as a detached job, if they have it. Once per operation, host and images: an operation that waits may get others. */
export async function runLifecycle(
  session: Session,
  scope: Scope,
  { cluster, images, step, env, secrets }: {
    cluster: ClusterSlice; images: readonly OpenImage[]; step: LifecycleStep; env: HostEnv['values']; secrets: readonly string[];
  },
): Promise<void> {
  const label = lifecycleOf(images.map(({ facts, tree }) => ({ kind: facts.kind, labels: tree.config.labels })))[step];
  if (!label) return;
  await runStep(session, {
    step: `script-${step}-${preparing(images.map(({ facts }) => facts)).slice(0, 8)}`, title: `image script ${step}: ${label}`, script: lifecycleScript(cluster.name, label),
    env: scriptEnv(env, rootfsOf(images).tree, label), secrets, timeoutMs: scriptTimeoutMs, scope,
  });
}
