import { createServer, type IncomingMessage, type Server } from 'node:http';
import { ClusterError } from '../domain/errors';
import { historyCodec } from '../home/history-codec';
import { packingCodec } from '../home/packing-codec';
import { chained, type Payload, type PayloadCodec } from '../home/payload';

export interface CodecOptions {
  /** Addresses of UIs whose pages may ask, e.g. `http://127.0.0.1:18233`. */
  readonly origins: readonly string[];
  readonly codec?: PayloadCodec;
}

/** One answer of the server; written out by `codecServer`. */
interface Answer {
  readonly status: number;
  readonly body?: object;
}

/** A page of histories is far below this. */
const largestBytes = 64 * 1024 * 1024;
/** What a browser sends along when the UI asks. */
const allowedHeaders = 'content-type, x-namespace, authorization, authorization-extras, caller-type';

/**
 * Temporal's remote codec: POST /encode and /decode with `{payloads}`. It unpacks and decrypts for whoever may ask, so it asks who it
 * is: only by its own loopback name (a page that has its own name resolve to us is another one), only pages of the given
 * origins, and only JSON, for which a browser asks first.
 */
export function codecServer({ origins, codec = chained([packingCodec(), historyCodec({ encrypt: true })]) }: CodecOptions): Server {
  return createServer((request, response) => {
    const { origin } = request.headers;
    const allowed = origin !== undefined && origins.includes(origin);
    void answer(request, { allowed: origin === undefined || allowed, codec }).then(({ status, body }) => {
      response.writeHead(status, {
        'content-type': 'application/json', 'cache-control': 'no-store', vary: 'origin',
        ...(allowed ? { 'access-control-allow-origin': origin, 'access-control-allow-headers': allowedHeaders, 'access-control-allow-methods': 'POST, OPTIONS', 'access-control-allow-credentials': 'true' } : {}),
      });
      response.end(body ? JSON.stringify(body) : '');
    });
  });
}

const refused = (status: number, error: string): Answer => ({ status, body: { error } });

async function answer(request: IncomingMessage, { allowed, codec }: { allowed: boolean; codec: PayloadCodec }): Promise<Answer> {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) return refused(403, 'ask by the name 127.0.0.1 or localhost');
  if (!allowed) return refused(403, 'pages of this origin may not ask: keelson codec --origin names others');
  if (request.method === 'OPTIONS') return { status: 204 };
  const verb = /^\/(encode|decode)$/.exec((request.url ?? '').split('?')[0] ?? '')?.[1] as 'encode' | 'decode' | undefined;
  if (!verb || request.method !== 'POST') return refused(404, 'POST /encode or /decode');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return refused(415, 'application/json is asked for');
  try {
    const payloads = readPayloads(await bodyOf(request));
    return { status: 200, body: { payloads: (await codec[verb](payloads)).map(written) } };
  } catch (error) {
    // Who asked may have left in the middle of it: one request never ends what the others ask.
    if (!(error instanceof ClusterError)) return refused(500, error instanceof Error ? error.message : String(error));
    return refused(error.type === 'KeyMissing' ? 404 : 400, `${error.message}${error.details.todo ? `: ${error.details.todo}` : ''}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestBytes) throw new ClusterError('InvalidSpec', `more than ${largestBytes} bytes at once`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The payloads of a request: JSON, bytes as base64. Throws InvalidSpec for anything else. */
export function readPayloads(body: string): Payload[] {
  const wrong = (): never => { throw new ClusterError('InvalidSpec', 'the request is no {"payloads": [{"metadata": {...}, "data": "..."}]}'); };
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    return wrong();
  }
  const payloads = (read as { payloads?: unknown } | null)?.payloads;
  if (!Array.isArray(payloads)) return wrong();
  return payloads.map((one: unknown): Payload => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return wrong();
    const { metadata = {}, data = '' } = one as { metadata?: unknown; data?: unknown };
    if (typeof metadata !== 'object' || Array.isArray(metadata) || typeof (data ?? '') !== 'string') return wrong();
    const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, typeof value === 'string' ? Buffer.from(value, 'base64') : wrong()] as const);
    return { metadata: Object.fromEntries(entries), data: Buffer.from((data as string | null) ?? '', 'base64') };
  });
}

const written = ({ metadata, data }: Payload): object => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  data: Buffer.from(data ?? []).toString('base64'),
});
