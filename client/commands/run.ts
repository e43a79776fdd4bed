import { warnOfStrangers } from '../read-documents';
import { readRun } from '../read-run';
import { runSpec } from '../run-spec';
import { withClient } from '../session';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson run IMAGE...`: makes a cluster, or adds images and hosts to one that is there. */
export async function run(images: readonly string[], flags: SpecFlags): Promise<number> {
  // What can be wrong on the command line is said before a server is started for it.
  const { input, sources } = await readRun(images, flags);
  return withClient(flags, (client) =>
    submit(client, input.cluster, flags, (known) => {
      const spec = runSpec(input, sources, known);
      warnOfStrangers(input.documents, spec.hosts);
      return spec;
    }));
}
