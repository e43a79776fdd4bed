import type { ConfigDocument, Json, JsonObject } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { isObject } from '../domain/kubeadm/json';
import { faultOf, readYaml, valueOf, YamlFault } from '../domain/yaml';

const strategies = ['merge', 'override', 'insert', 'append'] as const;

/**
 * The Config documents of an image's own config.yml, which come before the user's. Documents of other kinds are passed
 * over. Throws InvalidImage for what is no YAML or no complete Config.
 */
export function readImageConfigs(text: string, file: string): ConfigDocument[] {
  try {
    return readYaml(text).flatMap((document): ConfigDocument[] => {
      const fault = faultOf(document, text);
      if (fault) throw new YamlFault(fault);
      const raw = valueOf(document);
      return isObject(raw) && raw['kind'] === 'Config' ? [readConfig(raw, file)] : [];
    });
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw new ClusterError('InvalidImage', `${file} of the image is no YAML: ${error.message}`, { todo: 'Correct the image.' });
  }
}

const textAt = (value: Json | undefined, field: string): string | undefined =>
  isObject(value) && typeof value[field] === 'string' && value[field] !== '' ? value[field] : undefined;

function readConfig({ metadata, spec }: JsonObject, file: string): ConfigDocument {
  const name = textAt(metadata, 'name') ?? 'config';
  const strategy = strategies.find((one) => one === (textAt(spec, 'strategy') ?? 'override'));
  const [path, match] = [textAt(spec, 'path'), textAt(spec, 'match')];
  const data = isObject(spec) ? spec['data'] : undefined;
  if (!path || typeof data !== 'string' || !strategy) {
    throw new ClusterError('InvalidImage', `${file} of the image: Config ${name} needs path, data, and a strategy of ${strategies.join(', ')}`);
  }
  return { name, path, data, strategy, ...(match ? { match } : {}) };
}
