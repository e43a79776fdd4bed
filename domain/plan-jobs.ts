import { apiPlace, registryPlace } from './api-place';
import { controlPlanes, type Host, isControlPlane, registryHosts } from './cluster';
import { filesFor, type ImageFacts } from './images';
import { byRole } from './in-turn';
import { markedInstalled } from './installed';
import { sameAddress } from './ip-range';
import { changedIn, madeFrom } from './made-from';
import { marks } from './marks';
import { fateOf, hasJoined, isKnown } from './membership';
import { isNames, type PlanJob } from './plan-job';
import { nodeJobs } from './plan-nodes';
import { settingsJobs } from './plan-settings';
import { trimJobs, upgradeJobs } from './plan-upgrade';
import type { Situation } from './situation';
import { someOf } from './some-of';
import type { StageName } from './stages';
import { isUpgrade, leaversFirst } from './upgrade';
import { unwhole, wholeInput } from './whole';

/** The jobs in the order of the stages, and within a stage in the order of the spec. */
export function jobsFor(situation: Situation): PlanJob[] {
  const { spec } = situation;
  const hosts = spec.hosts.filter(({ id }) => !situation.absent.includes(id));
  const first = leaversFirst(situation).map(({ id }) => id);
  const removed = removeJobs(situation);
  const early = removed.filter(({ host }) => host !== undefined && first.includes(host));
  const prepared = hosts.flatMap((host) => bootstrapJob(situation, host));
  // Whoever is upgraded when a leader has left pulls from where the registry is then.
  const told = early.length > 0 ? prepared.filter(isNames) : [];
  const configured = [
    ...hosts.flatMap((host) => mountJob(situation, host)),
    ...registryHosts(spec, situation.leader).filter((host) => hosts.includes(host)).flatMap((host) => registryJob(situation, host)),
    ...told, ...early,
    ...upgradeJobs(situation, hosts),
    ...settingsJobs(situation, hosts),
    ...prepared.filter((job) => !told.includes(job)),
    ...initJob(situation),
    ...byRole(hosts).flatMap((host) => joinJob(situation, host)),
  ];
  const guests = guestJobs(situation, hosts);
  const config: PlanJob[] = configured.length + guests.length === 0 ? [] : [
    { id: 'RunConfig', stage: 'RunConfig', reason: `${spec.configs.length} Config documents, kubeadm configuration` },
  ];
  const jobs = [...config, ...deadMemberJobs(situation), ...nodeJobs(situation, hosts), ...configured, ...removed.filter((job) => !early.includes(job)), ...guests, ...trimJobs(situation, hosts)];
  return [...jobs, ...postProcessJob(situation, jobs.length > 0)];
}

const has = (situation: Situation, host: Host, mark: string): boolean => situation.seen.get(host.id)?.done.includes(mark) ?? false;
const job = (stage: StageName, host: Host, reason: string): PlanJob[] => [{ id: `${stage}/${host.id}`, stage, host: host.id, reason }];

function mountJob(situation: Situation, host: Host): PlanJob[] {
  const { spec, images, leader, last, seen } = situation;
  // A host that led once has the files of applications as well: they do no harm.
  if (has(situation, host, marks.mount(spec, images, host, leader)) || has(situation, host, marks.mount(spec, images, host, host.id))) return [];
  const brought = filesFor(images, host.id === leader);
  const again = seen.get(host.id)?.done.some((mark) => mark.startsWith('mount:'));
  const changed = again ? changedIn(last?.madeFrom, madeFrom(spec, brought), { was: last?.members?.[host.id]?.host, is: host }) : [];
  return job('MountRootfs', host, (changed.length > 0 ? changed : brought.map(({ ref }) => ref)).join(', '));
}

function registryJob(situation: Situation, host: Host): PlanJob[] {
  const { images } = situation;
  // Hosts of the former version pull its images until the last of them is upgraded.
  if (isUpgrade(situation)) {
    if (has(situation, host, marks.registryOfBoth(images))) return [];
    return job('MirrorRegistry', host, `container images of ${images.length} images, beside those of the former version`);
  }
  if (has(situation, host, marks.registry(images))) return [];
  return job('MirrorRegistry', host, has(situation, host, marks.registryOfBoth(images)) ? 'container images of the former version go' : `container images of ${images.length} images`);
}

/**
 * A host that is prepared only has to be told where registry and API are now, when they have moved. One that has not joined is
 * prepared anew for other images, variables or Config documents: it would join with the programs of the former ones, and as
 * their scripts have set it up. Members are upgraded, and get files; no script runs where pods do.
 */
function bootstrapJob(situation: Situation, host: Host): PlanJob[] {
  const { spec, leader, images, seen } = situation;
  const facts = seen.get(host.id);
  if (!facts?.done.some(marks.isPrepared)) return job('Bootstrap', host, 'not prepared yet');
  if (!hasJoined(facts) && ![marks.prepared, marks.bootstrapWith(images), marks.bootstrap(spec, images, host)].some((mark) => facts.done.includes(mark))) {
    const same = facts.done.some((mark) => mark.startsWith(marks.bootstrapWith(images)));
    return job('Bootstrap', host, same ? 'prepared with other variables or Config documents' : 'prepared with other images');
  }
  const place = registryPlace(spec, leader);
  if (has(situation, host, marks.names(place, apiPlace(spec, { host, leader, images })))) return [];
  return [{ id: `Bootstrap/${host.id}/names`, stage: 'Bootstrap', host: host.id, reason: `the registry is on ${place}` }];
}

function initJob(situation: Situation): PlanJob[] {
  const leader = situation.spec.hosts.find(({ id }) => id === situation.leader);
  return leader && !isStarted(situation) ? job('Init', leader, 'there is no control plane yet') : [];
}

/**
 * Whether a control plane is there, also one that leaves or that cannot be reached. One that answers for itself, and of
 * which no mark tells, was not made to its end: a join to itself would begin with its reset.
 */
function isStarted({ spec, seen, leaving, leader, cluster, last }: Situation): boolean {
  if ([...controlPlanes(spec), ...leaving].some(({ id }) => seen.get(id)?.done.includes(marks.init))) return true;
  if (cluster?.through === leader && !hasJoined(seen.get(leader))) return false;
  return cluster !== undefined || (last?.created ?? false);
}

function joinJob(situation: Situation, host: Host): PlanJob[] {
  const { spec, seen, leader } = situation;
  if (has(situation, host, marks.init) || (host.id === leader && initJob(situation).length > 0)) return [];
  const mark = isControlPlane(host) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(spec));
  if (has(situation, host, mark)) return [];
  const changed = seen.get(host.id)?.done.some((one) => one.startsWith('join:'));
  // A leader that joins itself, and whoever else joins first, speaks through a control plane that leaves.
  const through = !hasJoined(seen.get(leader)) && initJob(situation).length === 0 ? bridgeOf(situation) : undefined;
  return [{
    id: `Join/${host.id}`, stage: 'Join', host: host.id, reason: changed ? 'the control planes have changed' : `joins as ${isControlPlane(host) ? 'control plane' : 'worker'}`,
    ...(through && isControlPlane(host) ? { through } : {}),
  }];
}

/** A control plane that leaves, which lets in those that take over. */
const bridgeOf = ({ leaving, seen }: Situation): string | undefined =>
  leaving.find((host) => isControlPlane(host) && seen.get(host.id)?.reachable && hasJoined(seen.get(host.id)))?.id;

/**
 * The address of every etcd member that is dead and belongs to no control plane that stays: it leaves before anybody joins, by
 * a person's word. What a join of ours has left that was cut off on this host is ours to take away.
 */
function deadMemberJobs(situation: Situation): PlanJob[] {
  const { spec, seen, cluster, leaving, leader, last } = situation;
  if (!cluster) return [];
  const dead = cluster.etcd.filter(({ healthy }) => !healthy);
  return dead.flatMap(({ id, address }): PlanJob[] => {
    const host = spec.hosts.find((one) => sameAddress(one.address, address));
    const leaver = leaving.find((one) => sameAddress(one.address, address));
    if (leaver) return fateFor(situation, leaver) === 'forget' ? [removeJob(situation, leaver, 'forget')] : [];
    if (host && (situation.absent.includes(host.id) || hasJoined(seen.get(host.id)))) return [];
    const on = host?.id ?? leader;
    const ours = host !== undefined && seen.get(host.id)?.claim !== undefined;
    return [{
      id: `Remove/${on}/${address}`, stage: 'Remove', host: on, member: address, removes: true, forget: true,
      reason: `the etcd member ${id ? `${id} ` : ''}at ${address} is dead and belongs to no control plane`,
      ...(last?.created && !ours ? { approval: 'removeControlPlane' as const } : {}),
    }];
  });
}

const fateFor = ({ seen, cluster, last, forget }: Situation, host: Host) => fateOf(host, { facts: seen.get(host.id), cluster, last, forget });

/** Workers first, then control planes, the one that has led until now at the very end. */
function removeJobs(situation: Situation): PlanJob[] {
  const { leaving, last } = situation;
  const early = new Set(deadMemberJobs(situation).map(({ id }) => id));
  const led = (host: Host): number => Number(host.id === last?.leader);
  const ordered = [...leaving.filter((host) => !isControlPlane(host)), ...leaving.filter(isControlPlane).sort((a, b) => led(a) - led(b))];
  return ordered.flatMap((host) => {
    const fate = fateFor(situation, host);
    return fate === 'remove' || fate === 'forget' ? [removeJob(situation, host, fate)] : [];
  }).filter(({ id }) => !early.has(id));
}

function removeJob({ spec, cluster, last }: Situation, host: Host, fate: 'remove' | 'forget'): PlanJob {
  const known = isKnown(cluster, host.address);
  const role = isControlPlane(host) ? 'control plane' : 'worker';
  return {
    id: `Remove/${host.id}`, stage: 'Remove', host: host.id, removes: true,
    reason: fate === 'forget' ? `the ${role} cannot be reached and is forgotten` : known ? `the ${role} leaves` : 'it is no part of the cluster any more',
    ...(fate === 'forget' ? { forget: true } : {}),
    ...(known ? { pointOfNoReturn: isControlPlane(host) ? 'when etcd has let it go' : 'when its kubelet is stopped' } : {}),
    ...(known && isControlPlane(host) && last?.created && controlPlanes(spec).length > 0 ? { approval: 'removeControlPlane' as const } : {}),
  };
}

/** Images that bring the pod network run as soon as the API answers; the others in their order, after the joins. */
function guestJobs(situation: Situation, hosts: readonly Host[]): PlanJob[] {
  const { images, leader, force } = situation;
  const early = images.filter(({ runAt, kind }) => runAt === 'api-up' && kind === 'application');
  const late = images.filter((image) => !early.includes(image));
  return [...early, ...late].filter(({ commands }) => commands > 0).flatMap((image) => {
    const targets = image.kind === 'application' ? hosts.filter(({ id }) => id === leader) : hosts;
    return targets
      .filter((host) => force || !hasRun(situation, image, host))
      .map((host): PlanJob => ({
        id: `RunGuest/${host.id}/${image.mountName}`, stage: 'RunGuest', host: host.id, image: image.digest,
        reason: image.commands === 1 ? `${image.ref}: 1 command` : `${image.ref}: ${image.commands} commands`,
      }));
  });
}

/** An application is installed once for the cluster, whichever host has led then; other images once for each host. */
const hasRun = (situation: Situation, { kind, digest }: ImageFacts, host: Host): boolean => {
  if (kind !== 'application') return has(situation, host, marks.guest(digest));
  return (isStarted(situation) && (situation.last?.installed?.includes(digest) ?? false)) || markedInstalled(situation.seen.values(), digest, situation);
};

/** After any work, and where the cluster is not what all marks say it is. */
function postProcessJob(situation: Situation, worked: boolean): PlanJob[] {
  const { spec, images, cluster, silent, leader } = situation;
  const missing = cluster ? unwhole(wholeInput(spec, situation, images), cluster) : silent ? ['no control plane has answered'] : [];
  if (!worked && missing.length === 0) return [];
  return [{ id: 'PostProcess', stage: 'PostProcess', host: leader, reason: worked ? 'every Node Ready, etcd members equal control planes' : someOf(missing, String, '; ') }];
}
