import { spawn } from 'node:child_process';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { ClusterError } from '../../../domain/errors';

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;
const isZstd = (head: Buffer): boolean => head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528;

/**
 * A layer as a plain tar stream. What it is compressed with is read from its first bytes, since archives of Docker call
 * plain layers gzip. zstd goes through the program `zstd` where Node.js cannot do it.
 */
export async function* decompress(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await source.next();
  if (first.done) return;
  const whole = chain(first.value, source);
  if (isGzip(first.value)) yield* through(whole, zlib.createGunzip({ chunkSize: 256 * 1024 }));
  else if (isZstd(first.value)) yield* unzstd(whole);
  else yield* whole;
}

async function* chain(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** The output of a stream that is fed from a source; an error of either side comes out at the reader. */
async function* through(source: AsyncIterable<Buffer>, stream: Duplex): AsyncGenerator<Buffer> {
  let failure: Error | undefined;
  const fed = pipeline(Readable.from(source, { objectMode: false }), stream).catch((error: Error) => { failure = error; });
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    await fed;
    throw failure ?? error;
  } finally {
    stream.destroy();
  }
  await fed;
  if (failure) throw failure;
}

type ZstdZlib = typeof zlib & { createZstdDecompress?: () => Duplex };

async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const native = (zlib as ZstdZlib).createZstdDecompress;
  if (native) {
    try {
      return yield* through(source, native());
    } catch (error) {
      if (!(error as NodeJS.ErrnoException).code?.startsWith('ZSTD_')) throw error;
      throw new ClusterError('InvalidImage', `zstd cannot read a layer: ${(error as Error).message}`, {}, { cause: error });
    }
  }
  const child = spawn('zstd', ['-dcq'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-1_024); });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => reject(cause.code === 'ENOENT' ? withoutZstd() : cause));
    child.on('close', resolve);
  });
  let failure: Error | undefined;
  const fed = pipeline(source, child.stdin).catch((error: Error) => { failure = error; });
  ended.catch(() => undefined);
  try {
    for await (const piece of child.stdout as AsyncIterable<Buffer>) yield piece;
    const code = await ended;
    await fed;
    // A broken pipe only says that zstd gave up first; its own words say why.
    if (failure && (failure as NodeJS.ErrnoException).code !== 'EPIPE') throw failure;
    if (code !== 0) throw new ClusterError('InvalidImage', `zstd cannot read a layer: ${said.trim()}`);
  } finally {
    child.kill();
  }
}

const withoutZstd = (): ClusterError =>
  new ClusterError('InvalidImage', 'a layer is compressed with zstd, and the program zstd is not installed on the machine of this Temporal worker', {
    todo: 'Install zstd (apt-get install zstd), then retry.',
  });
