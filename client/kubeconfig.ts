import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ClusterError } from '../domain/errors';
import { isObject } from '../domain/kubeadm/json';
import { faultOf, readYaml, valueOf, YamlFault } from '../domain/yaml';
import { writeWhole } from '../home/whole-file';

interface Named {
  readonly name: string;
}

/** The parts of a kubeconfig that Keelson touches; the rest is kept as it is. */
interface Kubeconfig {
  readonly clusters?: readonly (Named & { readonly cluster: { readonly server: string } })[];
  readonly users?: readonly Named[];
  readonly contexts?: readonly (Named & { readonly context: { readonly cluster: string; readonly user: string } })[];
  readonly 'current-context'?: string;
}

/** One cluster, user and context, all called `keelson-<name>`; the server at `address`, when one is given. */
export function rename(text: string, name: string, address: string | undefined): string {
  const config = read(text, 'the admin.conf of the control plane');
  const called = `keelson-${name}`;
  const [cluster, user] = [config.clusters?.[0], config.users?.[0]];
  if (typeof cluster?.cluster?.server !== 'string' || !user) throw new ClusterError('CommandFailed', 'the admin.conf of the control plane has no cluster or no user');
  const server = address ? cluster.cluster.server.replace(/^(https?:\/\/)(\[[^\]]*\]|[^:/]+)/, `$1${address.includes(':') ? `[${address}]` : address}`) : cluster.cluster.server;
  return stringify({
    ...config,
    clusters: [{ ...cluster, name: called, cluster: { ...cluster.cluster, server } }],
    users: [{ ...user, name: called }],
    contexts: [{ name: called, context: { cluster: called, user: called } }],
    'current-context': called,
  });
}

/** The file that `kubectl config` writes to: the first of KUBECONFIG's list, else ~/.kube/config. Always an absolute path. */
export function kubeconfigFile(env: NodeJS.ProcessEnv = process.env): string {
  const [first] = (env['KUBECONFIG'] ?? '').split(delimiter).filter((name) => name !== '');
  return first === undefined ? join(homedir(), '.kube', 'config') : resolve(first);
}

/** Puts a kubeconfig of rename() into a file among the others there, mode 0600, and makes it the current one. Of a link, what it leads to is written. */
export function mergeInto(file: string, text: string): void {
  const added = read(text, 'the new kubeconfig');
  const before = readExisting(file);
  const merged = {
    apiVersion: 'v1', kind: 'Config', ...before,
    clusters: replace(before.clusters, added.clusters),
    users: replace(before.users, added.users),
    contexts: replace(before.contexts, added.contexts),
    'current-context': added['current-context'],
  };
  writeWhole(behindLinks(file), stringify(merged));
}

/** The file that a path leads to, also where that is not there yet. */
function behindLinks(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  const next = resolve(dirname(path), readlinkSync(path));
  // A circle of links is told by reading it, before.
  return behindLinks(next);
}

/** A kubeconfig; throws InvalidSpec for what is none. */
function read(text: string, whose: string): Kubeconfig {
  try {
    const [document] = readYaml(text);
    const fault = document && faultOf(document, text);
    if (fault) throw new YamlFault(fault);
    const value = document ? valueOf(document) : {};
    const lists = isObject(value) ? [value['clusters'], value['users'], value['contexts']] : [undefined, 0];
    if (lists.every((list) => list === undefined || list === null || (Array.isArray(list) && list.every((one) => isObject(one))))) return value as unknown as Kubeconfig;
    throw new YamlFault('it has no lists of clusters, users and contexts');
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw new ClusterError('InvalidSpec', `${whose} is no kubeconfig: ${error.message}`, { todo: 'look at it, and move it aside if it is damaged' }, { cause: error });
  }
}

function readExisting(file: string): Kubeconfig {
  try {
    return read(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

const replace = <T extends Named>(before: readonly T[] | null = [], added: readonly T[] | null = []): T[] =>
  [...(before ?? []).filter(({ name }) => !added?.some((one) => one.name === name)), ...(added ?? [])];
