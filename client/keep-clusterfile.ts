import { ClusterError } from '../domain/errors';
import { clusterfileFile } from '../home/paths';
import { writeWhole } from '../home/whole-file';
import type { KeelsonClient } from './keelson-client';
import { readSources } from './sources';
import { openFile, writtenBack } from './written-back';

/** The Clusterfile of a cluster as it is wanted now; undefined when there is no such cluster. */
export async function currentClusterfile(client: KeelsonClient, cluster: string, { sealed }: { sealed: boolean }): Promise<string | undefined> {
  const [spec, file] = await Promise.all([client.desired(cluster), client.file(cluster)]);
  if (!spec) return undefined;
  const text = file === undefined ? undefined : opened(file, cluster);
  return writtenBack({ text, spec, sources: await readSources({ embedded: false }), sealed });
}

/** Without the key what the user wrote cannot be read; the spec can. */
function opened(file: string, cluster: string): string | undefined {
  try {
    return openFile(file, cluster);
  } catch (error) {
    if (error instanceof ClusterError && error.type === 'KeyMissing') return undefined;
    throw error;
  }
}

/**
 * Writes it below KEELSON_HOME, where people look for it, secrets sealed. The cluster's entity is what counts: failing here
 * fails nothing else.
 */
export async function keepClusterfile(client: KeelsonClient, cluster: string): Promise<void> {
  const file = clusterfileFile(cluster);
  try {
    const text = await currentClusterfile(client, cluster, { sealed: true });
    if (text === undefined) return;
    writeWhole(file, text);
  } catch (error) {
    process.stderr.write(`${file} was not written: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
