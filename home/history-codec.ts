import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ClusterError } from '../domain/errors';
import { keyCache } from './key-cache';
import { bytesOf, encodingOf, type Payload, payloadOf, type PayloadCodec, settled, wordOf } from './payload';

/** Name of the encoding in a payload's metadata, as other codecs call theirs. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const place = Buffer.from('keelson history v1');

/** Whether histories are to be encrypted as a whole: KEELSON_ENCRYPT_HISTORY=1. */
export const encryptsHistory = (env: NodeJS.ProcessEnv = process.env): boolean => env['KEELSON_ENCRYPT_HISTORY'] === '1';

/**
 * A payload codec for Temporal: AES-256-GCM with the sealing keys, by key id. `decode` reads what is encrypted and what is
 * not, so that a history may hold both and switching is safe at any time. Both throw KeyMissing without the key; decode
 * throws InvalidSpec for a payload that was changed.
 */
export function historyCodec({ encrypt = encryptsHistory(), keys = keyCache() } = {}): PayloadCodec {
  return {
    encode: <P extends Payload>(payloads: P[]): Promise<P[]> => settled(() => (encrypt ? payloads.map((one) => encrypted(one, keys) as P) : payloads)),
    decode: <P extends Payload>(payloads: P[]): Promise<P[]> => settled(() => payloads.map((one) => (isEncrypted(one) ? decrypted(one, keys) as P : one))),
  };
}

/** Whether a payload is one of ours. */
export const isEncrypted = (payload: Payload): boolean => encodingOf(payload) === ENCODING && payload.metadata?.[KEY_ID] !== undefined;

function encrypted(payload: Payload, keys: ReturnType<typeof keyCache>): Payload {
  const { current } = keys();
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', current.history, nonce).setAAD(place);
  const body = Buffer.concat([cipher.update(bytesOf(payload)), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(current.id) }, data: Buffer.concat([nonce, body]) };
}

function decrypted({ metadata, data }: Payload, keys: ReturnType<typeof keyCache>): Payload {
  const id = wordOf(metadata?.[KEY_ID]);
  const { current, former } = keys();
  const key = [current, ...former].find((one) => one.id === id);
  if (!key) {
    throw new ClusterError('KeyMissing', `a history was encrypted with key ${id}, which this machine does not have`, {
      todo: 'copy the key file of the machine that wrote it here, or name it in KEELSON_KEY_FILE',
    });
  }
  const bytes = Buffer.from(data ?? []);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.history, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(place).setAuthTag(bytes.subarray(-TAG_BYTES));
    return payloadOf(Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]));
  } catch (cause) {
    throw new ClusterError('InvalidSpec', `an encrypted payload of a history was changed or cut (key ${id})`, { todo: 'nothing can be read from it; somebody wrote to the history, or its database is damaged' }, { cause });
  }
}
