import { createHash } from 'node:crypto';
import bcrypt from 'bcryptjs';

/** Rounds, as a power of two. A low cost on purpose: the registry checks it at every request of every pull. */
const cost = 5;

/**
 * The line of an htpasswd file, newline included. Its salt is that of the place (cluster identity and host), not drawn anew:
 * an attempt that is made again writes the very same file, and two clusters with one password have different lines.
 */
export async function htpasswdLine(username: string, password: string, place: string): Promise<string> {
  const salt = createHash('sha256').update(place).digest().subarray(0, 16);
  return `${username}:${await bcrypt.hash(password, `$2b$${String(cost).padStart(2, '0')}$${bcrypt.encodeBase64(salt, 16)}`)}\n`;
}
