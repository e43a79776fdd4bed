import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** The repository as its own tests see it: files, imports, syntax. */
export const root = join(__dirname, '..');

/** The folders that hold the product's code; each is a layer. */
export const layers = ['domain', 'home', 'workflows', 'activities', 'workers', 'client', 'testing'] as const;
export type Layer = (typeof layers)[number];

export interface Import {
  /** A file of ours relative to the root, without `.ts`; or the package as it is written. */
  readonly to: string;
  /** True for `import type`: gone when compiled. */
  readonly type: boolean;
}

export interface SourceFile {
  /** Relative to the root, forward slashes, with `.ts`. */
  readonly path: string;
  readonly layer: Layer;
  readonly syntax: ts.SourceFile;
  readonly imports: readonly Import[];
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** All files below a folder of the repository, relative to its root; [] when there is no such folder. */
export function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort();
  } catch {
    return [];
  }
}

/** Every TypeScript file of the product. */
export function sourceFiles(): SourceFile[] {
  return layers.flatMap((layer) =>
    filesBelow(layer).filter((path) => path.endsWith('.ts')).map((path) => {
      const syntax = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true);
      return { path, layer, syntax, imports: importsOf(syntax) };
    }));
}

/** Calls `visit` for every node of a tree. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

function importsOf(syntax: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, type: boolean) => {
    if (specifier && ts.isStringLiteral(specifier)) found.push({ to: resolve(syntax.fileName, specifier.text), type });
  };
  walk(syntax, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly || areTypes(node.exportClause));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false);
    else if (ts.isCallExpression(node) && node.expression.getText() === 'require') add(node.arguments[0], false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
  });
  return found;
}

const isTypeImport = (clause: ts.ImportClause | undefined): boolean =>
  clause !== undefined && (clause.isTypeOnly || (clause.name === undefined && areTypes(clause.namedBindings)));

const areTypes = (bindings: ts.Node | undefined): boolean =>
  bindings !== undefined && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) &&
  bindings.elements.length > 0 && bindings.elements.every(({ isTypeOnly }) => isTypeOnly);

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = posix.normalize(posix.join(dirname(from), specifier)).replace(/\.js$/, '').replace(/\/$/, '');
  return filesBelow(path).includes(`${path}/index.ts`) ? `${path}/index` : path;
}
