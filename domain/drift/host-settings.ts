import type { Json, JsonObject } from '../cluster';
import { durationPattern, parseDuration } from '../clusterfile/duration';
import { Report } from '../clusterfile/report';
import { readSources } from '../clusterfile/yaml-source';
import { canonicalJson } from '../digest';
import { isObject } from '../kubeadm/json';
import type { Difference } from './difference';

export const kubeletConfigPath = '/var/lib/kubelet/config.yaml';

/** The kubelet's configuration on a host against the document that kubeadm got: each field that the document says. */
export function kubeletDifferences(host: string, text: string, wanted: JsonObject): Difference[] {
  const file = kubeletConfigPath;
  const [source] = readSources({ file, text }, new Report());
  if (!source) return [{ host, kind: 'kubelet', file, message: 'it is no YAML map' }];
  const { apiVersion: _version, kind: _kind, ...fields } = wanted;
  const walk = (want: Json, have: Json | undefined, path: readonly string[]): Difference[] => {
    if (isObject(want)) return Object.entries(want).flatMap(([key, value]) => walk(value, isObject(have) ? have[key] : undefined, [...path, key]));
    if (canonicalJson(normal(want)) === canonicalJson(normal(have ?? null)) || (have === undefined && isEmpty(want))) return [];
    const line = Number(source.at(path).split(':').at(-1));
    const flag = path.join('.');
    return [{
      host, kind: 'kubelet', file, flag, ...(have === undefined ? {} : { line }),
      message: `${flag} is ${have === undefined ? 'missing' : JSON.stringify(have).slice(0, 200)}; the configuration says ${JSON.stringify(want).slice(0, 200)}`,
    }];
  };
  return walk(fields, source.value, []);
}

/** kubeadm writes durations its own way: 1m is 1m0s there. */
const normal = (value: Json): Json => (typeof value === 'string' && durationPattern.test(value) ? parseDuration(value) : value);
/** What is zero may be left out when it is written. */
const isEmpty = (value: Json): boolean => value === null || value === false || value === 0 || value === '' || (Array.isArray(value) && value.length === 0);

/** The names that a host has to know, against /etc/hosts: resolvers take the first line that bears a name. */
export function hostsDifferences(host: string, text: string, wanted: readonly { readonly name: string; readonly address: string }[]): Difference[] {
  const file = '/etc/hosts';
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  return wanted.flatMap(({ name, address }): Difference[] => {
    const at = lines.findIndex(([, ...names]) => names.includes(name));
    const there = lines[at]?.[0];
    if (there === address) return [];
    if (there === undefined) return [{ host, kind: 'hosts', file, message: `${name} is missing; it should be ${address}` }];
    return [{ host, kind: 'hosts', file, line: at + 1, message: `${name} is ${there}; it should be ${address}` }];
  });
}

/** Units of a host: whether they start with it and run. A unit that is not there is no difference, except the kubelet. */
export function serviceDifferences(host: string, states: Readonly<Record<string, { readonly enabled: string; readonly active: string }>>): Difference[] {
  return Object.entries(states).flatMap(([unit, { enabled, active }]): Difference[] => {
    const there = enabled !== '' && enabled !== 'not-found';
    if (!there) return unit === 'kubelet' ? [{ host, kind: 'service', message: 'there is no service kubelet' }] : [];
    return [
      ...(['disabled', 'masked', 'masked-runtime'].includes(enabled) ? [{ host, kind: 'service' as const, message: `the service ${unit} is ${enabled}: it does not start with the host` }] : []),
      ...(active === 'active' || active === 'activating' || active === 'reloading' ? [] : [{ host, kind: 'service' as const, message: `the service ${unit} is ${active}` }]),
    ];
  });
}

/** The first line in which a text differs from another, from 1; undefined when they are the same. */
export function firstLine(have: string, want: string): number | undefined {
  if (have === want) return undefined;
  const [a, b] = [have.split('\n'), want.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return at < 0 ? a.length : at + 1;
}
