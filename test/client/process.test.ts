import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '../needs';

/** The program as a process: what goes to which stream, pipes that close, and Ctrl-C at a question. */

const hook = join(__dirname, '..', 'temporal', 'typescript.js');
const main = join(__dirname, '..', '..', 'client', 'main.ts');
const keelson = ['-r', hook, main];
const typed = [process.execPath, ...keelson].map((word) => `'${word}'`).join(' ');

let dir: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-process-'));
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, TEMPORAL_CONFIG_FILE: _file, SSH_AUTH_SOCK: _agent, KEELSON_SSH_PASSWORD: _password, ...rest } = process.env;
  env = { ...rest, HOME: dir, KEELSON_HOME: join(dir, 'home'), TEMPORAL_CLI_PATH: join(dir, 'none') };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const run = (...args: string[]) => spawnSync(process.execPath, [...keelson, ...args], { env, encoding: 'utf8', input: '' });
const bash = (script: string) => spawnSync('bash', ['-c', script], { env, encoding: 'utf8', input: '' });

test.each<[string, string[]]>([
  ['an option that does not exist', ['run', 'k', '--mastrs', 'x', '--json']], ['an argument that is missing', ['run', '--json']],
  ['a verb that does not exist', ['rnu', '--json']], ['mistakes in flags', ['run', 'k', '--masters', 'x', '--env', 'y', '--json']],
])('%s: with --json stdout is one JSON object and nothing else, and people read stderr', (_what, args) => {
  const { status, stdout, stderr } = run(...args);
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, error: { type: 'InvalidSpec', message: expect.stringMatching(/^(?!error: )./) as string } });
  expect(stderr).toMatch(/^error: /);
});

test.each([[['key', 'make']], [['gen', 'k', '--masters', '10.0.0.1', '--passwd', 'x']]])('a KEELSON_HOME that is no folder is told in words: %j', (args) => {
  env['KEELSON_HOME'] = hook;
  const { status, stderr } = run(...args);
  expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringMatching(/error: Keelson cannot keep its files below .*typescript\.js \(ENOTDIR.*\n {2}-> .*KEELSON_HOME/) as string });
});

test('a reader that has seen enough is no error, of stdout as of stderr', () => {
  expect(bash(`${typed} completion fish | true; echo "\${PIPESTATUS[0]}"`)).toMatchObject({ stdout: '0\n', stderr: '' });
  const { stdout } = bash(`{ ${typed} run k --masters x; echo $? >&3; } 3>&1 2>&1 >/dev/null | head -c 1`);
  expect(stdout).not.toContain('EPIPE');
});

const onTerminal = needs(spawnSync('script', ['--version']).status === 0, 'the program `script` (bsdutils)');

describe('at a question', () => {
  /** Types the keys when the question stands there; gives the exit code and what was shown. */
  const answered = (keys: string): Promise<{ code: number | null; shown: string }> => new Promise((resolve) => {
    const child = spawn('script', ['-qefc', `${typed} run k --masters 10.0.0.1 --ask-passwd`, '/dev/null'], { env });
    let shown = '';
    child.stdout.on('data', (part: Buffer) => {
      const before = shown;
      shown += part.toString();
      if (!before.includes('SSH password: ') && shown.includes('SSH password: ')) child.stdin.write(keys);
    });
    child.on('close', (code) => resolve({ code, shown }));
  });

  onTerminal('Ctrl-C ends with 130, and Ctrl-D is no answer; nothing is done and nothing is left', async () => {
    expect(await answered('secr\u0003')).toEqual({ code: 130, shown: expect.stringContaining('nothing was done') as string });
    const { code, shown } = await answered('\u0004');
    expect({ code, shown }).toEqual({ code: 2, shown: expect.stringContaining('no password was typed') as string });
    expect(readdirSync(dir)).not.toContain('home');
  });
});

test('a Temporal worker whose own log is on a full disk outlives the lines that it cannot write there', () => {
  const { stdout } = bash(`'${process.execPath}' -r '${hook}' -e "
    require('${join(__dirname, '..', '..', 'workers', 'lost-output.ts')}').outliveLostOutput();
    require('${join(__dirname, '..', '..', 'workers', 'logger.ts')}').createLogger('INFO').info('serving');
    setTimeout(() => console.log('alive'), 100);" 2>/dev/full`);
  expect(stdout).toBe('alive\n');
});
