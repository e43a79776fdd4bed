import { gzipSync } from 'node:zlib';
import type { Session } from '../../activities/ports';
import { lookAt, stageFiles } from '../../activities/sync';
import { quietScope } from './local-session';

/** What a host can say when it is asked for its files, each smaller than what is kept of an answer; and what becomes of it. */
const entry = { path: 'a', kind: 'file', mode: 0o644, size: 1, sha256: 'b'.repeat(64) } as const;
const request = () => ({ base: '/opt', name: 'files', entries: [entry], scope: quietScope() });
const packed = (bytes: Buffer): string => gzipSync(bytes).toString('base64');
const endless = (line: string, megabytes: number): Buffer => Buffer.alloc(megabytes * 1024 * 1024, line);
const saying = (answer: string): Session => ({ host: '10.0.0.1', run: () => Promise.resolve(answer), send: () => Promise.resolve() } as unknown as Session);

const lists = [endless('\0', 200), endless('\0a', 30), endless('f\x011\x01644\x01\x01./a\0', 30), endless('a', 300)].map(packed);
const hashes = packed(endless('\n', 30));

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'read', (error: unknown) => (error instanceof Error ? error.name : String(error)));
}

async function main(): Promise<void> {
  const said: string[] = [];
  for (const list of lists) said.push(await outcome(lookAt(saying(list), request())));
  const seen = { before: {}, target: new Map([['a', { kind: 'file' as const, size: 1, mode: 0o644, target: '' }]]), staging: new Map() };
  said.push(await outcome(stageFiles(saying(hashes), request(), [entry], seen)));
  said.push(await outcome(lookAt(saying(packed(Buffer.from('\0f\x011\x01644\x01\x01./a\0\0'))), request())));
  console.log(JSON.stringify(said));
}

void main();
