import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { codecServer, readPayloads } from '../../client/codec-server';
import { ensureKeys } from '../../home/key';

const before = { ...process.env };
const ui = 'http://127.0.0.1:18233';
let home: string;
let server: Server;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'keelson-codec-server-'));
  process.env = { ...before, KEELSON_HOME: home };
  ensureKeys();
  server = codecServer({ origins: [ui] }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

interface Asked { readonly path?: string; readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string }

function ask({ path = '/decode', method = 'POST', headers = {}, body = '{"payloads":[]}' }: Asked): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      let said = '';
      response.on('data', (part: Buffer) => { said += part.toString(); }).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }));
    });
    asked.on('error', reject).end(body);
  });
}

const payloads = JSON.stringify({ payloads: [{ metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: Buffer.from('"Geheim"').toString('base64') }] });

test('the UI gets back what was encrypted, names such as __proto__ included', async () => {
  const named = payloads.replace('"encoding"', '"__proto__":"eA==","encoding"');
  const encoded = await ask({ path: '/encode', body: named });
  expect(encoded.body).not.toContain(Buffer.from('"Geheim"').toString('base64'));
  const decoded = await ask({ body: encoded.body, headers: { origin: ui, 'x-namespace': 'default' } });
  expect(decoded.body).toBe(named);
  expect(decoded.headers).toMatchObject({ 'access-control-allow-origin': ui, 'cache-control': 'no-store' });
});

test('the browser is told that the UI may ask, and no other page', async () => {
  const preflight = await ask({ method: 'OPTIONS', headers: { origin: ui, 'access-control-request-headers': 'x-namespace,content-type' }, body: '' });
  expect([preflight.status, preflight.headers['access-control-allow-origin'], preflight.headers['access-control-allow-headers']]).toEqual([204, ui, expect.stringContaining('x-namespace')]);
  const foreign = await ask({ method: 'OPTIONS', headers: { origin: 'http://evil.example' }, body: '' });
  expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
});

test.each<[string, Asked, number]>([
  ['a page of another origin', { body: payloads, headers: { origin: 'http://evil.example' } }, 403],
  ['a name that only resolves to us', { body: payloads, headers: { host: 'evil.example:18733' } }, 403],
  ['a form, for which a browser does not ask first', { body: payloads, headers: { 'content-type': 'text/plain' } }, 415],
  ['another path', { path: '/' }, 404],
  ['another method', { method: 'GET', body: '' }, 404],
  ['no JSON', { body: '{' }, 400],
])('%s is refused', async (_what, asked, status) => {
  const answer = await ask(asked);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatch(/^{"error":/);
});

test('a page that is closed in the middle of a request takes nobody else along', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => { unhandled.push(reason); };
  process.on('unhandledRejection', note);
  try {
    const { port } = server.address() as AddressInfo;
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    const page = connect(port, '127.0.0.1', () => page.write('POST /decode HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"payloads":'));
    const [socket] = await arrived;
    await once(socket, 'data');
    // The end in the middle is an error of the connection, too.
    const closed = new Promise((resolve) => { socket.once('close', resolve); });
    page.destroy();
    await closed;
    expect((await ask({ body: payloads })).status).toBe(200);
    expect(unhandled).toEqual([]);
  } finally {
    process.removeListener('unhandledRejection', note);
  }
});

test('no request whatever is more than a refusal', () => {
  const body = fc.oneof(fc.string(), fc.json(), fc.jsonValue().map((value) => JSON.stringify({ payloads: value })), fc.array(fc.jsonValue()).map((value) => JSON.stringify({ payloads: value })));
  fc.assert(fc.property(body, (text) => {
    try {
      expect(Array.isArray(readPayloads(text))).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ type: 'InvalidSpec' });
    }
  }));
});
