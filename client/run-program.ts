import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ClusterError, type ErrorDetails, type ErrorType } from '../domain/errors';
import { guarded } from '../home/background';
import { programs } from './build-info';

/**
 * Runs one of the small programs of workers/ that hold what a client must not load (SSH, the content store). The request
 * goes as JSON on stdin, so that nothing of it shows in `ps`; the answer comes as JSON on stdout. Throws the ClusterError
 * that the program reports.
 */
export async function runProgram<T>(name: 'kubeconfig' | 'images', request: object): Promise<T> {
  const child = spawn(...guarded(process.execPath, [join(programs, 'workers', `${name}.js`)]), { stdio: ['pipe', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stdin.end(JSON.stringify(request));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  const text = Buffer.concat(parts).toString('utf8');
  if (text === '') throw new Error(`${name} ended without an answer`);
  const answer = JSON.parse(text) as { ok?: T; error?: { type: ErrorType; message: string; details: ErrorDetails } };
  if (answer.error) throw new ClusterError(answer.error.type, answer.error.message, answer.error.details);
  return answer.ok as T;
}
