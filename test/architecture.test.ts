import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import ts from 'typescript';
import { stageNames } from '../domain/stages';
import * as workflowExports from '../workflows';
import { filesBelow, type Import, type Layer, read, root, type SourceFile, sourceFiles, walk } from './source-files';

const files = sourceFiles();

/**
 * What a layer must not import. Arrows: client -> workflows -> domain <- activities <- workers; home/ holds what the
 * processes on Node share.
 */
const forbidden: Record<Layer, RegExp> = {
  domain: /^(node:|@temporalio\/|ssh2$|(home|workflows|activities|workers|client|testing)\/)/,
  home: /^(@temporalio\/|ssh2$|(workflows|activities|workers|client|testing)\/)/,
  workflows: /^(node:|ssh2$|zod$|yaml$|@temporalio\/(?!workflow$|common$)|(home|activities|workers|client|testing)\/)/,
  activities: /^(@temporalio\/(?!activity$|common$)|(workflows|workers|client|testing)\/)/,
  workers: /^(@temporalio\/client$|(client|testing)\/|workflows\/(?!messages$))/,
  client: /^(@temporalio\/(?!client$|common(\/|$)|envconfig$)|ssh2$|(activities|workers|testing)\/|workflows\/(?!messages$))/,
  // Beside the formats below, the scripts of a detached job: a simulated host has to know what it is told.
  testing: /^(@temporalio\/|(workflows|workers|client)\/|activities\/(?!adapters\/(read-tar|shell\/(loader|fence))$|job-script$))/,
};
/** What is forbidden at run time and harmless as a type. */
const typesAllowed: Partial<Record<Layer, RegExp>> = { workflows: /^activities\//, client: /^workflows\//, testing: /^activities\// };

/** Puts the product's activities together for a fleet, as workers/main.ts does for real hosts. No simulated host is made of it. */
const fleetDeps = 'testing/deps.ts';

const show = (file: SourceFile, imports: readonly Import[]): string[] => imports.map(({ to }) => `${file.path} imports ${to}`);

describe('layers', () => {
  test.each(Object.keys(forbidden) as Layer[])('%s imports nothing that is forbidden to it', (layer) => {
    const own = files.filter((file) => file.layer === layer);
    expect(own.length).toBeGreaterThan(0);
    const allowed = (path: string, to: string): boolean => path === fleetDeps && to.startsWith('activities/');
    const wrong = own.flatMap((file) => show(file, file.imports.filter(({ to, type }) => forbidden[layer].test(to) && !(type && typesAllowed[layer]?.test(to)) && !allowed(file.path, to))));
    expect(wrong).toEqual([]);
  });

  test('only Temporal workers know the adapters', () => {
    // Formats, which both sides of a port write or read: pure functions without a connection.
    const formats = ['activities/adapters/read-tar', 'activities/adapters/write-tar', 'activities/adapters/shell/loader', 'activities/adapters/shell/fence'];
    const wrong = files
      .filter(({ path, layer }) => layer !== 'workers' && !path.startsWith('activities/adapters/') && path !== fleetDeps)
      .flatMap((file) => show(file, file.imports.filter(({ to }) => to.startsWith('activities/adapters/') && !formats.includes(to))));
    expect(wrong).toEqual([]);
  });

  test('sealed secrets are opened here and nowhere else', () => {
    // docs/security.md says why each of the client's does.
    expect(files.filter(({ path }) => /import \{[^}]*\bopen\b[^}]*\} from '[^']*\/seal'/.test(read(path))).map(({ path }) => path).sort()).toEqual([
      'activities/secrets.ts', 'client/amend-spec.ts', 'client/logins.ts', 'client/prepare-spec.ts', 'client/renew-secrets.ts', 'client/written-back.ts',
    ]);
  });

  test('the observer of simulated hosts takes nothing from the product that it judges', () => {
    const observer = files.find(({ path }) => path === 'testing/observer.ts')!;
    expect(show(observer, observer.imports.filter(({ to }) => !to.startsWith('testing/')))).toEqual([]);
  });

  test('domain has no clock, no random and no process', () => {
    const wrong: string[] = [];
    for (const { path, layer, syntax } of files) {
      if (layer !== 'domain') continue;
      walk(syntax, (node) => {
        if (isImpure(node)) wrong.push(`${path}: ${node.getText().slice(0, 60)}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  test('every import of ours leads to a file', () => {
    const paths = new Set(files.map(({ path }) => path.replace(/\.ts$/, '')));
    const ours = /^(domain|home|workflows|activities|workers|client|testing)\//;
    expect(files.flatMap((file) => show(file, file.imports.filter(({ to }) => ours.test(to) && !paths.has(to))))).toEqual([]);
  });

  test('no file imports itself through others', () => {
    expect(cycles(files)).toEqual([]);
  });
});

/** What makes a result depend on anything but the arguments. */
function isImpure(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0;
  if (ts.isCallExpression(node)) return /^(setTimeout|setInterval|setImmediate|require|fetch)$/.test(node.expression.getText());
  // A field may be called process: only what Node's own offers counts.
  return ts.isPropertyAccessExpression(node) &&
    /^(Date\.now|Math\.random|performance\.now|(globalThis|crypto)\.\w+|process\.(env|argv|cwd|exit|hrtime|kill|on|pid|platform|std\w+|uptime|getuid))$/.test(node.getText());
}

/** Chains of runtime imports that come back to where they began, each once. */
function cycles(all: readonly SourceFile[]): string[] {
  const graph = new Map(all.map(({ path, imports }) => [path.replace(/\.ts$/, ''), imports.filter(({ type }) => !type).map(({ to }) => to)]));
  const found = new Set<string>();
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.add([...trail.slice(at), file].join(' -> '));
      return;
    }
    if (finished.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return [...found];
}

describe('files', () => {
  test('there are no default exports', () => {
    const wrong: string[] = [];
    for (const { path, syntax } of files) {
      walk(syntax, (node) => {
        const isDefault = ts.isExportAssignment(node) ||
          (ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword));
        if (isDefault) wrong.push(path);
      });
    }
    expect(wrong).toEqual([]);
  });

  test('no folder says only that something lies in it', () => {
    const wrong = files.filter(({ path }) => /(^|\/)(utils?|common|types|helpers?|shared|services|managers|interfaces|lib)\//.test(path));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('file names are in kebab-case', () => {
    expect(files.map(({ path }) => path).filter((path) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path))).toEqual([]);
  });
});

describe('the sandbox', () => {
  const budgetBytes = 1_700_000;

  test('the workflows bundle, and the bundle stays small', async () => {
    const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('../workflows'), logger: new DefaultLogger('ERROR') });
    const [program = ''] = code.split('//# sourceMappingURL=');
    expect(Buffer.byteLength(program)).toBeLessThan(budgetBytes);
  }, 60_000);

  test('workflows/index.ts exports workflow functions and nothing else', () => {
    const wrong = Object.entries(workflowExports).filter(([name, value]) => name !== '__esModule' && (typeof value !== 'function' || name === 'default'));
    expect(wrong).toEqual([]);
    expect(Object.keys(workflowExports)).toEqual(expect.arrayContaining(['cluster', 'initCluster', 'reconcileCluster', 'resetCluster']));
  });

  test('every activity is called by a workflow, under a proxy with a heartbeat timeout', () => {
    const proxies = new Map<string, string>();
    const on = files.find(({ path }) => path === 'workflows/on.ts');
    if (!on) throw new Error('workflows/on.ts is gone');
    walk(on.syntax, (node) => {
      if (ts.isVariableDeclaration(node) && node.initializer?.getText().startsWith('proxyActivities')) proxies.set(node.name.getText(), node.initializer.getText());
    });
    expect(proxies.size).toBeGreaterThan(0);
    for (const [name, options] of proxies) expect(`${name}: ${options}`).toMatch(/heartbeatTimeout: '\d+[sm]'/);

    const calls = files.filter(({ layer }) => layer === 'workflows').map(({ path }) => read(path)).join('\n');
    const verbs = [...read('activities/index.ts').matchAll(/^\s+(\w+): guarded\(/gm)].map(([, verb]) => verb ?? '');
    expect(verbs.length).toBeGreaterThan(5);
    const called = (verb: string) => [...proxies.keys()].some((proxy) => new RegExp(`\\b${proxy}\\.${verb}\\b`).test(calls));
    expect(verbs.filter((verb) => !called(verb))).toEqual([]);
    // A second place that makes proxies would have timeouts of its own.
    expect(files.filter(({ path, layer }) => layer === 'workflows' && read(path).includes('proxyActivities(') || read(path).includes('proxyActivities<')).map(({ path }) => path)).toEqual(['workflows/on.ts']);
  });
});

describe('stages', () => {
  test.each([...stageNames])('%s is run by a stage, or by the look', (name) => {
    const places = files.filter(({ path }) => path.startsWith('workflows/stages/') || path === 'workflows/look.ts').map(({ path }) => read(path));
    expect(places.some((text) => new RegExp(`\\b(name|stage): '${name}'`).test(text))).toBe(true);
  });

  test('the table in ARCHITECTURE.md has them all, in their order', () => {
    const rows = [...read('ARCHITECTURE.md').matchAll(/^\| \d+ \| `?(\w+)`? \|/gm)].map(([, name]) => name);
    expect(rows).toEqual([...stageNames]);
  });
});

const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...filesBelow('docs').filter((path) => path.endsWith('.md')), 'images/README.md']
  .filter((path) => existsSync(join(root, path)));

describe('documents', () => {
  test('the four at the top are there', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']));
  });

  test.each(documents)('every path that %s names exists', (document) => {
    // dist/ is made by a build.
    const paths = [...read(document).matchAll(/`((?:domain|home|workflows|activities|workers|client|images|examples|docs|test|testing|\.ci)\/[\w./{},-]*)`/g)]
      .flatMap(([, path]) => alternatives(path ?? ''));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test.each(documents)('every link of %s leads somewhere', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '').filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : posix.normalize(posix.join(dirname(document), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test.each(documents)('every npm script and make word of %s exists', (document) => {
    const text = read(document);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const words = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, word]) => word ?? ''));
    const unknown = [
      ...[...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name ?? '').filter((name) => !(name in scripts)),
      ...[...text.matchAll(/^\s*make ([a-z][a-z-]*)|`make ([a-z][a-z-]*)`/gm)].map(([, a, b]) => a ?? b ?? '').filter((word) => !words.has(word)),
    ];
    expect(unknown).toEqual([]);
  });
});

describe('the command line as the documents show it', () => {
  const program = files.filter(({ layer }) => layer === 'client').map(({ path }) => read(path)).join('\n');
  const shown = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'docs/hosts.md'].map(read).join('\n');

  test('every command is one', () => {
    const commands = new Set([...shown.matchAll(/(?:`|\$ |^ +|npx )keelson ([a-z]+)/gm)].map(([, name]) => name ?? ''));
    expect(commands.size).toBeGreaterThan(8);
    expect([...commands].filter((name) => !new RegExp(`\\.command\\('${name}\\b|'${name}[ ']`).test(program))).toEqual([]);
  });

  test('every flag is one', () => {
    // In the rows of tables and on lines of keelson itself: other programs have flags of their own.
    const lines = shown.split('\n').filter((line) => /^\| `-|keelson |`--/.test(line) && !/jest|docker|tar |systemd-run|openssl/.test(line));
    const flags = new Set(lines.flatMap((line) => [...line.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag)));
    expect(flags.size).toBeGreaterThan(20);
    expect([...flags].filter((flag) => !program.includes(flag))).toEqual([]);
  });
});

/** `a/{b,c}.ts` names a/b.ts and a/c.ts. */
function alternatives(path: string): string[] {
  const [, before, inside, after] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return inside === undefined ? [path] : inside.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}

/** The anchors of a document's headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'));

describe('the repository stands for itself', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter((path) => path !== '' && existsSync(join(root, path)));

  test('no tracked file names a path or a package mirror of one machine', () => {
    const ofOneMachine = /(^|[\s'"`=:(])(\/work|\/tmp\/lab)(\/|\b)|GOPROX[Y]=(?!https:\/\/proxy\.golang\.org|off|direct)\S/m;
    expect(tracked.filter((path) => ofOneMachine.test(read(path)))).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry/);
  });

  test('no tracked file holds what a merge has left', () => {
    expect(tracked.filter((path) => /^(<{7}|>{7}) /m.test(read(path)))).toEqual([]);
  });

  test('no tracked file is a binary or large', () => {
    const wrong = tracked.filter((path) => !path.endsWith('.png') && (read(path).includes('\0') || read(path).length > 500_000));
    expect(wrong).toEqual([]);
  });

  test('packages come from the public registry', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const hosts = new Set(Object.values(packages).flatMap(({ resolved }) => (resolved ? [new URL(resolved).host] : [])));
    expect([...hosts].filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });

  test('dependencies are pinned', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });
});
