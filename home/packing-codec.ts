import { gunzipSync, gzipSync } from 'node:zlib';
import { ClusterError } from '../domain/errors';
import { bytesOf, encodingOf, type Payload, payloadOf, type PayloadCodec, settled } from './payload';

const ENCODING = 'binary/gzip';
/** Smaller ones stay as they are, so that they can be read in the Temporal UI. No cluster of some dozen hosts comes near. */
const leastBytes = 32 * 1024;
/** Nothing of ours comes near; more is somebody's trick. */
const mostBytes = 512 * 1024 * 1024;

/**
 * A payload codec for Temporal that packs what is large. Specs, facts and plans grow with the number of hosts; Temporal takes
 * 2 MiB in a payload and 50 MiB in a history, and of a thousand hosts most words are the same. `decode` reads what is packed
 * and what is not; it throws InvalidSpec for a packed payload that was changed.
 */
export const packingCodec = (): PayloadCodec => ({
  encode: <P extends Payload>(payloads: P[]): Promise<P[]> => settled(() => payloads.map((one) => ((one.data?.length ?? 0) < leastBytes ? one : packed(one) as P))),
  decode: <P extends Payload>(payloads: P[]): Promise<P[]> => settled(() => payloads.map((one) => (encodingOf(one) === ENCODING ? unpacked(one) as P : one))),
});

/** At the lowest level: it is packed far more often than it is kept. */
const packed = (payload: Payload): Payload => ({ metadata: { encoding: Buffer.from(ENCODING) }, data: gzipSync(bytesOf(payload), { level: 1 }) });

function unpacked({ data }: Payload): Payload {
  try {
    return payloadOf(gunzipSync(data ?? new Uint8Array(), { maxOutputLength: mostBytes }));
  } catch (cause) {
    throw new ClusterError('InvalidSpec', 'a packed payload of a history was changed or cut', { todo: 'nothing can be read from it; somebody wrote to the history, or its database is damaged' }, { cause });
  }
}
