import type { JsonObject, KubeadmDocuments } from '../cluster';
import { apiName, apiPort } from '../host-paths';
import { isObject, objectAt, textAt, without } from '../kubeadm/json';
import type { DocumentName } from '../kubeadm/kinds';
import { check } from './check';
import type { Report } from './report';
import { kubeadmSchemas } from './schema';
import type { Source } from './yaml-source';

/** What Keelson makes itself at each init and join: a token or key in a spec would stay for ever. */
const ownFields: Partial<Record<DocumentName, readonly string[]>> = { init: ['bootstrapTokens', 'certificateKey'], join: ['discovery'] };

/** One of Kubernetes' documents, as it stands, but for what is Keelson's to make. Nulls stay: they take a default away. */
export function readKubeadm(name: DocumentName, source: Source, report: Report): JsonObject | undefined {
  if (!check(kubeadmSchemas[name], source, report)) return undefined;
  for (const field of ownFields[name] ?? []) {
    if (field in source.value) report.warning(source.at([field]), `${field} is ignored`, 'Tokens and keys are made when a host joins and end with it.');
  }
  const { value } = source;
  const timeout = name === 'join' ? textAt(objectAt(value, 'discovery'), 'timeout') : undefined;
  const kept: JsonObject = { ...without(value, ownFields[name] ?? []), ...(timeout ? { discovery: { timeout } } : {}) };
  const controlPlane = kept['controlPlane'];
  return isObject(controlPlane) ? { ...kept, controlPlane: without(controlPlane, ['certificateKey']) } : kept;
}

/** The endpoint that a ClusterConfiguration names, unless it is the one every cluster has. */
export function endpointOf(kubeadm: KubeadmDocuments): string | undefined {
  const endpoint = textAt(kubeadm.cluster, 'controlPlaneEndpoint');
  return endpoint === `${apiName}:${apiPort}` || endpoint === apiName ? undefined : endpoint;
}
