import { createHash } from 'node:crypto';
import type { ConfigDocument } from '../domain/cluster';
import { applyConfig } from '../domain/config-merge';
import { ClusterError } from '../domain/errors';
import { renderTemplate } from '../domain/template/render';
import { contentOf } from './entry-content';
import { readImageConfigs } from './image-configs';
import type { ImageTree, TreeEntry, TreeRenderer } from './ports';

/** Folders whose templates are rendered; charts have templates of their own, which Helm reads. */
const templateFile = /^(?:etc|scripts|manifests)\/(?:.*\/)?(?!_)[^/]+\.(?:tmpl|tpl)$/;

/** Mode of every file of an image on hosts, and so of those made here. */
const hostMode = 0o755;

/**
 * Makes trees as hosts should have them, always from the pristine one: first the image's own Config documents, then the
 * user's, then templates. A rendered template is left out, its output stands at the same path without the ending; partial
 * templates of charts (`_helpers.tpl`) stay as they are.
 */
export const createRenderer = (): TreeRenderer => ({
  // A file that cannot be read, or merged, is a rejection.
  render: async (tree, { ref, configs, env }) => {
    const files = new Files(tree);
    for (const config of [...ownConfigs(files), ...configs]) {
      if (!config.match || config.match === ref) files.apply(config);
    }
    for (const path of files.templates()) files.render(path, env);
    return files.entries();
  },
});

function ownConfigs(files: Files): ConfigDocument[] {
  const text = files.read('config.yml');
  return text === undefined ? [] : readImageConfigs(text, 'config.yml');
}

/** The tree's entries while they are changed; content is read only where something changes. */
class Files {
  private readonly byPath: Map<string, TreeEntry>;

  constructor(tree: ImageTree) {
    this.byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  }

  entries(): TreeEntry[] {
    return [...this.byPath.values()];
  }

  /** Text of a file; undefined when there is no file at this path. */
  read(path: string): string | undefined {
    const entry = this.byPath.get(path);
    return entry?.kind === 'file' ? contentOf(entry).toString('utf8') : undefined;
  }

  apply(config: ConfigDocument): void {
    const path = this.pathOf(config);
    this.write(path, applyConfig(this.read(path), config));
  }

  templates(): string[] {
    return [...this.byPath.values()].filter(({ path, kind }) => kind === 'file' && templateFile.test(path)).map(({ path }) => path).sort();
  }

  render(path: string, env: Readonly<Record<string, string>>): void {
    const output = renderTemplate(this.read(path) ?? '', { ...env, Env: env, Values: {} }, { file: path });
    this.byPath.delete(path);
    this.write(path.replace(/\.(?:tmpl|tpl)$/, ''), output);
  }

  private write(path: string, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.byPath.set(path, { path, kind: 'file', mode: hostMode, size: bytes.length, sha256, bytes });
  }

  /** Where a Config writes. Throws InvalidSpec when that is not a file of the tree, or could not be one. */
  private pathOf({ name, path }: ConfigDocument): string {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    const clean = parts.join('/');
    const above = parts.slice(0, -1).map((_part, index) => parts.slice(0, index + 1).join('/'));
    const inside = clean !== '' && !path.startsWith('/') && !parts.includes('..');
    const blocked = above.find((parent) => (this.byPath.get(parent)?.kind ?? 'dir') !== 'dir');
    if (inside && !blocked && (this.byPath.get(clean)?.kind ?? 'file') === 'file') return clean;
    throw new ClusterError('InvalidSpec', `Config ${name}: ${path} is no path of a file in the image`, {
      todo: 'Give a path relative to the root of the image, such as etc/registry.yml.',
    });
  }
}
