/** One node of a tree while its layers are laid over each other. */
export interface Node {
  kind: 'file' | 'link' | 'dir';
  mode: number;
  size: number;
  sha256?: string;
  target?: string;
  /** Number of the layer that wrote it last. */
  layer: number;
}

/** Linux's own limits, in bytes; what is below the store's folder has to fit as well. */
const [longestPath, longestName] = [3_000, 255];

/** What an archive does that no image may do, in words. */
export class HostileArchive extends Error {}

/**
 * The tree as the layers so far make it, in memory: whether a path is safe is read here and never from the disk, so
 * nothing that an archive puts there can change the answer.
 */
export class LayerTree {
  readonly nodes = new Map<string, Node>();
  private readonly children = new Map<string, Set<string>>();

  /** A member's name as a path below the root. Throws HostileArchive for one that leaves it. '' is the root itself. */
  static pathOf(name: string): string {
    // eslint-disable-next-line no-control-regex
    if (/[\0-\x1f\x7f]/.test(name)) throw new HostileArchive(`a name with control characters: ${JSON.stringify(name)}`);
    if (name.startsWith('/')) throw new HostileArchive(`an absolute path: ${JSON.stringify(name)}`);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (Buffer.byteLength(name) > longestPath || parts.some((part) => Buffer.byteLength(part) > longestName)) throw new HostileArchive(`a name of ${name.length} characters, which no file system takes`);
    if (parts.includes('..')) throw new HostileArchive(`a path that leaves the root: ${JSON.stringify(name)}`);
    return parts.join('/');
  }

  /** The folders above a path that are not there yet, from the top. Throws HostileArchive when one of them is no folder. */
  missingParents(path: string): string[] {
    const missing: string[] = [];
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const parent = path.slice(0, at);
      const node = this.nodes.get(parent);
      if (!node) missing.push(parent);
      else if (node.kind !== 'dir') throw new HostileArchive(`${JSON.stringify(path)} lies below ${JSON.stringify(parent)}, which is a ${node.kind}`);
    }
    return missing;
  }

  put(path: string, node: Node): void {
    this.nodes.set(path, node);
    const parent = parentOf(path);
    const siblings = this.children.get(parent) ?? new Set<string>();
    siblings.add(path);
    this.children.set(parent, siblings);
  }

  /** Takes a path and all below it out. */
  remove(path: string): void {
    for (const child of this.childrenOf(path)) this.remove(child);
    this.nodes.delete(path);
    this.children.delete(path);
    this.children.get(parentOf(path))?.delete(path);
  }

  /** Paths directly below a folder; '' is the root. */
  childrenOf(path: string): string[] {
    return [...(this.children.get(path) ?? [])];
  }
}

/** The folder of a path below the root; '' for one that lies in the root. */
export const parentOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
