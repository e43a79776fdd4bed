import { createHash } from 'node:crypto';
import { link, mkdir, open, rm, symlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../../../domain/errors';
import { refuseFullDisk } from '../../../home/free-space';
import { readTar, TarFormatError, type MemberSink, type TarMember } from '../read-tar';
import { HostileArchive, LayerTree, nameOf, parentOf, type Node } from './layer-tree';
import { Budget, type Limits, limitsFor } from './limits';

/** One entry of an unpacked tree, as trees/<digest>.json lists it: sorted by path, modes as the image has them. */
export interface UnpackedEntry {
  readonly path: string;
  readonly kind: Node['kind'];
  readonly mode: number;
  readonly size: number;
  readonly sha256?: string;
  readonly target?: string;
}

/**
 * Lays layers over each other into the empty folder `root`, without root's rights: whiteouts, hard links and symbolic
 * links as OCI says, owners left out. Files are hashed as they are written; memory is one piece at a time.
 * Throws InvalidImage for an archive that is broken, leaves its root, holds devices, or grows beyond the limits.
 */
export async function unpackLayers(root: string, layers: Iterable<() => AsyncIterable<Buffer>>, limits: Limits = limitsFor(0)): Promise<UnpackedEntry[]> {
  const tree = new LayerTree();
  const budget = new Budget(limits, () => refuseFullDisk(root));
  let number = 0;
  for (const open of layers) {
    const unpacker = new Unpacker(root, tree, number);
    try {
      await readTar(budget.count(open()), (member) => {
        budget.entries(tree.nodes.size);
        return unpacker.take(member);
      });
    } catch (error) {
      throw explained(error, number);
    } finally {
      await unpacker.close();
    }
    number += 1;
  }
  const entries = [...tree.nodes].map(([path, { layer: _layer, ...node }]) => ({ path, ...node }));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function explained(error: unknown, layer: number): unknown {
  const broken = error instanceof TarFormatError || error instanceof HostileArchive
    || ['Z_DATA_ERROR', 'Z_BUF_ERROR'].includes((error as NodeJS.ErrnoException).code ?? '');
  if (!broken) return error;
  return new ClusterError('InvalidImage', `layer ${layer + 1} of the image cannot be unpacked: ${(error as Error).message}`, {
    todo: 'Build or fetch the image anew; this one would write where it must not, is damaged, or was made to fill a disk.',
  }, { cause: error });
}

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

class Unpacker {
  private writing: FileHandle | undefined;

  constructor(private readonly root: string, private readonly tree: LayerTree, private readonly layer: number) {}

  async take(member: TarMember): Promise<MemberSink | undefined> {
    const path = LayerTree.pathOf(member.name);
    if (path === '') return undefined;
    if (nameOf(path) === opaque) return this.hideBelow(parentOf(path));
    if (nameOf(path).startsWith(whiteout)) return this.hide(path);
    if (member.type === 'device') throw new HostileArchive(`a device or pipe: ${JSON.stringify(path)}`);
    for (const parent of this.tree.missingParents(path)) await this.makeDir(parent, 0o755);
    if (member.type === 'dir') return this.makeDir(path, member.mode);
    if (member.type === 'hardlink') return this.makeHardLink(path, LayerTree.pathOf(member.linkName));
    await this.clear(path);
    if (member.type === 'symlink') return this.makeLink(path, member);
    return this.makeFile(path, member);
  }

  private async makeDir(path: string, mode: number): Promise<undefined> {
    const there = this.tree.nodes.get(path);
    if (there && there.kind !== 'dir') await this.clear(path);
    if (there?.kind !== 'dir') await mkdir(this.at(path), { mode: 0o755 });
    this.tree.put(path, { kind: 'dir', mode: mode & 0o777, size: 0, layer: this.layer });
    return undefined;
  }

  private async makeLink(path: string, { linkName }: TarMember): Promise<undefined> {
    if (linkName === '') throw new HostileArchive(`a symbolic link to nothing: ${JSON.stringify(path)}`);
    await symlink(linkName, this.at(path));
    this.tree.put(path, { kind: 'link', mode: 0o777, size: 0, target: linkName, layer: this.layer });
    return undefined;
  }

  private async makeHardLink(path: string, to: string): Promise<undefined> {
    const source = this.tree.nodes.get(to);
    if (source?.kind === 'link') return this.copyLink(path, source);
    if (source?.kind !== 'file') throw new HostileArchive(`a hard link to ${JSON.stringify(to)}, which is no file of the image`);
    if (to === path) return undefined;
    if (to.startsWith(`${path}/`)) throw new HostileArchive(`a hard link in place of the folder of its own file: ${JSON.stringify(path)}`);
    await this.clear(path);
    await link(this.at(to), this.at(path));
    this.tree.put(path, { ...source, layer: this.layer });
    return undefined;
  }

  private async copyLink(path: string, source: Node): Promise<undefined> {
    await this.clear(path);
    await symlink(source.target!, this.at(path));
    this.tree.put(path, { ...source, layer: this.layer });
    return undefined;
  }

  private async makeFile(path: string, { mode, size }: TarMember): Promise<MemberSink> {
    const bits = mode & 0o777;
    const handle = await open(this.at(path), 'wx', bits | 0o600);
    const hash = createHash('sha256');
    this.writing = handle;
    return {
      write: async (piece) => {
        hash.update(piece);
        for (let at = 0; at < piece.length;) at += (await handle.write(piece, at)).bytesWritten;
      },
      end: async () => {
        await this.close();
        this.tree.put(path, { kind: 'file', mode: bits, size, sha256: hash.digest('hex'), layer: this.layer });
      },
    };
  }

  /** Ends the file that was being written, also one that an error has cut short. */
  async close(): Promise<void> {
    const handle = this.writing;
    this.writing = undefined;
    await handle?.close();
  }

  /** Makes room for something that is no folder, or for a folder where something else was. */
  private async clear(path: string): Promise<void> {
    if (!this.tree.nodes.has(path)) return;
    this.tree.remove(path);
    await rm(this.at(path), { recursive: true, force: true });
  }

  /** A whiteout takes away what lower layers have, never what this layer has put there. */
  private async hide(path: string): Promise<undefined> {
    const hidden = [parentOf(path), nameOf(path).slice(whiteout.length)].filter(Boolean).join('/');
    if (LayerTree.pathOf(hidden) !== hidden) throw new HostileArchive(`a whiteout of ${JSON.stringify(hidden)}`);
    this.tree.missingParents(hidden);
    await this.hideLower(hidden);
    return undefined;
  }

  private async hideBelow(dir: string): Promise<undefined> {
    if (dir !== '') this.tree.missingParents(`${dir}/x`);
    for (const child of this.tree.childrenOf(dir)) await this.hideLower(child);
    return undefined;
  }

  private async hideLower(path: string): Promise<void> {
    const node = this.tree.nodes.get(path);
    if (!node) return;
    if (node.kind === 'dir') for (const child of this.tree.childrenOf(path)) await this.hideLower(child);
    if (node.layer < this.layer && this.tree.childrenOf(path).length === 0) await this.clear(path);
  }

  private at(path: string): string {
    return join(this.root, path);
  }
}
