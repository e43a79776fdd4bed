import type { ConfigDocument, JsonObject } from '../cluster';
import { normalAddress } from '../ip-range';
import type { DocumentName } from '../kubeadm/kinds';
import type { NodeSettings } from '../node-settings';
import type { Problem } from '../problem';
import type { DocumentsBeside } from './documents';
import type { Known } from './known-documents';
import { readConfig } from './read-cluster';
import { endpointOf, readKubeadm } from './read-kubeadm';
import { readPolicy } from './read-policy';
import type { Report } from './report';

/** All documents but the Cluster itself. */
export function readBeside(known: readonly Known[], report: Report): DocumentsBeside {
  const configs: ConfigDocument[] = [];
  const kubeadm: { -readonly [Name in DocumentName]?: JsonObject } = {};
  let said = readPolicy(undefined, report);
  for (const { kind, source } of known) {
    if (kind === 'Cluster') continue;
    if (kind === 'Config') configs.push(...[readConfig(source, report)].filter((one) => one !== undefined));
    else if (kind === 'Policy') said = readPolicy(source, report);
    else kubeadm[kind] = readKubeadm(kind, source, report) ?? {};
  }
  const { policy, nodes } = said;
  const endpoint = said.controlPlaneEndpoint ?? endpointOf(kubeadm);
  return { configs, kubeadm, policy, nodes, ...(endpoint === undefined ? {} : { controlPlaneEndpoint: endpoint }) };
}

/** The hosts with what a Policy says of their Nodes. */
export const withNodes = <H extends { readonly address: string }>(hosts: readonly H[], nodes: DocumentsBeside['nodes']): (H & NodeSettings)[] =>
  hosts.map((host) => ({ ...host, ...nodes.get(normalAddress(host.address)) }));

/** Where a Policy says it. */
export const nodeFields: Readonly<Record<keyof NodeSettings, string>> = { nodeName: 'nodeNames', nodeLabels: 'nodeLabels', nodeTaints: 'nodeTaints' };

/** Warnings of addresses of which a Policy says something, and that no host has. `where` is the file, where there is one. */
export function strangerProblems(nodes: DocumentsBeside['nodes'], hosts: readonly { readonly address: string }[], where?: string): Problem[] {
  const there = new Set(hosts.map(({ address }) => normalAddress(address)));
  const missing = [...nodes].filter(([address]) => !there.has(address));
  return missing.flatMap(([address, said]) => Object.keys(said).map((key): Problem => (
    { severity: 'warning', type: 'InvalidSpec', ...(where === undefined ? {} : { where }), message: `Policy ${nodeFields[key as keyof NodeSettings]}: ${address} is no host of the cluster` })));
}
