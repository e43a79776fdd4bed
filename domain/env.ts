import type { EnvEntry, Host } from './cluster';
import type { Problem } from './problem';

export interface HostEnv {
  /** Every variable of an image on a host: for its templates, its scripts and its commands. Complete. */
  readonly values: Readonly<Record<string, string>>;
  /** Names that the user set and that are Keelson's to set; they were dropped. */
  readonly dropped: readonly string[];
}

/**
 * The version that `SEALOS_SYS_SEALOS_VERSION` names. Images compare it (`semverCompare ">=5.0.0"`) to learn which
 * contract the tool keeps, so it must be a sealos version and not Keelson's own. Build metadata says who we are and takes
 * no part in comparisons; a pre-release suffix would make every such comparison false.
 */
const contractVersion = '5.1.0+keelson';

/** Where the image-cri-shim listens in images that carry one. */
const shimEndpoint = '/var/run/image-cri-shim.sock';

const systemPrefix = 'SEALOS_SYS';

/** Whether only Keelson and images may set a variable of this name. */
export const isSystemName = (name: string): boolean => name.startsWith(systemPrefix);

/** Whether the value of a variable is taken for a secret, by its name: the client seals it before it leaves the machine. */
export const isSecretName = (name: string): boolean => /passw|passphrase|secret|token|key|credential/i.test(name);

/**
 * The variables of one image on one host, from weak to strong: the image's ENV, `spec.env` (a `--env` of the command line
 * is merged there), the host's. PATH is the host's own affair. Entries of the spec come with their secrets opened. Names
 * that begin with SEALOS_SYS are dropped from the user's entries.
 */
export function hostEnv(input: {
  readonly image: Readonly<Record<string, string>>;
  readonly spec: readonly EnvEntry[];
  readonly host: readonly EnvEntry[];
  readonly roles: Host['roles'];
  /** With the `v`; absent for trees that are no rootfs's. */
  readonly kubeVersion?: string;
  /** The rootfs carries an image-cri-shim: older ones do not name its endpoint and need the default. */
  readonly hasShim?: boolean;
}): HostEnv {
  const image = Object.entries(input.image).filter(([name]) => name !== 'PATH');
  const user = [...input.spec, ...input.host];
  const endpoint = imageEndpoint(input.image, input.hasShim);
  const values: Record<string, string> = {
    ...Object.fromEntries(image),
    ...Object.fromEntries(user.filter(({ name }) => !isSystemName(name)).map(({ name, value }) => [name, value])),
    SEALOS_SYS_SEALOS_VERSION: contractVersion,
    SEALOS_SYS_RUN_MODE: input.roles.join(','),
    ...(input.kubeVersion ? { SEALOS_SYS_KUBE_VERSION: input.kubeVersion } : {}),
    ...(endpoint ? { SEALOS_SYS_IMAGE_ENDPOINT: endpoint } : {}),
  };
  return { values, dropped: [...new Set(user.map(({ name }) => name).filter(isSystemName))] };
}

/**
 * The socket through which the kubelet pulls images, apart from the runtime's: what the image says, the default where it
 * has a shim and says nothing, and none (the runtime pulls) where there is no shim.
 */
export const imageEndpoint = (image: Readonly<Record<string, string>>, hasShim = false): string | undefined =>
  image['SEALOS_SYS_IMAGE_ENDPOINT'] || (hasShim ? shimEndpoint : undefined);

/** The name of an entry `NAME=VALUE`. */
export const nameIn = (entry: string): string => entry.split('=', 1)[0]?.trim() ?? '';

/** Takes the system's names out of a user's entries, with a warning each. `where` is the field for people, e.g. `spec.env`. */
export function withoutSystemNames(entries: readonly EnvEntry[], where: string): { kept: EnvEntry[]; warnings: Problem[] } {
  return {
    kept: entries.filter(({ name }) => !isSystemName(name)),
    warnings: entries.filter(({ name }) => isSystemName(name)).map(({ name }) => ({
      severity: 'warning', type: 'InvalidSpec', where, message: `${name} is set by Keelson itself; this value is ignored`,
    })),
  };
}
