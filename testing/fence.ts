import { BUSY, UNNOTED } from '../activities/adapters/shell/fence';
import { fenceDir, partingDir } from '../domain/host-paths';
import { DiskFull, type Files } from './files';
import type { Speaker } from './program';
import type { Answer } from './simulation';

/**
 * The fence as fenceLines() in activities/adapters/shell/fence.ts has it: who is older than what was seen does nothing, and
 * neither does who cannot be written down. Gives the refusal; undefined: the command may run.
 */
export function fence(files: Files, speaker: Speaker, mark: string): Answer | undefined {
  const { uid, n, order, attempt, step, leaves = false } = speaker;
  const own = `${fenceDir}/${step}`;
  const parting = `${partingDir}/${uid}`;
  const newer = newest(files, speaker, [
    { path: own, whole: false }, ...(n > 0 ? [{ path: `${fenceDir}/.operation`, whole: false }, { path: parting, whole: true }] : []),
  ]);
  if (newer) return { code: BUSY, stderr: `${mark} busy ${newer}\n` };
  const mine = `${uid} ${n} ${order} ${attempt} ${step}\n`;
  // Bookkeeping, and no change of the host. What leaves is noted in memory, which a full disk does not matter to.
  const { version, free } = files;
  try {
    if (leaves) files.free = Infinity;
    for (const path of leaves ? [parting] : [...(n > 0 ? [`${fenceDir}/.operation`] : []), own]) {
      if (files.text(path) !== mine) files.write(path, mine, 0o600);
    }
  } catch (error) {
    if (!(error instanceof DiskFull)) throw error;
    return { code: UNNOTED, stderr: `${error.message}\n${mark} unnoted\n` };
  } finally {
    files.version = version;
    if (leaves) files.free = free;
  }
  return undefined;
}

/** Who has taken the place of this one, by these files. */
function newest(files: Files, { uid, n, order, step }: Speaker, places: readonly { readonly path: string; readonly whole: boolean }[]): string | undefined {
  for (const { path, whole } of places) {
    const [seenUid, seenN, seenOrder, attempt, seenStep] = (files.text(path) ?? '').trim().split(' ');
    if (seenUid !== uid || Number(seenN) < n) continue;
    const older = Number(seenN) > n || (seenStep === step ? Number(seenOrder) > order : whole);
    if (older) return `operation ${seenN}, attempt ${attempt}`;
  }
  return undefined;
}
