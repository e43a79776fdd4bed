import { join } from 'node:path';
import { encryptsHistory, historyCodec } from './history-codec';
import { loadKeys } from './key';
import { keyCache } from './key-cache';
import { packingCodec } from './packing-codec';

/** Beside the other compiled files; a path, as it is loaded on both sides of the sandbox. */
export const encryptedFailures = join(__dirname, '..', 'workflows', 'encrypted-failures');

/**
 * How clients and Temporal workers write and read histories: what is large is packed. They read both kinds, and encrypt where KEELSON_ENCRYPT_HISTORY
 * says so; then the texts of failures, too, which no codec sees by itself. `load` as for keyCache.
 */
export const dataConverter = (load = loadKeys, encrypt = encryptsHistory()) => ({
  payloadCodecs: [packingCodec(), historyCodec({ encrypt, keys: keyCache(load) })],
  ...(encrypt ? { failureConverterPath: require.resolve(encryptedFailures) } : {}),
});
