import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { scenario } from './harness';

const root = join(__dirname, '..', '..');
jest.setTimeout(120_000);

scenario('keelson/testing as others get it', () => {
  let dir: string;
  beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-packed-')); });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('the packed package runs a command of somebody else on a fleet, as its own page says', () => {
    const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--offline', '--ignore-scripts', '--pack-destination', dir], { cwd: root, encoding: 'utf8' })) as [{ filename: string }];
    const installed = join(dir, 'node_modules', 'keelson');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', join(dir, filename), '--strip-components=1', '-C', installed]);
    // What npm install would fetch: what the package says it depends on, and nothing that is here only for its tests.
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      mkdirSync(dirname(join(dir, 'node_modules', name)), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name));
    }
    const [, example = ''] = /```js\n([^]*?)```/.exec(readFileSync(join(installed, 'testing', 'README.md'), 'utf8')) ?? [];
    expect(example).toContain("require('keelson/testing')");
    writeFileSync(join(dir, 'mine.cjs'), `${example}\nprocess.on('exit', (code) => console.log('ended', code));\n`);
    expect(execFileSync(process.execPath, ['mine.cjs'], { cwd: dir, encoding: 'utf8', env: { ...process.env, KEELSON_HOME: join(dir, 'home') } })).toBe('ended 0\n');
    expect(readFileSync(join(dir, 'home', 'journal', 'testing', 'testing-1.ndjson'), 'utf8')).toContain('write the greeting');
  });
});
