import { parseAllDocuments } from 'yaml';
import type { ConfigDocument } from '../domain/cluster';
import { ClusterError } from '../domain/errors';

const strategies = ['merge', 'override', 'insert', 'append'] as const;

interface RawConfig {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly path?: string; readonly match?: string; readonly strategy?: string; readonly data?: string };
}

/**
 * The Config documents of an image's own config.yml, which come before the user's. Documents of other kinds are passed
 * over. Throws InvalidImage for what is no YAML or no complete Config.
 */
export function readImageConfigs(text: string, file: string): ConfigDocument[] {
  const configs: ConfigDocument[] = [];
  for (const document of parseAllDocuments(text)) {
    if (!('errors' in document)) continue;
    if (document.errors[0]) throw new ClusterError('InvalidImage', `${file} of the image is no YAML: ${document.errors[0].message}`);
    const raw = document.toJS() as RawConfig | null;
    if (raw?.kind === 'Config') configs.push(readConfig(raw, file));
  }
  return configs;
}

function readConfig({ metadata, spec }: RawConfig, file: string): ConfigDocument {
  const name = metadata?.name ?? 'config';
  const strategy = strategies.find((one) => one === (spec?.strategy || 'override'));
  if (!spec?.path || typeof spec.data !== 'string' || !strategy) {
    throw new ClusterError('InvalidImage', `${file} of the image: Config ${name} needs path, data, and a strategy of ${strategies.join(', ')}`);
  }
  return { name, path: spec.path, data: spec.data, strategy, ...(spec.match ? { match: spec.match } : {}) };
}
