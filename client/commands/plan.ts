import { mistake, refuse } from '../one-report';
import type { SpecFlags } from '../spec-flags';
import { apply } from './apply';
import { run } from './run';

/** `keelson plan`: the dry run of `apply -f`, or of `run` when images or hosts are named. */
export async function plan(images: readonly string[], flags: SpecFlags): Promise<number> {
  if (flags.Clusterfile !== undefined) {
    const { masters, nodes, controlPlaneEndpoint } = flags;
    const besides = [...(images.length > 0 ? ['images'] : []), ...Object.entries({ '--masters': masters, '--nodes': nodes, '--control-plane-endpoint': controlPlaneEndpoint }).flatMap(([flag, said]) => (said === undefined ? [] : [flag]))];
    if (besides.length > 0) refuse([mistake(`a Clusterfile says itself what ${besides.join(', ')} would say`, 'plan -f FILE for apply, plan IMAGE... for run')]);
  }
  return flags.Clusterfile !== undefined ? apply({ ...flags, dryRun: true }) : run(images, { ...flags, dryRun: true });
}
