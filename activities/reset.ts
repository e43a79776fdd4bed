import { type EnvEntry, type HostTarget } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { hostEnv } from '../domain/env';
import { defaultVip, kindOf, type Labels, lifecycleOf, vipOf } from '../domain/image-labels';
import type { Where } from '../domain/where';
import { envField, hostEnvField } from '../home/seal';
import type { Deps } from './deps';
import type { ImageConfig, ImageKind } from '../domain/images';
import type { Scope } from './ports';
import { forgetHalfJoined } from './leave-cluster';
import { createReset } from './reset-host';
import { inScope } from './scope';
import { forgetSpent } from './spent';

export interface ResetHostInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** The cluster's images, for their clean scripts. */
  readonly images: readonly { readonly ref: string; readonly digest: string }[];
  /** Whether the host serves the registry. */
  readonly registry: boolean;
  /** Addresses of the cluster's other hosts. */
  readonly peers: readonly string[];
  readonly env: readonly EnvEntry[];
  readonly podSubnet?: string;
  readonly leavesEtcd?: boolean;
  readonly force?: boolean;
  /** A control plane that lives on: where the join of this host was cut off, its token and certificates, its Node and its member of etcd are deleted there. */
  readonly joinedThrough?: HostTarget;
}

/** Brings a host back to bare, with the help of its images' clean scripts. Says what is left. */
export const resetHost = (deps: Deps) => async (input: ResetHostInput): Promise<{ left: string[] }> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const spent = input.joinedThrough ? await forgetJoin(deps, input.joinedThrough, input.host, scope) : [];
    const left = await resetNow(deps, input, scope);
    const known = input.joinedThrough ? await forgetHalfJoined(deps, input.joinedThrough, input.host, scope) : [];
    return { left: [...left, ...spent, ...known] };
  });

/** What is left of a join on the cluster, in words. Whoever was to be joined through may be away: that keeps no host from being reset. */
async function forgetJoin(deps: Deps, through: HostTarget, host: HostTarget, scope: Scope): Promise<string[]> {
  try {
    return (await forgetSpent(await deps.remote.to(through, scope), scope, { host })).map((what) => `${what} on ${through.id}, which ends by itself`);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    scope.log(`not looked for what its join has left: ${error.message}`);
    return [`what its join has left on ${through.id}, which ends by itself`];
  }
}

/** The same inside an activity that does more than this. Gives what is left. */
export async function resetNow(deps: Deps, input: ResetHostInput, scope: Scope): Promise<string[]> {
  const images = await knownImages(deps, input, scope);
  const { values, secrets } = variables(deps, input, images);
  return createReset(deps)({
    host: input.host,
    scope,
    scripts: cleanScripts(images, input.registry),
    env: values,
    secrets,
    peers: input.peers,
    virtualIp: virtualIpOf(images),
    ...(input.podSubnet ? { podSubnet: input.podSubnet } : {}),
    ...(input.leavesEtcd ? { leavesEtcd: true } : {}),
    ...(input.force ? { force: true } : {}),
  });
}

interface KnownImage {
  readonly kind: ImageKind;
  readonly labels: Labels;
  readonly config: ImageConfig;
}

/** The images as far as they can be had. A reset must not fail because an image is gone from its source. */
async function knownImages(deps: Deps, { images }: ResetHostInput, scope: Scope): Promise<KnownImage[]> {
  const known = await Promise.all(images.map(async ({ ref, digest }): Promise<KnownImage[]> => {
    try {
      const { config } = await deps.images.tree(digest, scope);
      return [{ kind: kindOf(config.labels), labels: config.labels, config }];
    } catch (error) {
      if (scope.signal.aborted) throw error;
      scope.log(`${ref} cannot be read, so what it says of cleaning is not known: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }));
  return known.flat();
}

/** What an unknown rootfs image most likely says: the names are the contract's. */
const usualScripts = 'clean.sh; [ ! -f clean-cri.sh ] || bash clean-cri.sh "$criData"';
const usualEnv = { criData: '/var/lib/containerd', registryData: '/var/lib/registry', registryConfig: '/etc/registry' };

/** In the contract's order: the registry, the runtime where it has a label of its own, the rest (cluster-image.md, 6.3). */
function cleanScripts(images: readonly KnownImage[], registry: boolean): { step: string; line: string }[] {
  const lines = lifecycleOf(images);
  const rootfsKnown = images.some(({ kind }) => kind === 'rootfs');
  const clean = rootfsKnown ? lines.clean : usualScripts;
  return [
    ...(registry && lines['clean-registry'] ? [{ step: 'clean-registry', line: rootfsKnown ? lines['clean-registry'] : 'clean-registry.sh "$registryData" "$registryConfig"' }] : []),
    ...(lines['clean-cri'] ? [{ step: 'clean-cri', line: lines['clean-cri'] }] : []),
    ...(clean ? [{ step: 'clean', line: clean }] : []),
  ];
}

/** As for the other scripts; a secret that cannot be opened is left out: cleaning needs none. */
function variables(deps: Deps, { where, host, env }: ResetHostInput, images: readonly KnownImage[]): { values: Readonly<Record<string, string>>; secrets: string[] } {
  const secrets: string[] = [];
  const opened = (entries: readonly EnvEntry[], fieldOf: (name: string) => string): EnvEntry[] => entries.flatMap(({ name, value }) => {
    if (!value.startsWith('sealed:')) return [{ name, value }];
    try {
      const plain = deps.secrets.open(value, { cluster: where.cluster, field: fieldOf(name) });
      secrets.push(plain);
      return [{ name, value: plain }];
    } catch {
      return [];
    }
  });
  const rootfs = images.find(({ kind }) => kind === 'rootfs');
  const { values } = hostEnv({
    image: { ...usualEnv, ...rootfs?.config.env }, spec: opened(env, envField), host: opened(host.env, (name) => hostEnvField(host.id, name)), roles: host.roles,
    ...(rootfs?.labels['version'] ? { kubeVersion: rootfs.labels['version'] } : {}),
  });
  return { values, secrets: [...secrets, values['registryPassword'] ?? ''].filter(Boolean) };
}

function virtualIpOf(images: readonly KnownImage[]): string {
  const rootfs = images.find(({ kind }) => kind === 'rootfs');
  return rootfs ? vipOf(rootfs.config) : defaultVip;
}
