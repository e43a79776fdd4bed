import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isSnapshotName, snapshotName } from '../../domain/commands/etcd-snapshots';
import { ClusterError } from '../../domain/errors';
import { hashOfFile, listSnapshots, snapshotFile } from '../../home/snapshots';
import { ask } from '../ask';
import { copySecret } from '../copy-secret';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';
import { watching, watchOperation } from '../watch';

/** `keelson etcd save [name]`: a snapshot on every control plane and beside the Temporal worker, and on request in a file here. */
export async function save(name: string | undefined, flags: CommonFlags & { output?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  if (flags.output !== undefined) refuseOutput(flags.output);
  const snapshot = snapshotName(new Date().toISOString(), randomBytes(3).toString('hex'));
  return withCluster(cluster, flags, async (client) => {
    const accepted = await client.task(cluster, { kind: 'etcd-save', snapshot }, actorOf(flags));
    const code = await watchOperation(client, accepted, watching(flags));
    if (code !== exitCodes.done) return code;
    if (flags.output === undefined) {
      if (!flags.json) console.log(`keelson etcd restore ${cluster} ${snapshot}    goes back to it`);
      return code;
    }
    if (!existsSync(snapshotFile(cluster, snapshot))) {
      process.stderr.write(`${snapshot} lies on the machine of the Temporal worker, below its KEELSON_HOME, and not here: ${flags.output} was not written\n`);
      return exitCodes.failed;
    }
    copySecret(snapshotFile(cluster, snapshot), resolve(flags.output), 'the snapshot was taken and is kept: copy its file to where there is room and right');
    if (!flags.json) console.log(`written to ${flags.output}: it holds the cluster's secrets`);
    return code;
  });
}

/** Throws InvalidSpec for a file that cannot be written, before there is a snapshot. */
function refuseOutput(output: string): void {
  const folder = dirname(resolve(output));
  const wrong = existsSync(output) ? `${output} is there already` : !existsSync(folder) ? `the folder of ${output} is not there` : !mayWrite(folder) ? `nothing may be written into ${folder}` : undefined;
  if (wrong !== undefined) throw new ClusterError('InvalidSpec', wrong, { todo: 'give another name with --output' });
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** `keelson etcd list [name]`: what is kept on this machine, newest last. */
export function list(name: string | undefined, flags: CommonFlags): number {
  const cluster = clusterOf(name, flags);
  const kept = listSnapshots(cluster).map((snapshot) => ({ name: snapshot, bytes: statSync(snapshotFile(cluster, snapshot)).size }));
  if (flags.json) console.log(JSON.stringify(kept, undefined, 2));
  else if (kept.length === 0) console.log(`no snapshots of cluster ${cluster} on this machine; \`keelson etcd save ${cluster}\` takes one`);
  else for (const one of kept) console.log(`${one.name}  ${one.bytes}`);
  return exitCodes.done;
}

/** `keelson etcd restore [name] SNAPSHOT`: asks for the cluster's name, then takes all of etcd back to the snapshot. */
export async function restore(words: readonly string[], flags: CommonFlags & { force?: boolean }): Promise<number> {
  const [wanted = '', name, ...more] = [...words].reverse();
  if (more.length > 0) throw new ClusterError('InvalidSpec', `${words.length} words where a cluster and a snapshot belong`, { todo: 'keelson etcd restore [name] SNAPSHOT' });
  const cluster = clusterOf(name, flags);
  const isFile = wanted.includes('/') || existsSync(wanted);
  if (isFile && !existsSync(wanted)) throw new ClusterError('InvalidSpec', `${wanted} is not there`, { todo: 'name a snapshot or its file' });
  if (!isFile && !isSnapshotName(wanted)) throw new ClusterError('InvalidSpec', `${JSON.stringify(wanted)} is no name of a snapshot`, { todo: `\`keelson etcd list ${cluster}\` lists them; a file is named by its path` });
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    if (!flags.yes) {
      const masters = (report.view?.hosts ?? []).filter(({ roles }) => roles.includes('master')).map(({ id }) => id);
      console.error(`This stops the API of cluster ${cluster} on ${masters.join(', ') || 'its control planes'} and takes everything in it back to ${wanted}: what was changed since is lost.`);
      if ((await ask(`Type the cluster's name to go on: `, '--yes')).trim() !== cluster) {
        console.error('nothing was done');
        return exitCodes.refused;
      }
    }
    const snapshot = isFile ? await bringIn(cluster, wanted) : wanted;
    const accepted = await client.task(cluster, { kind: 'etcd-restore', snapshot, force: flags.force ?? false }, actorOf(flags));
    return watchOperation(client, accepted, watching(flags));
  });
}

/** Puts a file among the snapshots that the Temporal worker of this machine keeps. Gives the name it has there. */
async function bringIn(cluster: string, path: string): Promise<string> {
  const hash = await hashOfFile(path).catch(() => undefined);
  if (hash === undefined) throw new ClusterError('InvalidSpec', `${path} is no file that can be read`, { todo: 'name a snapshot or its file' });
  const own = basename(path);
  const name = isSnapshotName(own) ? own : `file-${hash.slice(0, 16)}.db`;
  // Where the folder itself is wrong, the copy says so.
  const there = await hashOfFile(snapshotFile(cluster, name)).catch(() => undefined);
  if (there === hash) return name;
  const free = there === undefined ? name : `file-${hash.slice(0, 16)}.db`;
  copySecret(path, snapshotFile(cluster, free), 'see that KEELSON_HOME has room and is yours, then restore again: nothing was done');
  return free;
}
