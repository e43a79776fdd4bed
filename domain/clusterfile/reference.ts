import { z } from 'zod';
import type { JsonObject } from '../cluster';
import { isObject, objectAt, textAt, without } from '../kubeadm/json';
import { documentNames, kinds } from '../kubeadm/kinds';
import { clusterSchema, configSchema, kubeadmSchemas, policySchema } from './schema';

const schemas: Readonly<Record<string, z.ZodType>> = { Cluster: clusterSchema, Config: configSchema, Policy: policySchema };

/** JSON Schema of one document of a Clusterfile, for editors; from the forms that the parser itself checks. */
export function jsonSchema(): JsonObject {
  const all: Readonly<Record<string, z.ZodType>> = { ...schemas, ...Object.fromEntries(documentNames.map((name) => [kinds[name], kubeadmSchemas[name]])) };
  const documents = Object.entries(all).map(([kind, schema]) => ({ title: kind, ...without(schemaOf(schema), ['$schema']) }));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A document of a Clusterfile',
    anyOf: documents,
  };
}

const schemaOf = (schema: z.ZodType): JsonObject => z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonObject;

/** The fields of the documents that are not Kubernetes' own, as Markdown tables. */
export const fieldTables = (): string => Object.entries(schemas).map(([kind, schema]) => {
  const spec = objectAt(objectAt(schemaOf(schema), 'properties'), 'spec');
  const rows = rowsOf(spec, 'spec').map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${kind}`, '', '| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}).join('\n\n');

function rowsOf(schema: JsonObject, path: string): string[][] {
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly unknown[]) : [];
  return Object.entries(objectAt(schema, 'properties')).flatMap(([key, field]) => {
    if (!isObject(field)) return [];
    const name = `${path}.${key}`;
    const row = [`\`${name}\``, `${typeOf(field)}${required.includes(key) ? ', required' : ''}`, textAt(field, 'description') ?? ''];
    // spec.ssh and the groups' ssh are one form; it is shown once.
    if (name === 'spec.hosts[].ssh') return [row];
    const items = objectAt(field, 'items');
    return [row, ...rowsOf(field, name), ...rowsOf(items, `${name}[]`)];
  });
}

function typeOf(field: JsonObject): string {
  if (Array.isArray(field['enum'])) return field['enum'].filter((one) => one !== '').map((one) => `\`${String(one)}\``).join(', ');
  if (field['type'] === 'array') return `list of ${textAt(objectAt(field, 'items'), 'type') === 'string' ? 'texts' : 'groups'}`;
  if (field['type'] === 'object') return 'map';
  return ({ string: 'text', integer: 'number', number: 'number', boolean: 'true or false' } as Readonly<Record<string, string>>)[textAt(field, 'type') ?? ''] ?? '';
}
