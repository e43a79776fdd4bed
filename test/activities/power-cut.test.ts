import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../domain/command';
import { activateFiles } from '../../domain/commands/files';
import { endSettings, settingsAreBack } from '../../domain/commands/settings';
import { claimHost, markDone } from '../../domain/commands/state';
import { endUpgrade } from '../../domain/commands/upgrade';

/** The scripts as they are, in real bash and in a folder of their own, where what is still to be written down can be seen. */
describe('a host that loses its power', () => {
  let dir: string;
  beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-power-')); });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const state = (path: string): string => join(dir, 'state', path);

  /** Runs a command; `sync` is only noted, with what is there at that time. */
  function run({ script, env, title }: Command<unknown>, { input, old = false }: { input?: Buffer; old?: boolean } = {}): { out: string; synced: string[] } {
    const [bin, log] = [join(dir, 'bin'), join(dir, 'synced')];
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'sync'), `#!/bin/bash
case "$1" in -*) ${old ? "echo 'sync: invalid option' >&2; exit 1" : ':'} ;; esac
{ echo "sync $*"; find ${dir}/state ${dir}/base -type f -printf '%P ' 2>/dev/null | grep .; true; } >>${log}`);
    chmodSync(join(bin, 'sync'), 0o755);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', script.replaceAll('/var/lib/keelson', join(dir, 'state'))], {
      input, encoding: 'utf8', env: { ...env, PATH: `${bin}:${process.env.PATH ?? ''}` },
    });
    expect({ title, status, stderr }).toMatchObject({ status: 0 });
    return { out: stdout, synced: existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [] };
  }

  test('has a whole claim or none: it is on the disk before it has its name', () => {
    const { out, synced } = run(claimHost('demo', 'uid-1'));
    expect(JSON.parse(out)).toEqual({ cluster: 'demo', uid: 'uid-1' });
    expect(synced).toEqual([`sync ${state('claim.json.new')}`, 'claim.json.new ']);
    expect(JSON.parse(run(claimHost('other', 'uid-2')).out)).toEqual({ cluster: 'demo', uid: 'uid-1' });
  });

  test('and whose claim was emptied by it, can be claimed again', () => {
    mkdirSync(state('done'), { recursive: true });
    writeFileSync(state('claim.json'), '');
    expect(JSON.parse(run(claimHost('demo', 'uid-1')).out)).toEqual({ cluster: 'demo', uid: 'uid-1' });
    expect(readdirSync(state('')).sort()).toEqual(['claim.json', 'done']);
  });

  test.each([false, true])('bears no mark of what is not on its disk; with an old sync: %s', (old) => {
    mkdirSync(state('done'), { recursive: true });
    const { synced } = run(markDone('mount:1'), { old });
    expect(synced).toEqual([old ? 'sync ' : `sync -f ${join(dir, 'state')} /etc /usr`]);
    expect(readdirSync(state('done'))).toEqual(['mount:1']);
  });

  test('bears the mark of its upgrade until that is on its disk', () => {
    mkdirSync(state('done'), { recursive: true });
    writeFileSync(state('done/upgrading:v1.34.2'), '');
    expect(run(endUpgrade('done')).synced[1]).toBe('done/upgrading:v1.34.2 ');
    expect(readdirSync(state('done'))).toEqual([]);
  });

  test('bears no mark of settings, and keeps what came before them, until they are on its disk', () => {
    mkdirSync(state('done'), { recursive: true });
    mkdirSync(state('settings/kubelet'), { recursive: true });
    writeFileSync(state('settings/kubelet/saved'), '');
    expect(run(endSettings('kubelet', 'settings-kubelet:1', 0)).synced[1]).toBe('settings/kubelet/saved ');
    expect(readdirSync(state('done'))).toEqual(['settings-kubelet:1']);
    rmSync(join(dir, 'synced'));
    writeFileSync(state('settings/kubelet/failed'), '');
    expect(run(settingsAreBack('kubelet', 1)).synced[1]).toContain('settings/kubelet/failed ');
    expect(readdirSync(state('settings/kubelet'))).toEqual(['tries']);
  });

  test('bears no marker of files that are not on its disk', () => {
    const base = join(dir, 'base');
    const tree = join(base, '.staging/files/tree');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'init.sh'), 'true\n');
    for (const [name, text] of [['marker.json', '{}'], ['remove', ''], ['prune', '']] as const) writeFileSync(join(dir, name), text);
    const { stdout: input } = spawnSync('tar', ['cf', '-', '-C', dir, 'marker.json', 'remove', 'prune']);
    const { synced } = run(activateFiles({ base, name: 'files' }), { input });
    expect(synced[0]).toBe('sync -f .');
    expect(synced[1]).toContain('init.sh ');
    expect(synced[1]).not.toContain('.keelson/files.json');
    expect(readFileSync(join(base, '.keelson/files.json'), 'utf8')).toBe('{}');
  });
});
