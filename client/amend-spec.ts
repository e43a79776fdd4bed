import type { ClusterSpec, Host } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { parseHostKey } from '../domain/host-key';
import { envField, isSealed, open, seal } from '../home/seal';
import { type Login, Logins } from './logins';
import { saysLogin } from './login-flags';
import type { SpecSources } from './spec';

/** What a person corrects. */
export interface Amendment {
  readonly login: Login;
  readonly port?: number;
  /** Id of the one host it is about; all of them if left out. */
  readonly host?: string;
  readonly address?: string;
  /** The key that the one host has now: a fingerprint, with or without its type, or the whole key. */
  readonly hostKey?: string;
  /** `old=new` pairs. */
  readonly images: readonly string[];
}

/** The corrected spec. Throws InvalidSpec for a host or an image that the spec has not, for an address or a host key without a host, and for what is no key. */
export function amendSpec(saved: ClusterSpec, amendment: Amendment, sources: SpecSources): ClusterSpec {
  const { host: only, address, hostKey, images } = amendment;
  if (only !== undefined && !saved.hosts.some(({ id }) => id === only)) throw unknown(`host ${only}`, saved.hosts.map(({ id }) => id));
  if (address !== undefined && only === undefined) throw new ClusterError('InvalidSpec', `whose address is ${address}?`, { todo: 'name the host with --host' });
  if (hostKey !== undefined && only === undefined) throw new ClusterError('InvalidSpec', `whose host key is ${hostKey}?`, { todo: 'name the host with --host' });
  const logins = new Logins(saved.name, sources, saved.credentials);
  const hosts = saved.hosts.map((host) => (only === undefined || host.id === only ? amendHost(saved, host, amendment, sources, logins) : host));
  const pairs = new Map(images.map((pair) => pairOf(pair, saved.images)));
  return {
    ...saved, hosts, images: saved.images.map((ref) => pairs.get(ref) ?? ref),
    credentials: logins.credentials(hosts.map(({ credential }) => credential)),
  };
}

function amendHost(saved: ClusterSpec, host: Host, { login, host: only, hostKey, port = host.port, address = host.address }: Amendment, sources: SpecSources, logins: Logins): Host {
  const user = login.user ?? saved.credentials[host.credential]?.user;
  const moved = address !== host.address;
  const { knownKeys: before, hostKeys: said, ...rest } = host;
  const known = only === undefined && !moved && port === host.port ? [] : sources.knownKeys(address, port);
  // Of a host that is named known_hosts is asked again: that is how ssh users say that its key is another one.
  const stays = moved || port !== host.port || known.length > 0 ? known : (before ?? []);
  const named = hostKey === undefined ? undefined : [readHostKey(hostKey)];
  // Where the Clusterfile names keys only its own count: there the new one is written.
  const hostKeys = said && (named ?? said);
  const knownKeys = said ? stays : (named ?? stays);
  return {
    ...rest, port, address, id: moved ? address : host.id,
    env: moved ? host.env.map((entry) => resealed(saved.name, host.id, address, entry)) : host.env,
    credential: saysLogin(login) ? logins.idFor(address, { ...login, ...(user === undefined ? {} : { user }) }) : host.credential,
    ...(knownKeys.length > 0 ? { knownKeys } : {}),
    ...(hostKeys ? { hostKeys } : {}),
  };
}

/** Throws InvalidSpec for what is no key. */
function readHostKey(text: string): string {
  const key = parseHostKey(text);
  if (key !== undefined) return key;
  throw new ClusterError('InvalidSpec', `${JSON.stringify(text)} is no host key`, { todo: "give --host-key 'ssh-ed25519 SHA256:…' as the message shows it, or a line of ssh-keyscan" });
}

/** A secret variable is sealed for its host. */
function resealed(cluster: string, from: string, to: string, { name, value }: Host['env'][number]): Host['env'][number] {
  const field = (host: string): string => `hosts/${host}/${envField(name)}`;
  return { name, value: isSealed(value) ? seal(open(value, { cluster, field: field(from) }), { cluster, field: field(to) }) : value };
}

function pairOf(pair: string, known: readonly string[]): [string, string] {
  const old = known.find((ref) => pair.startsWith(`${ref}=`));
  if (old === undefined) throw unknown(`image ${pair.split('=')[0] ?? ''}`, known);
  return [old, pair.slice(old.length + 1)];
}

const unknown = (what: string, known: readonly string[]): ClusterError =>
  new ClusterError('InvalidSpec', `the cluster has no ${what}`, { todo: `it has ${known.join(', ')}` });
