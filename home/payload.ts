/** A payload as Temporal's SDK has it; written down here, as this folder knows nothing of Temporal. */
export interface Payload {
  readonly metadata?: Readonly<Record<string, Uint8Array>> | null;
  readonly data?: Uint8Array | null;
}

/** As Temporal's SDK takes one; `decode` also gets what `encode` has left as it was. */
export interface PayloadCodec {
  encode<P extends Payload>(payloads: P[]): Promise<P[]>;
  decode<P extends Payload>(payloads: P[]): Promise<P[]>;
}

/** Several codecs as one: the first one encodes first and decodes last. */
export const chained = (codecs: readonly PayloadCodec[]): PayloadCodec => ({
  encode: (payloads) => codecs.reduce((before, codec) => before.then((some) => codec.encode(some)), Promise.resolve(payloads)),
  decode: (payloads) => codecs.reduceRight((before, codec) => before.then((some) => codec.decode(some)), Promise.resolve(payloads)),
});

/** Text of a metadata's value; empty where there is none. */
export const wordOf = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString('utf8') : '');

/** How a payload says that it is encoded. */
export const encodingOf = ({ metadata }: Payload): string => wordOf(metadata?.['encoding']);

/** All of a payload as bytes: the count of its metadata, each with the lengths of name and value before it, and the data. */
export function bytesOf({ metadata, data }: Payload): Buffer {
  const entries = Object.entries(metadata ?? {});
  return Buffer.concat([
    length(entries.length),
    ...entries.flatMap(([name, value]) => [length(Buffer.byteLength(name)), Buffer.from(name), length(value.length), value]),
    data ?? Buffer.alloc(0),
  ]);
}

/** The payload that bytesOf made the bytes of. */
export function payloadOf(bytes: Buffer): Payload {
  let at = 0;
  const number = (): number => bytes.readUInt32BE((at += 4) - 4);
  const part = (): Buffer => {
    const size = number();
    return bytes.subarray(at, (at += size));
  };
  // From entries, not by assignment: a name such as __proto__ is a name like any other.
  const metadata = Object.fromEntries(Array.from({ length: number() }, () => [part().toString('utf8'), part()] as const));
  return { metadata, data: bytes.subarray(at) };
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A codec answers with promises; what it throws must come out as a rejection. */
export const settled = async <T>(work: () => T): Promise<T> => Promise.resolve(work());
