import type { ClusterSpec } from './cluster';
import type { ClusterRecord } from './entity';
import type { HostFacts } from './facts';
import { markedInstalled } from './installed';
import { hasJoined, leavingOf } from './membership';
import { inPlaceOf } from './override';
import type { Plan } from './plan';
import { isNodeAgain } from './plan-job';
import { warningsOf } from './problem';
import type { Seen } from './seen';

/** What is known after a look, and what the plan is about to do to which hosts. Hosts of which nothing is left are no more in it. */
export function recordAfterLook(record: ClusterRecord, { spec, seen: { images, facts, cluster }, plan }: { readonly spec: ClusterSpec; readonly seen: Seen; readonly plan: Plan }): ClusterRecord {
  const touched = new Set(plan.jobs.flatMap(({ host }) => host ?? []));
  const gone = new Set(leavingOf(spec, record).map(({ host: { id } }) => id).filter((id) => !touched.has(id)));
  const stays = <T>(of: Readonly<Record<string, T>> = {}): Record<string, T> => Object.fromEntries(Object.entries(of).filter(([id]) => !gone.has(id)));
  const there = facts.filter(({ host }) => !gone.has(host));
  const members = spec.hosts.filter(({ id }) => touched.has(id) || record.members?.[id] !== undefined || hasJoined(facts.find(({ host }) => host === id)));
  const ran = images.filter(({ kind, digest }) => kind === 'application' && markedInstalled(facts, digest, { leader: plan.leader, last: record })).map(({ digest }) => digest);
  // Where a cluster begins with Init, what ran in one before it does not count.
  const before = plan.jobs.some(({ stage }) => stage === 'Init') ? [] : (record.installed ?? []).filter((one) => images.some(({ digest }) => digest === one));
  return {
    ...record,
    leader: plan.leader,
    ...(cluster?.fixed ? { fixed: cluster.fixed } : {}),
    hostKeys: { ...stays(record.hostKeys), ...valuesOf(there, ({ hostKey }) => hostKey) },
    machineIds: { ...stays(record.machineIds), ...valuesOf(there, ({ machineId }) => machineId) },
    members: { ...stays(record.members), ...Object.fromEntries(members.map((host) => [host.id, { host }])) },
    installed: [...new Set([...before, ...ran])],
    images: images.map(({ ref, digest, kind, version }) => {
      const since = record.images.find((one) => one.ref === ref && one.digest === digest)?.since;
      return { ref, digest, kind, ...(version ? { version } : {}), ...(since ? { since } : {}), ...inPlaceOf({ ref, digest, kind }, record, ran) };
    }),
  };
}

/** A value of each host that has one, by host id. */
const valuesOf = (facts: readonly HostFacts[], value: (one: HostFacts) => string | undefined): Record<string, string> =>
  Object.fromEntries(facts.flatMap((one) => {
    const found = value(one);
    return found ? [[one.host, found]] : [];
  }));

/** The hosts that need no Init and no Join any more. */
export const joinedBefore = ({ hosts }: ClusterSpec, { jobs }: Plan): string[] =>
  hosts.map(({ id }) => id).filter((id) => !jobs.some((job) => job.host === id && (job.stage === 'Init' || job.stage === 'Join') && !isNodeAgain(job)));

/** Lines for people, added to those that are there: warnings of the checks, and the key of every host that was met for the first time. */
export function notesAfterLook(notes: readonly string[], { problems, facts }: Seen, known: ClusterRecord['hostKeys']): string[] {
  const met = facts.filter(({ host, fingerprint }) => fingerprint && !known[host]);
  const lines = [
    ...met.map(({ host, fingerprint }) => `${host}: first contact, host key ${fingerprint ?? ''}`),
    ...warningsOf(problems).map(({ host, message }) => `warning: ${host ? `${host}: ` : ''}${message}`),
  ];
  return [...new Set([...notes, ...lines])];
}
