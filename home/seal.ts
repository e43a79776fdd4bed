import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Sealed } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { ensureKeys, loadKeys } from './key';
import type { KeyRing } from './key-file';

/**
 * `sealed:v1:<keyId>:<fp>:<nonce>:<ciphertext>`, the parts in base64url. AES-256-GCM; the cluster and the field are
 * authenticated with it, so that a sealed value cannot be moved to another place and be opened there.
 */
const FORMAT = /^sealed:v1:([\w-]+):([\w-]+):([\w-]+):([\w-]+)$/;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 12;

/** The place of a secret: the cluster's name, and the field, e.g. `root/password` or `env/TOKEN`. */
export interface SealContext {
  readonly cluster: string;
  readonly field: string;
}

/** The parts of a credential that are secret. */
export const credentialParts = ['password', 'privateKey', 'passphrase'] as const;
export type CredentialPart = (typeof credentialParts)[number];

/** Field of a secret of `ClusterSpec.credentials[id]`. The client seals with it, the Temporal worker opens with it. */
export const credentialField = (id: string, part: CredentialPart): string => `credentials/${id}/${part}`;

/** Field of a sealed environment variable of the cluster. */
export const envField = (name: string): string => `env/${name}`;

/** The same of one host's own. */
export const hostEnvField = (host: string, name: string): string => `hosts/${host}/env/${name}`;

/** Field of the registry's password that was made for the cluster. */
export const registryField = 'registryPassword';

/** Field of a Clusterfile that is sealed as a whole. */
export const fileField = 'clusterfile';

/** Whether a value has the format of a sealed one. */
export const isSealed = (value: string): boolean => FORMAT.test(value);

/** Seals a secret for its place, with the current key. Equal secrets have equal fingerprints, never equal ciphertexts. Makes the key if none is there. */
export function seal(plaintext: string, context: SealContext, { current, fingerprint }: KeyRing = ensureKeys()): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', current.encryption, nonce).setAAD(placeOf(context));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const fp = createHmac('sha256', fingerprint).update(plaintext).digest().subarray(0, FINGERPRINT_BYTES);
  return `sealed:v1:${current.id}:${[fp, nonce, body].map((part) => part.toString('base64url')).join(':')}`;
}

/**
 * Opens a sealed secret, with the current key or a former one. Throws `KeyMissing` when this machine has not the key that
 * sealed it, `InvalidSpec` when the value was damaged or sealed for another place.
 */
export function open(sealed: Sealed, context: SealContext, { current, former }: KeyRing = loadKeys()): string {
  const { keyId, nonce, body } = partsOf(sealed, context.field);
  const key = [current, ...former].find(({ id }) => id === keyId);
  if (!key) {
    throw new ClusterError('KeyMissing', `${context.field} of cluster ${context.cluster} was sealed with key ${keyId}, here ${former.length === 0 ? 'is key' : 'are keys'} ${[current, ...former].map(({ id }) => id).join(', ')}`, {
      todo: `copy the key file of the machine that sealed it here (KEELSON_KEY_FILE names another place) and retry; if it is lost, cancel the operation and give the secret again`,
    });
  }
  try {
    // What was cut is refused here as well: a shorter tag would be easier to guess.
    const decipher = createDecipheriv('aes-256-gcm', key.encryption, nonce, { authTagLength: TAG_BYTES })
      .setAAD(placeOf(context))
      .setAuthTag(body.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new ClusterError('InvalidSpec', `the sealed value of ${context.field} does not belong to cluster ${context.cluster}, or was changed`, {
      todo: 'give the secret again instead of copying its sealed form',
    }, { cause });
  }
}

/** The id of the key that sealed a value. */
export const keyIdOf = (sealed: Sealed): string => partsOf(sealed, 'value').keyId;

/** The part of a sealed value that stands for the secret itself: equal for equal secrets, whichever key of one file sealed them. */
export const fingerprintOf = (sealed: Sealed): string => partsOf(sealed, 'value').fp;

function partsOf(sealed: Sealed, field: string): { keyId: string; fp: string; nonce: Buffer; body: Buffer } {
  const [, keyId, fp, nonce, body] = FORMAT.exec(sealed) ?? [];
  if (keyId === undefined || fp === undefined || nonce === undefined || body === undefined) {
    throw new ClusterError('InvalidSpec', `${field} is not sealed`, { todo: 'secrets are sealed by the client: start from the Clusterfile again' });
  }
  return { keyId, fp, nonce: Buffer.from(nonce, 'base64url'), body: Buffer.from(body, 'base64url') };
}

/** JSON keeps the border between the two names clear. */
const placeOf = ({ cluster, field }: SealContext): Buffer => Buffer.from(JSON.stringify(['keelson', cluster, field]));
