import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endScript, jobEnd, jobEnvironment, lookScript, startScript } from '../../activities/job-script';

/** The scripts as they are, in a folder of their own and without systemd: neither root nor a host is needed. */
describe('a detached job in real bash', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-job-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const bash = (script: string, input: string) => {
    const here = script.replaceAll('/var/lib/keelson/jobs', join(dir, 'jobs')).replaceAll('/run/keelson-boot', join(dir, 'boot')).replaceAll('/run/systemd/system', join(dir, 'no-systemd'));
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-c', here], { input, encoding: 'utf8', timeout: 20_000 });
    return { status, said: stdout.trim() };
  };
  const ended = (id: string): string => {
    for (;;) {
      const { said } = bash(lookScript(id), '');
      if (!said.startsWith('running')) return said;
    }
  };

  test('whose script came whole runs to its end', () => {
    const file = join(dir, 'whole');
    expect(bash(startScript('whole'), `${jobEnvironment}echo one >>${file}\necho two >>${file}${jobEnd}`).status).toBe(0);
    expect(ended('whole')).toMatch(/^done 1 0 /);
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
  });

  test.each([0, 40, -1])('whose script came in half, as the link broke (cut at %i), does not run, and the next try is the first', (at) => {
    const id = `half${at}`;
    const file = join(dir, id);
    const whole = `${jobEnvironment}echo one >>${file}\necho two >>${file}${jobEnd}`;
    const { status } = bash(startScript(id), whole.slice(0, at));
    expect(status).not.toBe(0);
    expect(bash(lookScript(id), '').said).toMatch(/^absent 0 - 0 0/);
    expect(existsSync(file)).toBe(false);
    expect(bash(startScript(id), whole).status).toBe(0);
    expect(ended(id)).toMatch(/^done 1 0 /);
  });

  const job = (id: string): string => join(dir, 'jobs', `${id}-1`);
  const start = (id: string, script: string): void => { expect(bash(startScript(id), `${jobEnvironment}${script}${jobEnd}`).status).toBe(0); };

  test.each([0, 255])('has its place on the disk for its exit code (%i) before it begins: a disk that it fills takes the code none', (code) => {
    const id = `room${code}`;
    start(id, `stat -c '%i %s' ${job(id)}/exit.new >${dir}/${id}; exit ${code}`);
    expect(ended(id)).toMatch(new RegExp(`^${code === 0 ? 'done' : 'failed'} 1 ${code} `));
    const [place, size] = readFileSync(join(dir, id), 'utf8').trim().split(' ');
    expect(`${statSync(join(job(id), 'exit')).ino}`).toBe(place);
    expect(statSync(join(job(id), 'exit')).size).toBe(Number(size));
    expect(readFileSync(join(job(id), 'exit'), 'utf8').trim()).toBe(`${code}`);
  });

  test('whose exit code finds no room all the same has none, instead of an empty one', () => {
    start('full', `ln -sfn /dev/full ${job('full')}/exit.new`);
    bash(`tail --pid=$(cut -d' ' -f1 ${job('full')}/pid) -f /dev/null`, '');
    expect(() => lstatSync(join(job('full'), 'exit'))).toThrow('ENOENT');
    expect(bash(lookScript('full'), '').said).toMatch(/^vanished 1 - /);
  });

  test('whose exit code was emptied by a power cut has none: nobody knows how it ended', () => {
    start('empty', 'exit 1');
    ended('empty');
    for (const text of ['', '\n\n\n\n']) {
      writeFileSync(join(job('empty'), 'exit'), text);
      expect(bash(lookScript('empty'), '').said).toMatch(/^vanished 1 - \d+ 0$/);
    }
  });

  test('that was ended as its time was over has a code that needs no more room', () => {
    start('slow', 'exec sleep 1000');
    const place = statSync(join(job('slow'), 'exit.new')).ino;
    expect(bash(endScript('slow', 'timeout'), '').said).toMatch(/^over 1 124 \d+ 1$/);
    expect(statSync(join(job('slow'), 'exit')).ino).toBe(place);
  });
});
