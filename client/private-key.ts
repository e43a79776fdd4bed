import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { ClusterError } from '../domain/errors';

/**
 * The text of a private key file. Throws ClusterError InvalidSpec: no such file, no private key in it, or a passphrase is
 * needed and none was given.
 */
export function readPrivateKey(path: string, hasPassphrase: boolean): string {
  const file = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ClusterError('InvalidSpec', `the private key ${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`}`, {
      todo: 'name the key file with -i/--pk, or log in with --passwd-file or --ask-passwd',
    }, { cause });
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new ClusterError('InvalidSpec', `${file} is no private key`, {
      todo: text.startsWith('ssh-') ? 'this is the public half: name the file without .pub' : 'a private key in OpenSSH or PEM format is needed',
    });
  }
  if (isEncrypted(text) && !hasPassphrase) {
    throw new ClusterError('InvalidSpec', `the private key ${file} has a passphrase`, {
      todo: 'give it with --pk-passwd, or KEELSON_PK_PASSWORD, or load the key into ssh-agent and leave -i/--pk out',
    });
  }
  return text;
}

/** Whether a key in PEM or OpenSSH format needs a passphrase. */
export function isEncrypted(text: string): boolean {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text)?.[1];
  if (body === undefined) return false;
  const bytes = Buffer.from(body, 'base64');
  // "openssh-key-v1\0", then the cipher's name as a string with its length in front.
  const start = 'openssh-key-v1\0'.length;
  if (bytes.length < start + 4) return false;
  const length = bytes.readUInt32BE(start);
  return bytes.toString('latin1', start + 4, start + 4 + length) !== 'none';
}
