import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where Keelson's own files lie. All are functions that read the environment when they are called, so that one process
 * (a test, a moved home) can look at several homes one after the other.
 */

/** `KEELSON_HOME`, or `~/.keelson`. */
export const homeDir = (): string => process.env.KEELSON_HOME || join(homedir(), '.keelson');

/** The file with the sealing key: `KEELSON_KEY_FILE`, or `key` below the home. */
export const keyFile = (): string => process.env.KEELSON_KEY_FILE || join(homeDir(), 'key');

/** The content store: blobs by digest, names of images, unpacked trees. */
export const storeDir = (): string => join(homeDir(), 'store');

export const logsDir = (cluster: string): string => join(homeDir(), 'logs', fileName(cluster));
export const logFile = (at: LogPlace): string =>
  join(logsDir(at.cluster), fileName(at.operation), fileName(at.stage), fileName(at.host), `${at.attempt}.log`);

/** One file of the log store: what one attempt of one stage said on one host. */
export interface LogPlace {
  readonly cluster: string;
  readonly operation: string;
  readonly stage: string;
  /** Host id; `cluster` for work that belongs to no host. */
  readonly host: string;
  readonly attempt: number;
}

export const journalDir = (cluster: string): string => join(homeDir(), 'journal', fileName(cluster));
export const journalFile = (cluster: string, operation: string): string =>
  join(journalDir(cluster), `${fileName(operation)}.ndjson`);

export const historyDir = (cluster: string): string => join(homeDir(), 'history', fileName(cluster));
export const historyFile = (cluster: string, operation: string): string =>
  join(historyDir(cluster), `${fileName(operation)}.json`);

/** The Clusterfile of a cluster as it is wanted now, secrets sealed: sealos has it below ~/.sealos. */
export const clusterfileFile = (cluster: string): string => join(homeDir(), 'clusters', fileName(cluster), 'Clusterfile');

/** Snapshots of a cluster's etcd, kept outside of it. */
export const snapshotsDir = (cluster: string): string => join(homeDir(), 'snapshots', fileName(cluster));

/** Pids and descriptions of the background processes. */
export const localDir = (): string => join(homeDir(), 'local');
export const pidFile = (process: 'server' | 'worker'): string => join(localDir(), `${process}.pid`);
/** Beside the pid: start time, ports, version, build hash. */
export const processFile = (process: 'server' | 'worker'): string => join(localDir(), `${process}.json`);
/** What a background process prints. */
export const processLogFile = (process: 'server' | 'worker'): string => join(localDir(), `${process}.log`);
export const startLockFile = (): string => join(localDir(), 'start.lock');
export const databaseFile = (): string => join(homeDir(), 'temporal.db');

/** A name as one path element: names come from specs, and none may leave its folder. */
function fileName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._:@-]/g, '_');
  return /^\.*$/.test(safe) ? `_${safe}` : safe;
}
