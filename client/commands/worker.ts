import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { guarded } from '../../home/background';
import { programs } from '../build-info';

/** `keelson worker`: the Temporal worker in the foreground, against the server that the environment names. */
export async function worker({ profile }: { profile?: string }): Promise<number> {
  const env = { ...process.env, ...(profile ? { TEMPORAL_PROFILE: profile } : {}) };
  const child = spawn(...guarded(process.execPath, [join(programs, 'workers', 'main.js')]), { stdio: 'inherit', env });
  // The terminal sends Ctrl-C to both of us; a supervisor's SIGTERM reaches only us.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
