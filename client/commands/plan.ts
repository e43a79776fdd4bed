import { ClusterError } from '../../domain/errors';
import type { SpecFlags } from '../spec-flags';
import { apply } from './apply';
import { run } from './run';

/** `keelson plan`: the dry run of `apply -f`, or of `run` when images or hosts are named. */
export async function plan(images: readonly string[], flags: SpecFlags): Promise<number> {
  if (flags.Clusterfile && images.length > 0) {
    throw new ClusterError('InvalidSpec', 'a Clusterfile and images exclude each other', { todo: 'plan -f FILE for apply, plan IMAGE... for run' });
  }
  return flags.Clusterfile ? apply({ ...flags, dryRun: true }) : run(images, { ...flags, dryRun: true });
}
