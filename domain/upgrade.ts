import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from './cluster';
import type { ClusterFacts, HostFacts } from './facts';
import { sameAddress } from './ip-range';
import { hasJoined } from './membership';
import type { Problem } from './problem';
import { compareVersions, minorName, minorsBetween, readVersion, type Version } from './version';

/** The versions of Kubernetes that run on a host: its kubelet's and, on a control plane, its API server's. */
const versionsOf = ({ kubeletVersion, controlPlaneVersion }: HostFacts): string[] =>
  [kubeletVersion, controlPlaneVersion].flatMap((text) => text ?? []);

/**
 * The version that a host of the cluster comes from when it has to be upgraded: the oldest that runs on it, or the new one
 * itself where an upgrade was begun and not brought to its end. Undefined when there is nothing to upgrade.
 */
export function upgradesFrom(facts: HostFacts | undefined, version: string): string | undefined {
  if (!facts?.reachable || !hasJoined(facts)) return undefined;
  const [oldest] = versionsOf(facts).filter((one) => one !== version).sort(byAge);
  if (oldest !== undefined) return oldest;
  return facts.done.some((mark) => mark.startsWith('upgrading:')) ? version : undefined;
}

/**
 * Whether the way to a version was begun on a host: it bears the mark of one that has not come to its end, or something of it
 * runs that version. What etcd holds by then is no more the state of before.
 */
export const hasBegun = (facts: HostFacts | undefined, version: string): boolean =>
  facts !== undefined && hasJoined(facts) && (versionsOf(facts).includes(version) || facts.done.some((mark) => mark.startsWith('upgrading:')));

const byAge = (a: string, b: string): number => {
  const [one, other] = [readVersion(a), readVersion(b)];
  return one && other ? compareVersions(one, other) : 0;
};

/** From where on the upgrade of a host only goes forward. Before it a failure brings the old programs and configuration back. */
export const pointOfNoReturn = (host: Host): string =>
  isControlPlane(host) ? 'when `kubeadm upgrade` has changed its static pods; its kubelet can still go back' : 'when its new kubelet has been Ready for a while';

/** How many workers may be away at once: a number, or a part of all of them, rounded down; at least one. */
export function unavailableAtOnce(maxUnavailable: string, workers: number): number {
  const part = /^(\d+)%$/.exec(maxUnavailable.trim());
  const count = part ? Math.floor((workers * Number(part[1])) / 100) : Number(maxUnavailable);
  return Number.isFinite(count) ? Math.max(1, Math.floor(count)) : 1;
}

export interface UpgradeLook {
  readonly spec: ClusterSpec;
  readonly seen: ReadonlyMap<string, HostFacts>;
  /** The version that the rootfs image brings, and the image's name. */
  readonly version: string;
  readonly ref: string;
  /** Nodes by the API; absent when no control plane answers. */
  readonly cluster?: ClusterFacts | undefined;
  /** Members that are to leave in the same change. */
  readonly leaving?: readonly Host[];
  /** Host ids that cannot be reached and are left out. */
  readonly absent?: readonly string[];
}

/** Where a version runs, for words. */
interface Running {
  readonly place: string;
  readonly text: string;
  readonly version: Version;
}

/**
 * What speaks against the way from the versions that run to the one that the image brings; each says the safe way. What
 * runs counts, on hosts and by the API, and not what was once applied: an upgrade may have come half-way.
 */
export function upgradeProblems(look: UpgradeLook): Problem[] {
  const target = readVersion(look.version);
  if (!target) return [];
  const running = runningIn(look);
  const problems = [...downgrade(look, target, running), ...tooFar(look, target, running)];
  if (problems.length > 0) return problems;
  if (takenOver(look)) return [notTakenOver(look)];
  return isUpgrade(look) ? away(look) : [];
}

/**
 * The version of kube-proxy and CoreDNS where they were left behind by every control plane: kubeadm brings them along with the
 * last one that is upgraded, and that one has left, or leaves, without its upgrade. Undefined where they were not, or are still
 * to come.
 */
export function addonsFrom({ spec, seen, version, cluster, absent = [] }: Omit<UpgradeLook, 'ref'>): string | undefined {
  const [from, target] = [readVersion(cluster?.addons), readVersion(version)];
  if (!from || !target || compareVersions(from, target) >= 0) return undefined;
  const joined = controlPlanes(spec).filter(({ id }) => absent.includes(id) || hasJoined(seen.get(id)));
  const upgraded = joined.every(({ id }) => !absent.includes(id) && upgradesFrom(seen.get(id), version) === undefined);
  return joined.length > 0 && upgraded ? cluster?.addons : undefined;
}

/** Whether a host of the spec is at another version than the image's, or on its way to it, or what runs for the whole cluster is. */
export const isUpgrade = (look: Omit<UpgradeLook, 'ref'>): boolean =>
  look.spec.hosts.some(({ id }) => upgradesFrom(look.seen.get(id), look.version) !== undefined) || addonsFrom(look) !== undefined;

/**
 * The control planes that leave before the others are upgraded: kubeadm asks all that there are, so one whose upgrade does not
 * come to its end would hold up the rest for as long as it is there. None where nothing is upgraded, or where no control plane
 * stays that has joined: then those that take over come first.
 */
export const leaversFirst = ({ spec, seen, version, cluster, absent, leaving = [] }: Omit<UpgradeLook, 'ref'>): Host[] => {
  return isUpgrade({ spec, seen, version, cluster, absent }) && controlPlanes(spec).some(({ id }) => hasJoined(seen.get(id))) ? leaving.filter(isControlPlane) : [];
};

/** Whether control planes of an older version leave to new ones alone: these could only join a cluster of their own version. */
const takenOver = ({ spec, seen, version, leaving = [] }: UpgradeLook): boolean =>
  !spec.hosts.some((host) => isControlPlane(host) && hasJoined(seen.get(host.id))) &&
  leaving.some((host) => isControlPlane(host) && ![undefined, version].includes(upgradesFrom(seen.get(host.id), version)));

function runningIn({ spec, seen, cluster }: UpgradeLook): Running[] {
  return spec.hosts.flatMap((host): Running[] => {
    const facts = seen.get(host.id);
    const node = cluster?.nodes.find(({ address }) => sameAddress(address, host.address));
    const texts = facts?.reachable ? (hasJoined(facts) ? versionsOf(facts) : []) : node ? [node.version] : [];
    return texts.flatMap((text) => {
      const version = readVersion(text);
      return version ? [{ place: host.id, text, version }] : [];
    });
  });
}

const refused = (where: string, message: string, todo: string): Problem => ({ severity: 'error', type: 'UnsafePlan', where, message, todo });
const places = (list: readonly Running[]): string => [...new Set(list.map(({ place, text }) => `${place} (${text})`))].join(', ');

function downgrade({ ref, version }: UpgradeLook, target: Version, running: readonly Running[]): Problem[] {
  const newer = running.filter((one) => compareVersions(one.version, target) > 0);
  const newest = [...newer].sort((a, b) => compareVersions(b.version, a.version))[0];
  if (!newest) return [];
  return [refused(ref, `it brings Kubernetes ${version}, older than what runs on ${places(newer)}: Kubernetes has no way back to an older version`,
    `name an image of ${newest.text} or a newer patch of ${minorName(newest.version)}; for the state of before an upgrade there is the etcd snapshot that was taken then`)];
}

/** kubeadm goes one minor version at a time, and so do its kubelets: none may be left behind by two. */
function tooFar({ ref, version }: UpgradeLook, target: Version, running: readonly Running[]): Problem[] {
  const far = running.filter((one) => minorsBetween(one.version, target) > 1);
  const oldest = [...far].sort((a, b) => compareVersions(a.version, b.version))[0];
  if (!oldest) return [];
  const next = minorName({ ...oldest.version, minor: oldest.version.minor + 1 });
  const ahead = running.some((one) => minorsBetween(oldest.version, one.version) > 0);
  if (ahead) {
    return [refused(ref, `it brings Kubernetes ${version}, and ${places(far)} ${new Set(far.map(({ place }) => place)).size === 1 ? 'has' : 'have'} been left behind at an older minor version than the rest`,
      `first bring every host to one version: apply an image of ${next}, then this one`)];
  }
  return [refused(ref, `it brings Kubernetes ${version}, the cluster runs ${oldest.text}: an upgrade goes one minor version at a time`,
    `first apply an image of ${next}, then this one`)];
}

/** Whoever joins is of the version of the image, and its cluster would be of an older one. */
function notTakenOver({ leaving = [], seen, version, ref }: UpgradeLook): Problem {
  const going = leaving.filter(isControlPlane);
  const begun = going.filter(({ id }) => hasBegun(seen.get(id), version)).map(({ id }) => id);
  return refused(ref, `control plane ${going.map(({ id }) => id).join(', ')} is to leave and the others are to be of a newer version in the same change`,
    begun.length > 0 ? `first bring the upgrade of ${begun.join(', ')} to its end, as the others have joined no cluster yet; then replace it` : 'first apply the removal with the image as it is, then the new image');
}

/** kubeadm asks all control planes, and the last one upgraded brings the addons: none may be away. */
function away({ spec, absent = [], ref }: UpgradeLook): Problem[] {
  const missing = spec.hosts.filter((host) => isControlPlane(host) && absent.includes(host.id)).map(({ id }) => id);
  return missing.length > 0 ? [refused(ref, `an upgrade needs every control plane, and ${missing.join(', ')} cannot be reached`, 'bring it back, or delete it from the cluster; then upgrade')] : [];
}
