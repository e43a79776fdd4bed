import { defaultPolicy } from '../cluster';
import { normalAddress } from '../ip-range';
import type { NodeSettings } from '../node-settings';
import { check } from './check';
import type { DocumentsBeside } from './documents';
import { parseDuration } from './duration';
import type { Report } from './report';
import { policySchema } from './schema';
import type { Source } from './yaml-source';

type FromPolicy = Pick<DocumentsBeside, 'policy' | 'controlPlaneEndpoint' | 'nodes'>;

/** The Policy document, or none. What it leaves out keeps its default, also inside a group of settings. */
export function readPolicy(source: Source | undefined, report: Report): FromPolicy {
  const document = source && check(policySchema, source, report);
  if (!document) return { policy: {}, nodes: new Map() };
  const { parkRetry, maxClockSkew, controlPlaneEndpoint, nodeNames, nodeLabels, nodeTaints, drain, upgrade, approve, snapshots, drift, ...same } = document.spec;
  const { first, ...times } = parkRetry ?? {};
  return {
    policy: {
      ...same,
      ...(parkRetry && { parkRetry: { ...defaultPolicy.parkRetry, ...times, ...inMs('firstMs', first) } }),
      ...inMs('maxClockSkewMs', maxClockSkew),
      ...(drain && { drain: { ...defaultPolicy.drain, ...inMs('graceMs', drain.grace), ...inMs('timeoutMs', drain.timeout), ...(drain.force === undefined ? {} : { force: drain.force }) } }),
      ...(upgrade && { upgrade: { ...defaultPolicy.upgrade, ...(upgrade.maxUnavailable === undefined ? {} : { maxUnavailable: String(upgrade.maxUnavailable) }) } }),
      ...(approve && { approve: { ...defaultPolicy.approve, ...approve } }),
      ...(snapshots && { snapshots: { ...defaultPolicy.snapshots, ...without(snapshots, 'every'), ...inMs('everyMs', snapshots.every) } }),
      ...(drift && { drift: { ...defaultPolicy.drift, ...without(drift, 'every'), ...inMs('everyMs', drift.every) } }),
    },
    ...(controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint }),
    nodes: byAddress({ nodeName: nodeNames, nodeLabels, nodeTaints }),
  };
}

/** From tables by address to one table. */
function byAddress(tables: { readonly [K in keyof NodeSettings]: Readonly<Record<string, NonNullable<NodeSettings[K]>>> | undefined }): Map<string, NodeSettings> {
  const nodes = new Map<string, NodeSettings>();
  for (const [field, table = {}] of Object.entries(tables)) {
    for (const [text, value] of Object.entries(table)) nodes.set(normalAddress(text), { ...nodes.get(normalAddress(text)), [field]: value });
  }
  return nodes;
}

const inMs = <K extends string>(key: K, text: string | undefined): { [_ in K]?: number } => (text === undefined ? {} : { [key]: parseDuration(text) } as { [_ in K]: number });

function without<T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> {
  const { [key]: _left, ...rest } = from;
  return rest;
}
