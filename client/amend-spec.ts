import type { ClusterSpec, Host } from '../domain/cluster';
import { parseHostKey, revoked, revokedKeys } from '../domain/host-key';
import { normalAddress } from '../domain/ip-range';
import { errorsOf, type Problem } from '../domain/problem';
import { addressProblems } from '../domain/spec-rules';
import { hostEnvField, isSealed, open, seal } from '../home/seal';
import { type Login, Logins } from './logins';
import { saysLogin } from './login-flags';
import { mistake, refusal, refuse } from './one-report';
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

/** What is wrong with an amendment whatever the cluster is. */
export function amendmentProblems({ host, address, hostKey, images }: Partial<Amendment>): Problem[] {
  return [
    ...(address === undefined ? [] : errorsOf(addressProblems(address)).map(({ host: _host, ...problem }) => ({ ...problem, where: '--address' }))),
    ...(address !== undefined && host === undefined ? [mistake(`whose address is ${address}?`, 'name the host with --host')] : []),
    ...(hostKey !== undefined && host === undefined ? [mistake(`whose host key is ${hostKey}?`, 'name the host with --host')] : []),
    ...(hostKey === undefined || parseHostKey(hostKey) !== undefined ? [] : [noKey(hostKey)]),
    ...(images ?? []).filter((pair) => !/^[^=]+=./.test(pair)).map((pair) => mistake(`--image ${JSON.stringify(pair)} is not of the form OLD=NEW`, 'give --image OLD=NEW')),
  ];
}

/** The corrected spec. Throws InvalidSpec with all that is wrong: a host or images that the spec has not, and what amendmentProblems() finds. */
export function amendSpec(saved: ClusterSpec, amendment: Amendment, sources: SpecSources): ClusterSpec {
  const { host: only, images } = amendment;
  const strangers = images.filter((pair) => oldOf(pair, saved.images) === undefined).map((pair) => `image ${pair.split('=')[0] ?? ''}`);
  refuse([
    ...(only === undefined || saved.hosts.some(({ id }) => id === only) ? [] : [unknown(`host ${only}`, saved.hosts.map(({ id }) => id))]),
    ...strangers.map((what) => unknown(what, saved.images)), ...amendmentProblems(amendment),
  ]);
  const logins = new Logins(saved.name, sources, saved.credentials);
  const hosts = saved.hosts.map((host) => (only === undefined || host.id === only ? amendHost(saved, host, amendment, sources, logins) : host));
  const pairs = new Map(images.map((pair): [string, string] => {
    const old = oldOf(pair, saved.images) ?? '';
    return [old, pair.slice(old.length + 1)];
  }));
  return {
    ...saved, hosts, images: saved.images.map((ref) => pairs.get(ref) ?? ref),
    credentials: logins.credentials(hosts.map(({ credential }) => credential)),
  };
}

function amendHost(saved: ClusterSpec, host: Host, { login, host: only, hostKey, port = host.port, address = host.address }: Amendment, sources: SpecSources, logins: Logins): Host {
  const user = login.user ?? saved.credentials[host.credential]?.user;
  const moved = normalAddress(address) !== host.address;
  const { knownKeys: before, hostKeys: said, ...rest } = host;
  const known = only === undefined && !moved && port === host.port ? [] : sources.knownKeys(address, port);
  // Of a host that is named known_hosts is asked again: that is how ssh users say that its key is another one.
  const stays = moved || port !== host.port || known.length > 0 ? known : (before ?? []);
  const named = hostKey === undefined ? undefined : [readHostKey(hostKey)];
  const gone = revokedKeys(stays).map(revoked);
  // Where the Clusterfile names keys only its own count: there the new one is written.
  const hostKeys = said && (named ?? said);
  const knownKeys = said || !named ? stays : [...named, ...gone];
  return {
    ...rest, port, address: normalAddress(address), id: moved ? address : host.id,
    env: moved ? host.env.map((entry) => resealed(saved.name, host.id, address, entry)) : host.env,
    credential: saysLogin(login) ? logins.idFor(address, { ...login, ...(user === undefined ? {} : { user }) }) : host.credential,
    ...(knownKeys.length > 0 ? { knownKeys } : {}),
    ...(hostKeys ? { hostKeys } : {}),
  };
}

/** Throws InvalidSpec for what is no key. */
function readHostKey(text: string): string {
  const key = parseHostKey(text);
  if (key === undefined) throw refusal([noKey(text)]);
  return key;
}

const noKey = (text: string): Problem => mistake(`${JSON.stringify(text)} is no host key`, "give --host-key 'ssh-ed25519 SHA256:…' as the message shows it, or a line of ssh-keyscan");

/** A secret variable is sealed for its host. */
function resealed(cluster: string, from: string, to: string, { name, value }: Host['env'][number]): Host['env'][number] {
  return { name, value: isSealed(value) ? seal(open(value, { cluster, field: hostEnvField(from, name) }), { cluster, field: hostEnvField(to, name) }) : value };
}

/** The image of the cluster that an `old=new` is about. */
const oldOf = (pair: string, known: readonly string[]): string | undefined => known.find((ref) => pair.startsWith(`${ref}=`));

const unknown = (what: string, known: readonly string[]): Problem => mistake(`the cluster has no ${what}`, `it has ${known.join(', ')}`);
