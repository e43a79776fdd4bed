import { gunzipSync } from 'node:zlib';
import { ClusterError } from '../domain/errors';
import { isObject } from '../domain/kubeadm/json';
import { partsOf } from '../domain/parts';
import type { SeenPath, SeenSet } from './sync-plan';

const kinds: Readonly<Record<string, SeenPath['kind']>> = { f: 'file', l: 'link', d: 'dir' };

/** Far above any list of an image's files; a host that sends more is up to something. */
const longestList = 32 * 1024 * 1024;
/** What a staging may hold of files that the set has not: of another version of the image, whose transfer was cut off. */
const mostStaged = 100_000;

/** A packed answer, read. Throws CommandFailed for one that was cut short, so that it never counts as a short list, and for one that is longer than any. */
export function unpacked<T>(answer: string, host: string, read: (list: string) => T): T {
  try {
    return read(gunzipSync(Buffer.from(answer.trim(), 'base64'), { maxOutputLength: longestList }).toString('utf8'));
  } catch (cause) {
    throw new ClusterError('CommandFailed', `${host}: the list of its files did not arrive whole, or is none`, { host, command: 'look at files' }, { cause });
  }
}

/**
 * Reads the answer to lookAtSet: marker, target and staging, each list of NUL-ended lines closed by an empty one. Throws an
 * Error for more lines than were asked for.
 */
export function readSet(answer: string, asked: number): SeenSet {
  const lines = partsOf(answer, '\0', asked + mostStaged + 4);
  const { digest, holds } = readMarker(nextOf(lines) ?? '');
  return { ...(digest ? { digest } : {}), before: holds, target: readPaths(lines, asked), staging: readPaths(lines, mostStaged) };
}

const nextOf = (lines: Iterator<string, void>): string | undefined => lines.next().value ?? undefined;

/** A marker that somebody has damaged counts as none: the files are looked at anew. */
function readMarker(text: string): { digest?: string; holds: Record<string, string> } {
  try {
    const { digest, holds } = JSON.parse(text) as { digest?: unknown; holds?: unknown };
    const held = Object.entries(isObject(holds) ? holds : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && isInside(entry[0]));
    return { ...(typeof digest === 'string' && digest ? { digest } : {}), holds: Object.fromEntries(held) };
  } catch {
    return { holds: {} };
  }
}

/** What the marker names is removed when it is no longer wanted: nothing outside of the folder may be named there. */
const isInside = (path: string): boolean => path !== '' && !path.startsWith('/') && !path.split('/').includes('..');

/** Reads lines up to an empty one. Throws an Error for more than so many. */
function readPaths(lines: Iterator<string, void>, most: number): Map<string, SeenPath> {
  const seen = new Map<string, SeenPath>();
  let count = 0;
  for (let line = nextOf(lines); line !== undefined && line !== ''; line = nextOf(lines)) {
    if ((count += 1) > most) throw new Error(`more than ${most} files`);
    const [type = '', size, mode, target = '', path] = line.split('\x01', 5);
    if (path === undefined) continue;
    seen.set(path.replace(/^\.\//, ''), { kind: kinds[type] ?? 'other', size: Number(size), mode: parseInt(mode ?? '0', 8), target });
  }
  return seen;
}
