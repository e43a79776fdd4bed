import { ClusterError } from '../domain/errors';

/** One request as JSON on stdin, one answer on stdout; how the client's small programs speak (client/run-program.ts). */
export async function answer<Q>(work: (request: Q) => Promise<unknown>): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  try {
    const ok = await work(JSON.parse(Buffer.concat(parts).toString('utf8')) as Q);
    process.stdout.write(JSON.stringify({ ok }));
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    process.stdout.write(JSON.stringify({ error: { type: error.type, message: error.message, details: error.details } }));
  }
}
