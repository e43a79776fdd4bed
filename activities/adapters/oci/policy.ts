import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../../../domain/kubeadm/json';

/** Flags by which skopeo asks the policy of KEELSON_POLICY (containers-policy.json); otherwise that of the user or the system counts. */
export const policyArguments = ({ KEELSON_POLICY: file }: NodeJS.ProcessEnv): string[] => (file ? ['--policy', file] : []);

/**
 * Names the policy of images that counts now, by its content; undefined for one that lets everything in. One that cannot
 * be read has a name too: skopeo says what is wrong with it.
 */
export async function policyInForce(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const places = env['KEELSON_POLICY'] ? [env['KEELSON_POLICY']] : [join(homedir(), '.config/containers/policy.json'), '/etc/containers/policy.json'];
  for (const file of places) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' && !env['KEELSON_POLICY'] ? undefined : ''));
    if (text !== undefined) return letsEverythingIn(text) ? undefined : `sha256:${createHash('sha256').update(text).digest('hex')}`;
  }
  return undefined;
}

function letsEverythingIn(text: string): boolean {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isObject(policy)) return false;
  const scopes = isObject(policy['transports']) ? Object.values(policy['transports']).flatMap((transport) => (isObject(transport) ? Object.values(transport) : [transport])) : [];
  return [policy['default'] ?? null, ...scopes].every((rules) => Array.isArray(rules) && rules.length > 0 && rules.every((rule) => isObject(rule) && rule['type'] === 'insecureAcceptAnything'));
}
