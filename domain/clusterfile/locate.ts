import { nameIn } from '../env';
import { parseHost } from '../host-list';
import { normalAddress } from '../ip-range';
import { valueAt } from '../kubeadm/json';
import { nameOfKind } from '../kubeadm/kinds';
import type { Problem } from '../problem';
import { nodeFields } from './beside';
import type { Known } from './known-documents';
import type { Source } from './yaml-source';

type Path = readonly (string | number)[];

/** Says of a problem that the rules of specs found where in the file its cause stands; as it is where nothing there is. */
export type Locate = (problem: Problem) => Problem;

/** For the documents of one reading. Of hosts it goes by address, as a spec knows no places in a file. */
export function locator(known: readonly Known[]): Locate {
  const sourceOf = (kind: Known['kind'] | undefined): Source | undefined => known.find((one) => one.kind === kind)?.source;
  const [cluster, policy] = [sourceOf('Cluster'), sourceOf('Policy')];

  let hosts: ReturnType<typeof hostsIn> | undefined;

  const ofHost = (problem: Problem, host: string, where: string): Problem => {
    const place = cluster && (hosts ??= hostsIn(cluster)).get(normalAddress(host));
    if (!cluster || !place) return problem;
    const [group, item] = place;
    if (where === 'ssh') return ofLogin(problem, cluster, group) ?? { ...problem, at: cluster.at([...group, 'ips', item]) };
    const field = Object.hasOwn(nodeFields, where) ? nodeFields[where as keyof typeof nodeFields] : undefined;
    const node = policy && field ? keyOf(policy, ['spec', field], (key) => normalAddress(key) === normalAddress(host)) : undefined;
    if (policy && node) return { ...problem, at: policy.at(node) };
    const [, variable] = /^env\.(.*)$/s.exec(where) ?? [];
    const path = where === 'roles' ? [...group, 'roles'] : (variable === undefined ? undefined : findEnv(cluster, [...group, 'env'], variable)) ?? [...group, 'ips', item];
    return { ...problem, at: cluster.at(path) };
  };

  const ofField = (where: string, severity: Problem['severity']): string | undefined => {
    const [, word = '', rest = ''] = /^([A-Za-z]+)[. ]?(.*)$/s.exec(where) ?? [];
    if (where === 'controlPlaneEndpoint') return policy && valueAt(policy.value, ['spec', where]) !== undefined ? policy.at(['spec', where]) : sourceOf('cluster')?.at([where]);
    if (word === 'Policy') return policy?.at(['spec', rest]);
    if (word === 'Config') return known.find(({ kind, source }) => kind === 'Config' && valueAt(source.value, ['metadata', 'name']) === rest)?.source.at(['spec', severity === 'error' ? 'path' : 'match']);
    if (word === 'metadata') return cluster?.at(['metadata', rest]);
    if (word !== 'spec') return sourceOf(nameOfKind(word))?.at(rest.split('.'));
    const [, variable] = /^env\.(.*)$/s.exec(rest) ?? [];
    const path = variable === undefined ? rest.split(/[[\].]+/).filter(Boolean).map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : undefined;
    if (path) return cluster?.at(['spec', ...path]);
    const env = cluster && findEnv(cluster, ['spec', 'env'], variable ?? '');
    return env && cluster.at(env);
  };

  return (problem) => {
    const { host, where = '', severity } = problem;
    if (host !== undefined) return ofHost(problem, host, where);
    const at = ofField(where, severity);
    return at === undefined ? problem : { ...problem, at };
  };
}

const listAt = ({ value }: Source, path: Path): readonly unknown[] => {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
};

/** By address: the group of a host, and its place in the group's `ips`. A table, as there may be thousands. */
function hostsIn(cluster: Source): Map<string, readonly [Path, number]> {
  const found = new Map<string, readonly [Path, number]>();
  for (const index of listAt(cluster, ['spec', 'hosts']).keys()) {
    const group = ['spec', 'hosts', index];
    for (const [item, text] of listAt(cluster, [...group, 'ips']).entries()) {
      // One that cannot be read goes by its text.
      if (typeof text === 'string') found.set(normalAddress(parseHost(text.trim())?.address ?? text.trim()), [group, item]);
    }
  }
  return found;
}

/** The last one of a name counts. */
function findEnv(cluster: Source, path: Path, name: string): Path | undefined {
  const index = listAt(cluster, path).findLastIndex((item) => typeof item === 'string' && nameIn(item) === name);
  return index < 0 ? undefined : [...path, index];
}

function keyOf(source: Source, path: Path, is: (key: string) => boolean): Path | undefined {
  const key = Object.keys(valueAt(source.value, path) ?? {}).find(is);
  return key === undefined ? undefined : [...path, key];
}

/** A key that cannot be read is the fault of one line, however many hosts log in with it. */
function ofLogin({ host: _all, ...problem }: Problem, cluster: Source, group: Path): Problem | undefined {
  const field = [[...group, 'ssh', 'pk'], ['spec', 'ssh', 'pk']].find((path) => Boolean(valueAt(cluster.value, path)));
  return field && { ...problem, where: field.join('.'), at: cluster.at(field) };
}
