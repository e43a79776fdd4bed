import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobEnd, jobEnvironment, lookScript, startScript } from '../../activities/job-script';

/** The scripts as they are, in a folder of their own and without systemd: neither root nor a host is needed. */
describe('a detached job in real bash', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-job-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const bash = (script: string, input: string) => {
    const here = script.replaceAll('/var/lib/keelson/jobs', join(dir, 'jobs')).replaceAll('/run/keelson-boot', join(dir, 'boot')).replaceAll('/run/systemd/system', join(dir, 'no-systemd'));
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-c', here], { input, encoding: 'utf8' });
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
});
