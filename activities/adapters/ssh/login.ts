import { createHash } from 'node:crypto';
import { utils, type AnyAuthMethod, type AuthenticationType, type NextAuthHandler, type ParsedKey } from 'ssh2';
import type { HostTarget } from '../../../domain/cluster';
import { ClusterError } from '../../../domain/errors';
import { credentialField, type CredentialPart, fingerprintOf, isSealed } from '../../../home/seal';
import type { Secrets } from '../../ports';

/** All that is needed to log in, opened. Lives as long as it takes to connect; the password as long as sudo needs it. */
export interface Login {
  readonly user: string;
  readonly password?: string;
  readonly key?: ParsedKey;
  readonly agentSocket?: string;
  /** Values to keep out of errors. */
  readonly secrets: readonly string[];
}

/** Opens the credential of a host. Throws KeyMissing, and AuthenticationFailed for a private key that cannot be read. */
export function openLogin(target: HostTarget, secrets: Secrets): Login {
  const { access } = target;
  const opened = (part: CredentialPart): string | undefined => {
    const sealed = access[part];
    return sealed === undefined ? undefined : secrets.open(sealed, { cluster: target.cluster, field: credentialField(target.credential, part) });
  };
  const [password, privateKey, passphrase] = [opened('password'), opened('privateKey'), opened('passphrase')];
  return {
    user: access.user,
    ...(password === undefined ? {} : { password }),
    ...(privateKey === undefined ? {} : { key: readKey(target, privateKey, passphrase) }),
    ...(access.agentSocket === undefined ? {} : { agentSocket: access.agentSocket }),
    secrets: [password, privateKey, passphrase].filter((value): value is string => value !== undefined),
  };
}

/** Names a credential without holding it: two targets share a connection only when they log in in the same way. */
export function credentialId(target: HostTarget): string {
  const { user, password, privateKey, passphrase, agentSocket } = target.access;
  const part = (value: string | undefined): string => (value === undefined ? '' : isSealed(value) ? fingerprintOf(value) : value);
  return createHash('sha256')
    .update(JSON.stringify([user, part(password), part(privateKey), part(passphrase), agentSocket ?? '']))
    .digest('base64url');
}

/** Deriving the key of a passphrase takes a tenth of a second and blocks: a thousand hosts with one key pay once. */
const keys = new Map<string, ParsedKey>();
const MOST_KEYS = 32;

function readKey(target: HostTarget, text: string, passphrase: string | undefined): ParsedKey {
  const id = createHash('sha256').update(JSON.stringify([text, passphrase ?? ''])).digest('base64');
  const known = keys.get(id);
  if (known) return known;
  const parsed = utils.parseKey(text.endsWith('\n') ? text : `${text}\n`, passphrase);
  if (parsed instanceof Error) throw unreadable(target, parsed, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] as ParsedKey : parsed;
  if (!key.isPrivateKey()) {
    throw new ClusterError('AuthenticationFailed', `the key for ${target.access.user}@${target.address} is a public key`, {
      host: target.id, todo: 'give the private key: the file without .pub',
    });
  }
  if (keys.size >= MOST_KEYS) keys.clear();
  keys.set(id, key);
  return key;
}

function unreadable(target: HostTarget, error: Error, passphrase: string | undefined): ClusterError {
  const whose = `the private key for ${target.access.user}@${target.address}`;
  if (/no passphrase/i.test(error.message)) {
    return new ClusterError('AuthenticationFailed', `${whose} is protected by a passphrase, and none was given`, {
      host: target.id, todo: 'give the passphrase with --pk-passwd (or pkPasswd in the Clusterfile)',
    });
  }
  if (passphrase !== undefined && /passphrase|integrity|decrypt|malformed|bad/i.test(error.message)) {
    return new ClusterError('AuthenticationFailed', `the passphrase of ${whose} is wrong`, {
      host: target.id, todo: 'give the right passphrase with --pk-passwd (or pkPasswd in the Clusterfile); ssh-keygen -y -f KEY tells whether it is',
    });
  }
  return new ClusterError('AuthenticationFailed', `${whose} cannot be read: ${error.message}`, {
    host: target.id, todo: 'give a private key in OpenSSH or PEM format',
  });
}

/**
 * Offers one way to log in after the other, as long as the host takes it. The password goes by keyboard-interactive only
 * where the host does not take it directly: a wrong one must not count twice towards a lock-out.
 */
export function loginMethods(login: Login): { next: (left: AuthenticationType[] | null, partial: boolean | null, use: NextAuthHandler) => void; tried: string[]; offered: () => string[] } {
  const { user, password } = login;
  const queue: { name: string; type: AuthenticationType; method: AnyAuthMethod }[] = [];
  if (login.key) queue.push({ name: `key ${login.key.type}`, type: 'publickey', method: { type: 'publickey', username: user, key: login.key } });
  if (login.agentSocket) queue.push({ name: 'ssh-agent', type: 'publickey', method: { type: 'agent', username: user, agent: login.agentSocket } });
  if (password !== undefined) {
    queue.push({ name: 'password', type: 'password', method: { type: 'password', username: user, password } });
    queue.push({
      name: 'keyboard-interactive', type: 'keyboard-interactive',
      method: { type: 'keyboard-interactive', username: user, prompt: (_name, _text, _lang, prompts, finish) => finish(prompts.map(() => password)) },
    });
  }
  const tried: string[] = [];
  let offered: string[] = [];
  let refusedPassword = false;
  return {
    tried,
    offered: () => offered,
    next: (left, _partial, use) => {
      if (left) offered = left;
      if (tried.at(-1) === 'password' && left?.includes('password')) refusedPassword = true;
      for (let entry = queue.shift(); entry; entry = queue.shift()) {
        if (left && !left.includes(entry.type)) continue;
        if (entry.type === 'keyboard-interactive' && refusedPassword) continue;
        tried.push(entry.name);
        use(entry.method);
        return;
      }
      use(false as unknown as AnyAuthMethod);
    },
  };
}
