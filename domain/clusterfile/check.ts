import type { z } from 'zod';
import { isObject, valueAt } from '../kubeadm/json';
import type { Report } from './report';
import { type Source, withoutNulls } from './yaml-source';

/** The document in its form, or undefined after everything that is wrong with it was reported. */
export function check<S extends z.ZodType>(schema: S, source: Source, report: Report): z.output<S> | undefined {
  const result = schema.safeParse(withoutNulls(source.value));
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const field = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') report.error(source.at(issue.path), `${field === '' ? '' : `${field}: `}${issue.message}`);
    else for (const key of issue.keys) report.error(source.at([...issue.path, key]), `unknown field ${[...issue.path, key].map(String).join('.')}`);
  }
  return undefined;
}

/** Warns of fields that nothing reads: they are kept in the file and have no effect. */
export function warnUnknown(shape: Readonly<Record<string, unknown>>, source: Source, path: readonly PropertyKey[], report: Report): void {
  const value = valueAt(source.value, path);
  if (!isObject(value)) return;
  for (const key of Object.keys(value).filter((one) => !Object.hasOwn(shape, one))) {
    report.warning(source.at([...path, key]), `unknown field ${[...path, key].map(String).join('.')}`, 'It has no effect; look for a misspelling.');
  }
}
