import type { ClusterSpec, Host } from './cluster';
import { digestOf } from './digest';
import type { ImageFacts } from './images';

/** What the files of a cluster's hosts were made from when an operation last ended well, by names for people, as digests. */
export interface MadeFrom {
  /** By reference. */
  readonly images: Readonly<Record<string, string>>;
  /** By the name of the Config document. */
  readonly configs: Readonly<Record<string, string>>;
  readonly env: string;
}

/** What the files are made from now. Of several Config documents of one name all count. */
export const madeFrom = ({ configs, env }: Pick<ClusterSpec, 'configs' | 'env'>, images: readonly ImageFacts[]): MadeFrom => ({
  images: Object.fromEntries(images.map(({ ref, digest }) => [ref, digest])),
  configs: Object.fromEntries(configs.map(({ name }) => [name, digestOf(configs.filter((one) => one.name === name)).slice(0, 16)])),
  env: digestOf(env).slice(0, 16),
});

/** In words, what of it differs for a host: images, Config documents, variables. Empty where nothing does, or nobody knows. */
export function changedIn(before: MadeFrom | undefined, now: MadeFrom, host: { readonly was: Host | undefined; readonly is: Host }): string[] {
  if (!before) return [];
  const both = [...new Set([...Object.keys(before.configs), ...Object.keys(now.configs)])];
  const ownEnv = host.was !== undefined && digestOf(host.was.env) !== digestOf(host.is.env);
  const roles = host.was !== undefined && digestOf(host.was.roles) !== digestOf(host.is.roles);
  return [
    ...Object.keys(now.images).filter((ref) => before.images[ref] !== now.images[ref]),
    ...both.filter((name) => before.configs[name] !== now.configs[name]).map((name) => `Config ${name} ${name in now.configs ? (name in before.configs ? 'changed' : 'is new') : 'goes'}`),
    ...(before.env === now.env ? [] : ['variables changed']),
    ...(ownEnv ? ['variables of this host changed'] : []), ...(roles ? ['its roles changed'] : []),
  ];
}
