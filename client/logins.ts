import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Credential } from '../domain/cluster';
import { digestOf } from '../domain/digest';
import { ClusterError } from '../domain/errors';
import type { KeyRing } from '../home/key-file';
import { credentialField, type CredentialPart, credentialParts, isSealed, open, seal } from '../home/seal';
import { isEncrypted, readPrivateKey } from './private-key';
import type { Detour, UserSettings } from './user-ssh-config';

/** How a person said to log in; what is left out comes from ~/.ssh/config, the agent and the default keys. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
  /** Path of a private key; or the key itself. */
  readonly keyFile?: string;
  readonly keyText?: string;
  readonly passphrase?: string;
}

export interface LoginSources {
  readonly settings: (address: string) => UserSettings;
  /** Socket of the ssh-agent, where the Temporal worker can reach it. */
  readonly agentSocket?: string;
  /** Addresses of this machine: they need no login in embedded mode. */
  readonly own: readonly string[];
  /** The keys that seal; those of this machine when left out, of which a first one is made. */
  readonly keys?: KeyRing;
}

/** A login as it will be sealed. */
interface Plain {
  readonly user: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly agentSocket?: string;
}

/**
 * Collects the credentials of a spec: equal logins share one, and one that was in the saved spec keeps its id. Each
 * secret is sealed for `credentials/<id>/<part>` of its cluster.
 */
export class Logins {
  private readonly found = new Map<string, Credential>();
  private readonly ids = new Map<string, string>();

  constructor(private readonly cluster: string, private readonly sources: LoginSources, saved: Readonly<Record<string, Credential>> = {}) {
    for (const [id, credential] of Object.entries(saved)) this.found.set(id, credential);
  }

  /** The id of the credential for a host. Throws ClusterError InvalidSpec when there is no way to log in, or a key cannot be read. */
  idFor(address: string, login: Login): string {
    const plain = complete(address, login, this.sources);
    const key = JSON.stringify(plain);
    const id = this.ids.get(key) ?? this.add(plain);
    this.ids.set(key, id);
    return id;
  }

  /** The credentials that the given ids name. */
  credentials(used: Iterable<string>): Record<string, Credential> {
    const wanted = new Set(used);
    return Object.fromEntries([...this.found].filter(([id]) => wanted.has(id)));
  }

  private add(plain: Plain): string {
    let free = 'ssh';
    for (let n = 2; this.found.has(free); n += 1) free = `ssh-${n}`;
    const sealed = this.sealed(free, plain);
    // The digest takes a secret's fingerprint for the secret, so a login sealed earlier is recognised.
    const known = [...this.found].find(([, credential]) => digestOf(credential) === digestOf(sealed));
    if (known) return known[0];
    this.found.set(free, sealed);
    return free;
  }

  private sealed(id: string, { user, agentSocket, ...secrets }: Plain): Credential {
    const parts = credentialParts.flatMap((part) => {
      const value = secrets[part];
      return value === undefined ? [] : [[part, isSealed(value) ? this.moved(value, id, part) : seal(value, { cluster: this.cluster, field: credentialField(id, part) }, this.sources.keys)] as const];
    });
    return { user, ...Object.fromEntries(parts), ...(agentSocket ? { agentSocket } : {}) };
  }

  /**
   * A secret that stood sealed in a Clusterfile, for the place it has now: a cluster that has other logins already gives
   * this one another id. Without its key it stays as it is, and who opens it says what is wrong.
   */
  private moved(value: string, id: string, part: CredentialPart): string {
    const place = (of: string) => ({ cluster: this.cluster, field: credentialField(of, part) });
    const ids = [id, 'ssh', ...this.found.keys(), ...Array.from({ length: 9 }, (_, at) => `ssh-${at + 2}`)];
    for (const of of ids) {
      try {
        const plain = open(value, place(of));
        return of === id ? value : seal(plain, place(id), this.sources.keys);
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
      }
    }
    return value;
  }
}

function complete(address: string, login: Login, { settings, agentSocket, own }: LoginSources): Plain {
  const said = settings(address);
  if (said.detour && !own.includes(address)) throw refusedDetour(address, said.detour);
  const user = login.user || said.user || 'root';
  const base = { user, ...(login.password === undefined ? {} : { password: login.password }) };
  if (login.keyText !== undefined || login.keyFile !== undefined) {
    const privateKey = login.keyText ?? readPrivateKey(login.keyFile ?? '', login.passphrase !== undefined);
    return { ...base, privateKey, ...(login.passphrase === undefined ? {} : { passphrase: login.passphrase }) };
  }
  if (login.password !== undefined) return base;

  const privateKey = firstUsableKey(said.identityFile, login.passphrase);
  const isOwn = own.includes(address);
  if (privateKey === undefined && !agentSocket && !isOwn) {
    throw new ClusterError('InvalidSpec', `there is no way to log in to ${address === '' ? 'the hosts' : `${user}@${address}`}: no password, no key, no ssh-agent`, {
      host: address, todo: 'give --ask-passwd, --passwd-file FILE, KEELSON_SSH_PASSWORD, or a key with -i/--pk',
    });
  }
  const passphrase = privateKey !== undefined && isEncrypted(privateKey) ? login.passphrase : undefined;
  return {
    ...base,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(agentSocket ? { agentSocket } : {}),
  };
}

/** A host is its address, to the others in the cluster too, and every Temporal worker that serves it connects to that by itself. */
const refusedDetour = (address: string, { keyword, value, line }: Detour): ClusterError =>
  new ClusterError('InvalidSpec', `~/.ssh/config:${line}: ssh goes to ${address} by ${keyword} ${value}, and Keelson connects to the address itself`, {
    host: address, todo: keyword === 'HostName' ? `name the host by the address that it has in its network, or set HostName %h for it before that line`
      : `run Keelson, or its Temporal worker, where ${address} is reached without it; if it is from here, set \`${keyword} none\` for \`Host ${address}\` before that line`,
  });

/** What ssh would try without being told: the file of ~/.ssh/config, then the default ones. One that cannot be used is passed over. */
function firstUsableKey(identityFile: string | undefined, passphrase: string | undefined): string | undefined {
  const defaults = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name)).filter(existsSync);
  for (const file of [...(identityFile ? [identityFile] : []), ...defaults]) {
    try {
      return readPrivateKey(file, passphrase !== undefined);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
    }
  }
  return undefined;
}
