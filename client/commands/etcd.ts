import { randomBytes } from 'node:crypto';
import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isSnapshotName, snapshotName } from '../../domain/commands/etcd';
import { ClusterError } from '../../domain/errors';
import { snapshotsDir } from '../../home/paths';
import { hashOfFile, listSnapshots, snapshotFile } from '../../home/snapshots';
import { ask } from '../ask';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { watchOperation } from '../watch';

/** `keelson etcd save [name]`: a snapshot on every control plane and beside the Temporal worker, and on request in a file here. */
export async function save(name: string | undefined, flags: CommonFlags & { output?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  if (flags.output !== undefined && (existsSync(flags.output) || !existsSync(dirname(resolve(flags.output))))) {
    throw new ClusterError('InvalidSpec', existsSync(flags.output) ? `${flags.output} is there already` : `the folder of ${flags.output} is not there`, { todo: 'give another name with --output' });
  }
  const snapshot = snapshotName(new Date().toISOString(), randomBytes(3).toString('hex'));
  return withCluster(cluster, flags, async (client) => {
    const accepted = await client.task(cluster, { kind: 'etcd-save', snapshot }, actorOf(flags));
    const code = await watchOperation(client, accepted, { json: flags.json ?? false, wait: false, embedded: isEmbedded(flags) });
    if (code !== exitCodes.done) return code;
    if (flags.output === undefined) {
      if (!flags.json) console.log(`keelson etcd restore ${cluster} ${snapshot}    goes back to it`);
      return code;
    }
    if (!existsSync(snapshotFile(cluster, snapshot))) {
      process.stderr.write(`${snapshot} lies on the machine of the Temporal worker, below its KEELSON_HOME, and not here: ${flags.output} was not written\n`);
      return exitCodes.failed;
    }
    copyFileSync(snapshotFile(cluster, snapshot), flags.output, constants.COPYFILE_EXCL);
    chmodSync(flags.output, 0o600);
    if (!flags.json) console.log(`written to ${flags.output}: it holds the cluster's secrets`);
    return code;
  });
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
  if (!isFile && !isSnapshotName(wanted)) throw new ClusterError('InvalidSpec', `${JSON.stringify(wanted)} is no name of a snapshot`, { todo: `\`keelson etcd list ${cluster}\` lists them; a file is named by its path` });
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    const snapshot = isFile ? await bringIn(cluster, wanted) : wanted;
    if (!flags.yes) {
      const masters = (report.view?.hosts ?? []).filter(({ roles }) => roles.includes('master')).map(({ id }) => id);
      console.error(`This stops the API of cluster ${cluster} on ${masters.join(', ') || 'its control planes'} and takes everything in it back to ${snapshot}: what was changed since is lost.`);
      if ((await ask(`Type the cluster's name to go on: `, '--yes')).trim() !== cluster) {
        console.error('nothing was done');
        return exitCodes.refused;
      }
    }
    const accepted = await client.task(cluster, { kind: 'etcd-restore', snapshot, force: flags.force ?? false }, actorOf(flags));
    return watchOperation(client, accepted, { json: flags.json ?? false, wait: false, embedded: isEmbedded(flags) });
  });
}

/** Puts a file among the snapshots that the Temporal worker of this machine keeps. Gives the name it has there. */
async function bringIn(cluster: string, path: string): Promise<string> {
  const hash = await hashOfFile(path).catch(() => undefined);
  if (hash === undefined) throw new ClusterError('InvalidSpec', `${path} is no file that can be read`, { todo: 'name a snapshot or its file' });
  const own = basename(path);
  const name = isSnapshotName(own) ? own : `file-${hash.slice(0, 16)}.db`;
  const there = await hashOfFile(snapshotFile(cluster, name));
  if (there === hash) return name;
  const free = there === undefined ? name : `file-${hash.slice(0, 16)}.db`;
  mkdirSync(snapshotsDir(cluster), { recursive: true, mode: 0o700 });
  copyFileSync(path, join(snapshotsDir(cluster), free));
  chmodSync(join(snapshotsDir(cluster), free), 0o600);
  return free;
}
