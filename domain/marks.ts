import { type ClusterSpec, type Host, type KubeadmDocuments } from './cluster';
import { digestOf } from './digest';
import { filesFor, type ImageFacts } from './images';
import { partsOn, type SettingsPart, wantedSettings } from './settings';

const key = (value: unknown): string => digestOf(value).slice(0, 16);

/** Names the images that prepare a host: their scripts are others when one of these is. */
export const preparing = (images: readonly ImageFacts[]): string => key(images.filter(({ kind }) => kind !== 'application').map(({ digest }) => digest));

type Files = Pick<ClusterSpec, 'configs' | 'env' | 'registryPassword'>;

/** What their scripts are told: variables, and files that are merged for the host. What only applications get is not among it. */
function told({ configs, env, registryPassword }: Files, images: readonly ImageFacts[], { env: hostEnv, roles }: Pick<Host, 'env' | 'roles'>): string {
  const applications = images.filter(({ kind }) => kind === 'application').map(({ ref }) => ref);
  return key({ configs: configs.filter(({ match }) => match === undefined || !applications.includes(match)), env, registryPassword, hostEnv, roles });
}

/**
 * Names of finished steps, as they stand in /var/lib/keelson/done on a host. They name content, never an operation: the
 * next operation has to recognise earlier work. A change of what a step depends on changes its name.
 */
export const marks = {
  /** The files of all images that this host gets are there, merged and rendered for it. */
  mount: (spec: Files, images: readonly ImageFacts[], host: Host, leader: string): string => {
    const shown = filesFor(images, host.id === leader).map(({ ref, digest }) => [ref, digest]);
    return `mount:${key({ shown, configs: spec.configs, env: spec.env, registryPassword: spec.registryPassword, hostEnv: host.env, roles: host.roles })}`;
  },
  /** The registry serves what these images carry. */
  registry: (images: readonly ImageFacts[]): string => `registry:${key(images.map(({ digest }) => digest))}`,
  /** It serves them, and still what was there before: while an upgrade lasts both versions are pulled. */
  registryOfBoth: (images: readonly ImageFacts[]): string => `registry:both-${key(images.map(({ digest }) => digest))}`,
  /** The host is prepared for kubeadm, with the programs and scripts of these images, by variables and files as they are now. */
  bootstrap: (spec: Files, images: readonly ImageFacts[], host: Pick<Host, 'env' | 'roles'>): string => `${marks.bootstrapWith(images)}-${told(spec, images, host)}`,
  /** What the mark begins with where these images have prepared the host, whatever they were told; former versions have noted no more than this. */
  bootstrapWith: (images: readonly ImageFacts[]): string => `bootstrap:${preparing(images)}`,
  /** The same with images of which nothing is known: what adopted hosts have, and those that former versions have prepared. Nothing more is asked of them. */
  prepared: 'bootstrap',
  isPrepared: (mark: string): boolean => mark === marks.prepared || mark.startsWith('bootstrap:'),
  /** /etc/hosts has registry and API at these addresses; the API's may be empty: a balancer outside. */
  names: (registry: string, api: string): string => `names:${key({ registry, api })}`,
  init: 'init',
  joinControlPlane: 'join:control-plane',
  /** A worker has joined and reaches the API through these control planes, in whatever order they are named. */
  joinWorker: (controlPlanes: readonly { readonly address: string }[]): string => `join:worker-${key(controlPlanes.map(({ address }) => address).sort())}`,
  /** An upgrade of the host to this version was begun, and it has not come to its end. */
  upgrading: (version: string): string => `upgrading:${version}`,
  /** A part of the host runs with what these documents say of it. */
  settings: (part: SettingsPart, documents: KubeadmDocuments): string => `settings-${part}:${key(wantedSettings(part, documents))}`,
  /** What a host that has just been made runs with: all its parts were made from these documents. */
  settingsOf: (host: Pick<Host, 'roles'>, documents: KubeadmDocuments): string[] => partsOn(host).map((part) => marks.settings(part, documents)),
  /** What the marks of a part begin with, whatever its settings are. */
  anySettings: (part: SettingsPart): string => `settings-${part}:`,
  /** All commands of the image have run. */
  guest: (digest: string): string => `guest:${short(digest)}`,
  /** Whether a mark says that an image ran which is none of these: another version has taken its place since. */
  isFormerGuest: (mark: string, digests: readonly string[]): boolean =>
    mark.startsWith('guest:') && !digests.some((digest) => mark === `guest:${short(digest)}` || mark.startsWith(`guest:${short(digest)}-`)),
  /** One command of the image has run. */
  guestCommand: (digest: string, index: number): string => `guest:${short(digest)}-${index}`,
};

const short = (digest: string): string => digest.replace('sha256:', '').slice(0, 16);
