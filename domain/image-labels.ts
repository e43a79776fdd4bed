import { ClusterError } from './errors';
import { expandVariables } from './guest-commands';
import { repositoryOf } from './image-name';
import type { ImageConfig, ImageFacts, ImageKind } from './images';
import type { FixedSettings } from './kubeadm/fixed';

export type Labels = Readonly<Record<string, string>>;

/** The virtual IP of images that name none, as sealos 4.1.0 had it. */
export const defaultVip = '10.103.97.2';

const either = (labels: Labels, key: string): string | undefined =>
  labels[`sealos.io.${key}`] || labels[`apps.sealos.io/${key}`] || undefined;

/** What an image is for. No label, or a word nobody knows, means application; `addons` is the old word for patch. */
export function kindOf(labels: Labels): ImageKind {
  const type = either(labels, 'type');
  if (type === 'rootfs') return 'rootfs';
  return type === 'patch' || type === 'addons' ? 'patch' : 'application';
}

/** Contract version such as `v1beta1`; images made for sealos 4.1 have none. */
const contractOf = (labels: Labels): string | undefined => either(labels, 'version');

/** The runtime a rootfs image asks for; undefined means kubeadm. */
const distributionOf = (labels: Labels): string | undefined => either(labels, 'distribution');

const lifecycleSteps = ['check', 'init', 'clean', 'init-registry', 'clean-registry', 'init-cri', 'clean-cri', 'auth', 'keelson.dev/upgrade'] as const;
export type LifecycleStep = (typeof lifecycleSteps)[number];

/** Shell lines to run as `bash <line>` in `rootfs/scripts`; a step without a line is skipped. */
export type Lifecycle = Readonly<Partial<Record<LifecycleStep, string>>>;

const usual: Lifecycle = {
  check: 'check.sh',
  init: 'init.sh',
  clean: 'clean.sh',
  'init-registry': 'init-registry.sh',
  'clean-registry': 'clean-registry.sh',
};

/**
 * The lifecycle lines of a cluster: those of the rootfs image, then those of patch images in order. Application images
 * have no say, so that a chart with a label `init` cannot take the place of the host's own.
 */
export function lifecycleOf(images: readonly { readonly kind: ImageKind; readonly labels: Labels }[]): Lifecycle {
  const lines: Partial<Record<LifecycleStep, string>> = { ...usual };
  for (const kind of ['rootfs', 'patch'] as const) {
    for (const { labels } of images.filter((image) => image.kind === kind)) {
      for (const step of lifecycleSteps) if (labels[step]) lines[step] = labels[step];
    }
  }
  return lines;
}

/** The virtual IP of a rootfs image, its variables read from the image's own ENV. */
export const vipOf = ({ labels, env }: ImageConfig): string => expandVariables(labels['vip'] ?? '', env) || defaultVip;

/** Directory name of an image on the hosts: last part of its path without tag, and 8 digits of its digest. */
export function mountNameOf(ref: string, digest: string): string {
  const last = repositoryOf(ref).split('/').filter(Boolean).at(-1) ?? '';
  const safe = last.replace(/\.(tar|oci)$/, '').replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[.-]+/, '') || 'image';
  return `${safe}-${digest.replace(/^sha256:/, '').slice(0, 8)}`;
}

/** What else the facts of an image are made of. */
export interface FactSources {
  readonly ref: string;
  readonly digest: string;
  readonly config: ImageConfig;
  readonly unpackedBytes: number;
  readonly architecture?: string;
  readonly podSubnet?: string;
  readonly serviceSubnet?: string;
  readonly fixed?: FixedSettings;
}

/** What the plan needs to know of an image. Throws InvalidImage when it cannot serve as what its labels say. */
export function factsOf({ ref, digest, config, unpackedBytes, architecture, podSubnet, serviceSubnet, fixed }: FactSources): ImageFacts {
  const { labels } = config;
  const kind = kindOf(labels);
  const distribution = distributionOf(labels);
  if (kind === 'rootfs') refuseUnusableRootfs(ref, labels);
  const contract = contractOf(labels);
  const runAt = labels['keelson.dev/run-at'];
  const apiBalancer = labels['keelson.dev/api-balancer'];
  return {
    ref,
    digest,
    kind,
    unpackedBytes,
    mountName: mountNameOf(ref, digest),
    commands: config.entrypoint.length + config.cmd.length,
    ...(kind === 'rootfs' ? { version: labels['version']!, vip: vipOf(config) } : {}),
    ...(contract ? { contract } : {}),
    ...(distribution ? { distribution } : {}),
    ...(runAt ? { runAt } : {}),
    ...(apiBalancer ? { apiBalancer } : {}),
    ...(architecture ? { architecture } : {}),
    ...(podSubnet ? { podSubnet } : {}),
    ...(serviceSubnet ? { serviceSubnet } : {}),
    ...(fixed ? { fixed } : {}),
  };
}

function refuseUnusableRootfs(ref: string, labels: Labels): void {
  if (!/^v\d+\.\d+\.\d+/.test(labels['version'] ?? '')) {
    throw new ClusterError('InvalidImage', `${ref} is a rootfs image without a label version=vX.Y.Z`, {
      todo: 'Build the image with LABEL version=vX.Y.Z, or use another rootfs image.',
    });
  }
  const distribution = distributionOf(labels);
  if (distribution && !['kubeadm', 'kubernetes', 'k3s'].includes(distribution)) {
    throw new ClusterError('InvalidImage', `${ref} asks for the distribution "${distribution}", which nobody knows`, {
      todo: 'Use an image whose label sealos.io.distribution is kubeadm or absent.',
    });
  }
}
