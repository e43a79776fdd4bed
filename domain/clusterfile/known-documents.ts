import { type DocumentName, nameOfKind } from '../kubeadm/kinds';
import type { Report } from './report';
import type { Source } from './yaml-source';

type Kind = 'Cluster' | 'Config' | 'Policy' | DocumentName;

/** A document whose kind Keelson knows. */
export interface Known {
  readonly kind: Kind;
  readonly source: Source;
}

/** The documents that are known, one of each kind and name: the last one, with a warning. */
export function knownDocuments(sources: readonly Source[], report: Report): Known[] {
  const found = new Map<string, Known>();
  for (const source of sources) {
    const kind = kindOf(source);
    const { kind: word, apiVersion, metadata } = source.value;
    if (!kind) {
      report.warning(source.at(), `an unknown document is ignored (kind ${label(word)}, apiVersion ${label(apiVersion)})`);
      continue;
    }
    const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata && (kind === 'Cluster' || kind === 'Config') ? label(metadata.name) : '';
    const key = `${kind} ${name}`;
    const before = found.get(key);
    if (before) report.warning(source.at(), `${label(word)}${name === '' ? '' : ` ${name}`} is there twice; this one counts, the one at ${before.source.at()} is ignored`);
    found.delete(key);
    found.set(key, { kind, source });
  }
  return [...found.values()];
}

function kindOf({ value }: Source): Kind | undefined {
  const group = typeof value['apiVersion'] === 'string' ? value['apiVersion'].split('/')[0] : '';
  if ((value['kind'] === 'Cluster' || value['kind'] === 'Config') && group === 'apps.sealos.io') return value['kind'];
  if (value['kind'] === 'Policy' && group === 'keelson.dev') return 'Policy';
  return nameOfKind(value['kind']);
}

const label = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? 'missing' : JSON.stringify(value));
