import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Home } from './harness';

/** A cluster image with nothing in it but its commands, put into the store: built in a second or two. */
export async function smallImage(home: Home, { ref, kind, commands }: { ref: string; kind: 'application' | 'patch'; commands: readonly string[] }): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-image-'));
  try {
    writeFileSync(join(dir, 'note'), `${ref}\n`);
    writeFileSync(join(dir, 'Kubefile'), [
      'FROM scratch', 'COPY note /note', `LABEL sealos.io.type=${kind} sealos.io.version=v1beta1`, `CMD ${JSON.stringify(commands)}`, '',
    ].join('\n'));
    execFileSync('buildah', ['build', '-q', '--timestamp', '0', '--format', 'oci', '--layers=false', '-f', join(dir, 'Kubefile'), '-t', ref, dir]);
    execFileSync('skopeo', ['copy', '-q', `containers-storage:${ref}`, `oci-archive:${join(dir, 'image.tar')}`]);
    execFileSync('buildah', ['rmi', ref]);
    const loaded = await home.run(['load', '-i', join(dir, 'image.tar'), '--name', ref]);
    if (loaded.code !== 0) throw new Error(`load ${ref}: ${loaded.stdout}${loaded.stderr}`);
    return ref;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
