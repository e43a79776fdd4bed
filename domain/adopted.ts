import type { Adoption } from './adopt';
import { accessOf, type ClusterSpec } from './cluster';
import type { ClusterRecord } from './entity';
import type { HostFacts } from './facts';
import type { ImageFacts } from './images';

/** The record with which the entity of an adopted cluster begins. `facts`: the hosts as they were seen, before anything was written on them. */
export const recordOfAdoption = (spec: ClusterSpec, adoption: Adoption, { facts, images, now }: { readonly facts: readonly HostFacts[]; readonly images: readonly ImageFacts[]; readonly now: string }): ClusterRecord => ({
  phase: 'ClusterSuccess', created: true, leader: adoption.leader,
  hostKeys: Object.fromEntries(facts.flatMap(({ host, hostKey }) => (hostKey ? [[host, hostKey] as const] : []))),
  conditions: [{ type: 'Ready', status: 'True', reason: 'Adopted', message: 'it was taken over as it was found', lastTransitionTime: now }],
  images: images.map(({ ref, digest, kind, version }) => ({ ref, digest, kind, ...(version ? { version } : {}) })),
  members: Object.fromEntries(spec.hosts.filter(({ id }) => adoption.facts.some(({ host, claim }) => host === id && claim?.uid === adoption.uid))
    .map((host) => [host.id, { host, access: accessOf(spec, host) }])),
});
