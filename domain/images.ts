import type { FixedSettings } from './kubeadm/fixed';

export type ImageKind = 'rootfs' | 'patch' | 'application';

/** What the plan needs to know of an image. Small: it enters histories. The rest is in the content store. */
export interface ImageFacts {
  /** As the spec writes it. */
  readonly ref: string;
  /** Digest of the manifest, as in the source: the identity. */
  readonly digest: string;
  readonly kind: ImageKind;
  /** Kubernetes version (label `version`), rootfs only, with the `v`. */
  readonly version?: string;
  /** Label `sealos.io.version` or `apps.sealos.io/version`. */
  readonly contract?: string;
  /** Label `sealos.io.distribution`; absent means kubeadm. */
  readonly distribution?: string;
  /** Bytes of the unpacked tree. */
  readonly unpackedBytes: number;
  /** Directory name of its own on the hosts: last part of the reference's path and 8 digits of the digest. */
  readonly mountName: string;
  /** Number of guest commands (ENTRYPOINT and CMD elements). */
  readonly commands: number;
  /** Label `keelson.dev/run-at`: `api-up` runs as soon as the API answers (a CNI). */
  readonly runAt?: string;
  /** Label `keelson.dev/api-balancer`: the container image of the API balancer on workers. */
  readonly apiBalancer?: string;
  /** The rootfs image's virtual IP (label `vip`), for kube-proxy's excludes and certificate names. */
  readonly vip?: string;
  readonly architecture?: string;
  /** Kubernetes networks that etc/kubeadm.yml of the image sets, if any. */
  readonly podSubnet?: string;
  readonly serviceSubnet?: string;
  /** What etc/kubeadm.yml names of that which a cluster keeps for good. */
  readonly fixed?: FixedSettings;
}

/** All of an image's configuration, read from the store by activities. */
export interface ImageConfig {
  readonly labels: Readonly<Record<string, string>>;
  /** In the image's order, PATH left out. */
  readonly env: Readonly<Record<string, string>>;
  /** Elements of ENTRYPOINT and of CMD, `/bin/sh` and `-c` dropped. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/** The images whose files a host gets: rootfs and patches everywhere, applications on the leader. */
export const filesFor = (images: readonly ImageFacts[], isLeader: boolean): ImageFacts[] =>
  images.filter(({ kind }) => kind !== 'application' || isLeader);
