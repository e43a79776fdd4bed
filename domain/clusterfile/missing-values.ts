import { isObject, valueAt } from '../kubeadm/json';
import type { Report } from './report';
import type { Source } from './yaml-source';

/**
 * Refuses what a template printed as `<no value>` into how to log in: it would be tried as a password on every host, and
 * hosts lock out who does that. `missing` are the actions of the file's template that had no value.
 */
export function refuseMissing({ value, at }: Source, missing: readonly string[], report: Report): void {
  const spec = value['spec'];
  if (missing.length === 0 || value['kind'] !== 'Cluster' || !isObject(spec)) return;
  const names = [...new Set(missing.flatMap((action) => /^\{\{-?\s*\.Values\.([\w.]+)\s*-?\}\}$/.exec(action)?.[1] ?? []))];
  const flags = (names.length > 0 ? names : ['NAME']).map((name) => `--set ${name}=...`).join(' ');
  const groups = Array.isArray(spec['hosts']) ? spec['hosts'].map((_group, index) => ['hosts', index] as const) : [];
  for (const path of [[], ...groups]) {
    const ssh = valueAt(spec, [...path, 'ssh']);
    if (!isObject(ssh)) continue;
    for (const [key, text] of Object.entries(ssh)) {
      if (typeof text !== 'string' || !text.includes('<no value>')) continue;
      const field = ['spec', ...path, 'ssh', key];
      report.error(at(field), `${field.join('.')}: the template has no value for it`, `Give ${flags}, or a file with --values.`);
    }
  }
}
