import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '../../../domain/errors';
import { listOf, matching, objectOf, readJson, word } from '../../../domain/form';
import { leastFree as leastFreeByDefault, refuseFullDisk } from '../../../home/free-space';
import { withLock } from './lock';
import { policyArguments, policyInForce } from './policy';
import type { WorkOptions } from './shared-work';
import { watchFolder } from './watch-folder';

/** What skopeo left in the store: the manifest as the source has it, its blobs beside it. */
export interface Copied {
  readonly digest: string;
  readonly mediaType: string;
  /** The policy of images that let it in; absent: one that lets everything in. */
  readonly policy?: string;
}

/** How copying is stopped and watched. */
export interface CopyOptions extends WorkOptions {
  /** Nothing has come for so long: the source is given up. Absent: two minutes. */
  readonly standstillMs?: number;
  /** What one image may bring, bytes; absent: 64 GiB. */
  readonly mostBytes?: number;
  /** What has to stay free on the store's disk, bytes; absent: half a gigabyte. */
  readonly leastFree?: number;
}
export type CopyLimits = Omit<CopyOptions, keyof WorkOptions>;

/** No image unpacks to more (limits.ts). */
const largestImage = 64 * 1024 ** 3;

/** skopeo's own words for a failure. */
export class SkopeoFailed extends Error {}

/**
 * Copies an image of any transport into the shared blobs of a store. It goes into a layout of its own: several copies
 * into one layout lose names. The layout bears the source's name, so that what a killed process left of it, gigabytes at
 * times, goes with the next copy. Nothing is compressed or converted, so the manifest keeps the digest of the source; of a
 * list the platform of this machine is taken. Logins are those of the user's auth file, which skopeo reads by itself.
 * Throws SkopeoFailed with its last line, CommandTimedOut when its source falls silent, InvalidImage when it sends more than any
 * image has, CommandFailed when the disk has no room, and ImageNotFound when there is no skopeo.
 */
export async function copyImage(storeDir: string, source: string, options: CopyOptions): Promise<Copied> {
  const name = `copy-${createHash('sha256').update(source).digest('hex').slice(0, 32)}`;
  const layout = join(storeDir, 'incoming', name);
  return withLock(storeDir, name, options.signal, async () => {
    const policy = await policyInForce();
    try {
      await rm(layout, { recursive: true, force: true });
      await mkdir(layout, { recursive: true });
      await refuseFullDisk(layout);
      await runSkopeo([
        // What is large and only passing goes there as well: a watch of that one folder sees it come.
        ...policyArguments(process.env), '--tmpdir', layout, 'copy', '--quiet', '--retry-times', '2', '--preserve-digests', '--dest-oci-accept-uncompressed-layers',
        '--dest-shared-blob-dir', join(storeDir, 'blobs'), source, `oci:${layout}/image`,
      ], options, { source, layout });
      return { ...(await readIndex(join(layout, 'image', 'index.json'))), ...(policy ? { policy } : {}) };
    } finally {
      await rm(layout, { recursive: true, force: true });
    }
  });
}

async function readIndex(file: string): Promise<Copied> {
  return copiedBy(await readFile(file, 'utf8'));
}

const index = objectOf({ manifests: listOf(objectOf({ digest: matching(/^sha256:[0-9a-f]{64}$/), mediaType: word })) });

/** The image in the index that skopeo wrote. Throws SkopeoFailed when there is none, or the index is cut short. */
export function copiedBy(json: string): Copied {
  let manifest: Copied | undefined;
  try {
    [manifest] = readJson(json, index).manifests;
  } catch (cause) {
    throw new SkopeoFailed('skopeo wrote an index that cannot be read', { cause });
  }
  if (!manifest) throw new SkopeoFailed('skopeo wrote a layout without an image');
  return { digest: manifest.digest, mediaType: manifest.mediaType };
}

async function runSkopeo(args: readonly string[], { signal, beat, standstillMs = 120_000, mostBytes = largestImage, leastFree = leastFreeByDefault }: CopyOptions, { source, layout }: { source: string; layout: string }): Promise<void> {
  let endWatch = (): void => undefined;
  const alive = setInterval(() => beat(`copying ${source}`), 5_000);
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn('skopeo', args, { stdio: ['ignore', 'ignore', 'pipe'], env: process.env, signal });
      let said = '';
      let failure: Error | undefined;
      child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-8_192); });
      child.on('error', (error: NodeJS.ErrnoException) => { failure = error.code === 'ENOENT' ? withoutSkopeo() : error; });
      // It has no deadline of its own: a registry that takes the call and never answers would keep it for ever. And no size: one
      // that never ends would take the disk from the databases of all clusters.
      endWatch = watchFolder(layout, { standstillMs, mostBytes, leastFree }, (fault) => {
        failure = fault === 'silent' ? silent(source, standstillMs) : fault === 'large' ? endless(source, mostBytes) : full(source, layout);
        child.kill('SIGKILL');
      });
      // However it ends, not before it is gone: it writes into a folder that is taken away next.
      child.on('close', (code) => (code === 0 ? resolve() : reject(failure ?? rejection(said, source) ?? new SkopeoFailed(lastLine(said)))));
    });
  } finally {
    endWatch();
    clearInterval(alive);
  }
}

/** What skopeo says when its policy is against an image, or cannot be read: no other source could help. */
export function rejection(said: string, source: string): ClusterError | undefined {
  const line = lastLine(said);
  if (/loading trust policy/i.test(line)) {
    return new ClusterError('ImageRejected', `the policy for images cannot be read: ${line}`, { todo: 'Correct the file that KEELSON_POLICY names, or /etc/containers/policy.json (man containers-policy.json).' });
  }
  if (!/rejected by policy|source image rejected|signature was required|no valid signature/i.test(line)) return undefined;
  return new ClusterError('ImageRejected', `the policy for images does not allow ${source}: ${line}`, {
    todo: 'Use an image that is signed as the policy asks; or allow it in the file that KEELSON_POLICY names, or else in /etc/containers/policy.json or ~/.config/containers/policy.json.',
  });
}

const silent = (source: string, forMs: number): ClusterError =>
  new ClusterError('CommandTimedOut', `the image ${source} does not come: its source has sent nothing for ${Math.round(forMs / 1000)} s`, {
    todo: 'See whether the registry answers the machine of this Temporal worker (skopeo inspect), then apply again; or bring the image in from a file (keelson load).',
  });

const endless = (source: string, bytes: number): ClusterError =>
  new ClusterError('InvalidImage', `the image ${source} is larger than ${bytes} bytes, which no cluster image is`, { todo: 'See what its registry sends.' });

const full = (source: string, layout: string): ClusterError =>
  new ClusterError('CommandFailed', `the image ${source} does not fit on the disk of ${dirname(dirname(layout))}, on the machine of this Temporal worker`, {
    todo: 'Make room there, or look at how large that image is (skopeo inspect); then retry.',
  });

const withoutSkopeo = (): ClusterError =>
  new ClusterError('ImageNotFound', 'skopeo is not installed on the machine of this Temporal worker; without it no image can be fetched', {
    todo: 'Install skopeo (apt-get install skopeo), then retry.',
  });

/** The last line that skopeo wrote, without its log framing. */
export function lastLine(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? '';
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return inWords(message ? message.replace(/\\(.)/g, '$1') : line);
}

/** What skopeo says of an image that podman and buildah do not have is long and about its own insides. */
const inWords = (line: string): string => (/does not resolve to an image ID/.test(line) ? 'podman and buildah do not have it' : line);
